import type { JsonValue } from '../protocol/canonical-json.ts';
import type { ChatContent, JsonObject, TextContent } from '../protocol/content.ts';
import { parseChatAnswer } from './chat-plain.ts';
import { createChatStream } from './chat-stream.ts';
import type { ChatStream, StreamEvent } from './chat-stream.ts';
import { UpstreamFailure } from './failure.ts';
import { isObject, parsed } from './json.ts';
import type { SseFrame } from './sse-scanner.ts';
import type { ClaimedUsage } from './usage.ts';

/**
 * Answers of `/v1/completions`: the rules of a chat answer (every choice finished, none that was not asked for, nothing
 * after the end), with `text` where a message would stand. Each is read as the chat answer it amounts to, so that there
 * is one set of rules; what the caller gets is what the node wrote.
 */
export function parseTextAnswer(
  text: string,
  maxChoices?: number,
): { readonly content: TextContent; readonly usage: ClaimedUsage | undefined; readonly body: JsonObject } {
  const body = parsed(text);
  const asChat = isObject(body) ? JSON.stringify(chatBody(body)) : text;
  const { content, usage } = parseChatAnswer(asChat, maxChoices);
  return { content: textOfChat(content), usage, body: isObject(body) ? body : {} };
}

function chatBody(body: JsonObject): JsonObject {
  const { choices } = body;
  if (!Array.isArray(choices)) return body;
  return {
    ...body,
    choices: choices.map((choice: JsonValue) => {
      if (!isObject(choice)) return choice;
      const { text, ...rest } = choice;
      if (typeof text !== 'string') throw new UpstreamFailure('malformed', { said: 'a choice without a text' });
      return { ...rest, message: { role: 'assistant', content: text } };
    }),
  };
}

export const textOfChat = ({ model, choices }: ChatContent): TextContent => ({
  model,
  choices: choices.map(({ index, message, finish_reason }) => ({ index, text: message.content, finish_reason })),
});

export type TextStream = Omit<ChatStream, 'complete'> & { readonly complete: () => TextContent };

export function createTextStream(maxBytes: number, maxChoices?: number): TextStream {
  const stream = createChatStream(maxBytes, maxChoices);
  return {
    ...stream,
    accept(frame) {
      const chunk = frame.data === undefined ? undefined : parsed(frame.data);
      if (!isObject(chunk)) return stream.accept(frame);
      const event = stream.accept({ ...frame, data: JSON.stringify(chatChunk(chunk)) });
      return { ...event, forward: forwarded(event, frame, chunk) };
    },
    complete: () => textOfChat(stream.complete()),
  };
}

function chatChunk(chunk: JsonObject): JsonObject {
  const { choices } = chunk;
  if (!Array.isArray(choices)) return chunk;
  return {
    ...chunk,
    choices: choices.map((choice: JsonValue) => {
      if (!isObject(choice)) return choice;
      const { text, ...rest } = choice;
      return { ...rest, delta: text === undefined ? {} : { content: text } };
    }),
  };
}

/** As the node wrote it, but for its usage, which is a claim. */
function forwarded({ forward }: StreamEvent, frame: SseFrame, chunk: JsonObject): Buffer | undefined {
  if (forward === undefined) return undefined;
  if (!('usage' in chunk)) return frame.bytes;
  const { usage: _usage, ...rest } = chunk;
  return Buffer.from(`data: ${JSON.stringify(rest)}\n\n`, 'utf8');
}
