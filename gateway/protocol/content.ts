import { createHash, hash } from 'node:crypto';

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

export type TextChoice = { readonly index: number; readonly text: string; readonly finish_reason: string | null };

/** The answer of the older endpoint that continues a text. */
export type TextContent = { readonly model: string; readonly choices: readonly TextChoice[] };

/**
 * Vectors in the order of their inputs. Every number is one of 32 bits, however the node wrote it down: so a caller who
 * took the answer as base64 has the very numbers that the hash is of.
 */
export type EmbeddingContent = {
  readonly model: string;
  readonly data: readonly { readonly index: number; readonly embedding: readonly number[] }[];
};

export type AnswerContent = ChatContent | TextContent | EmbeddingContent;

/** What a request asks for: the path it came by, and what its answer looks like. */
export type Endpoint = 'chat' | 'completion' | 'embedding';

/**
 * Which endpoint a stored body was sent to. The edge sees to it that a body has the field of its own endpoint and none
 * that would have it read as another's.
 */
export function endpointOf(body: JsonObject): Endpoint {
  if (body['messages'] !== undefined) return 'chat';
  return body['prompt'] === undefined && body['input'] !== undefined ? 'embedding' : 'completion';
}

/** The body as it goes to the node, without the two fields that only say how the answer is delivered. */
export function requestContent(body: JsonObject): string {
  const { stream: _stream, stream_options: _streamOptions, ...rest } = body;
  return canonicalJson(rest);
}

export function chatContent(content: ChatContent): string {
  const choices = content.choices
    .toSorted((a, b) => a.index - b.index)
    .map(({ index, message, finish_reason }) => ({
      finish_reason,
      index,
      message: {
        content: message.content,
        ...(message.refusal === undefined ? {} : { refusal: message.refusal }),
        role: message.role,
        ...(message.tool_calls === undefined ? {} : { tool_calls: message.tool_calls.map(toolCall) }),
      },
    }));
  return canonicalJson({ choices, model: content.model });
}

/** The canonical text of any answer. Which kind it is shows in itself: vectors, texts, or messages. */
export function answerContent(content: AnswerContent): string {
  if ('data' in content) return embeddingContent(content);
  return isText(content) ? textContent(content) : chatContent(content);
}

function isText(content: ChatContent | TextContent): content is TextContent {
  const [first] = content.choices;
  return first !== undefined && 'text' in first;
}

function textContent({ model, choices }: TextContent): string {
  const sorted = choices.toSorted((a, b) => a.index - b.index);
  return canonicalJson({
    model,
    choices: sorted.map(({ index, text, finish_reason }) => ({ index, text, finish_reason })),
  });
}

function embeddingContent({ model, data }: EmbeddingContent): string {
  const sorted = data.toSorted((a, b) => a.index - b.index);
  return canonicalJson({ model, data: sorted.map(({ index, embedding }) => ({ index, embedding })) });
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
  return `0x${hash('sha256', Buffer.concat([saltBytes, Buffer.from(content, 'utf8')]), 'hex')}`;
}

export function sha256Hex(content: string | Uint8Array): Hex {
  return bytesToHex(createHash('sha256').update(content).digest());
}
