import type { TextContent } from '../protocol/content.ts';
import { isObject, objectOf, parsed, textOf } from './json.ts';
import { createSseScanner } from './sse-scanner.ts';

/** Keeps what of a stream went out to the caller, for the case that it ends before its time. Read only then. */
export type Delivered = {
  readonly note: (bytes: Buffer) => void;
  /** As one text: words, refusals, arguments of tool calls. Undefined when nothing was sent. */
  readonly content: () => TextContent | undefined;
};

export function createDelivered(): Delivered {
  const sent: Buffer[] = [];
  return {
    note: (bytes) => void sent.push(bytes),
    content() {
      if (sent.length === 0) return undefined;
      const scanner = createSseScanner(Infinity);
      const text = sent
        .flatMap((bytes) => scanner.push(bytes))
        .map(({ data }) => (data === undefined ? '' : textOfChunk(parsed(data))))
        .join('');
      return { model: '', choices: [{ index: 0, text, finish_reason: null }] };
    },
  };
}

function textOfChunk(chunk: unknown): string {
  const { choices } = objectOf(chunk);
  return Array.isArray(choices) ? choices.map(textOfChoice).join('') : '';
}

function textOfChoice(choice: unknown): string {
  const { delta, text } = objectOf(choice);
  if (!isObject(delta)) return textOf(text) ?? '';
  const { content, refusal, tool_calls: calls } = delta;
  return [content, refusal, ...(Array.isArray(calls) ? calls.flatMap(textsOfCall) : [])].map(textOf).join('');
}

function textsOfCall(call: unknown): readonly unknown[] {
  const { name, arguments: args } = objectOf(objectOf(call)['function']);
  return [name, args];
}
