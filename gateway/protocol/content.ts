import { createHash } from 'node:crypto';

import { bytesToHex, hexToBytes } from './bytes.ts';
import { canonicalJson } from './canonical-json.ts';
import type { JsonValue } from './canonical-json.ts';
import type { Hex } from './types.ts';

/**
 * Canonical content: what `requestHash` and `responseHash` commit to. The same for a streamed and a plain answer, and
 * nothing in it is rewritten on the way, so gateway, node and evaluators reach one hash without talking to each other.
 */
export type JsonObject = { readonly [key: string]: JsonValue | undefined };

export type ToolCall = {
  readonly id: string;
  readonly type: string;
  readonly function: { readonly name: string; readonly arguments: string };
};

export type ChatChoice = {
  readonly index: number;
  readonly message: {
    readonly role: string;
    readonly content: string;
    readonly tool_calls?: readonly ToolCall[];
    readonly refusal?: string;
  };
  readonly finish_reason: string | null;
};

export type ChatContent = { readonly model: string; readonly choices: readonly ChatChoice[] };

/** The body as it goes to the node, without the two fields that only say how the answer is delivered. */
export function requestContent(body: JsonObject): string {
  const { stream: _stream, stream_options: _streamOptions, ...rest } = body;
  return canonicalJson(rest);
}

export function chatContent(content: ChatContent): string {
  const choices = content.choices
    .toSorted((a, b) => a.index - b.index)
    .map(({ index, message, finish_reason }) => ({
      index,
      message: {
        role: message.role,
        content: message.content,
        ...(message.tool_calls === undefined ? {} : { tool_calls: message.tool_calls.map(toolCall) }),
        ...(message.refusal === undefined ? {} : { refusal: message.refusal }),
      },
      finish_reason,
    }));
  return canonicalJson({ model: content.model, choices });
}

function toolCall(call: ToolCall): JsonValue {
  return {
    id: call.id,
    type: call.type,
    function: { name: call.function.name, arguments: call.function.arguments },
  };
}

/** sha256(salt ‖ canonical content). The 16-byte salt keeps anybody from guessing a prompt from the chain. */
export function contentHash(salt: Hex, content: string): Hex {
  const saltBytes = hexToBytes(salt);
  if (saltBytes.length !== 16) throw new RangeError(`a salt has 16 bytes, got ${saltBytes.length}`);
  return bytesToHex(createHash('sha256').update(saltBytes).update(content, 'utf8').digest());
}

export function sha256Hex(content: string | Uint8Array): Hex {
  return bytesToHex(createHash('sha256').update(content).digest());
}
