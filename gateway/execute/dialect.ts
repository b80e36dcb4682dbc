import type { AnswerContent, Endpoint, JsonObject } from '../protocol/content.ts';
import { parseChatAnswer } from './chat-plain.ts';
import { createChatStream } from './chat-stream.ts';
import type { ChatStream } from './chat-stream.ts';
import { MAX_CHOICES, choicesAsked } from './choices.ts';
import { parseEmbeddingAnswer } from './embedding-answer.ts';
import { createTextStream, parseTextAnswer } from './text-answer.ts';
import type { ClaimedUsage } from './usage.ts';

export type ParsedAnswer = {
  readonly content: AnswerContent;
  readonly usage: ClaimedUsage | undefined;
  readonly body: JsonObject;
};

export type AnswerStream = Omit<ChatStream, 'complete'> & { readonly complete: () => AnswerContent };

/** How the answers of one endpoint are read. */
export type Dialect = {
  /** Under the base URL of an OpenAI-compatible server, which ends in `/v1`. */
  readonly path: string;
  /** Parts that an answer to this body may have at most; of vectors, exactly. */
  readonly partsAsked: (body: JsonObject) => number;
  /** @throws UpstreamFailure unless it is one whole answer. */
  readonly parse: (text: string, parts: number) => ParsedAnswer;
  readonly createStream: (maxBytes: number, parts: number) => AnswerStream;
};

export const DIALECTS: Readonly<Record<Endpoint, Dialect>> = {
  chat: {
    path: '/chat/completions',
    partsAsked: choicesAsked,
    parse: parseChatAnswer,
    createStream: createChatStream,
  },
  completion: {
    path: '/completions',
    partsAsked: (body) => Math.min(choicesAsked(body) * inputsOf(body['prompt']), MAX_CHOICES),
    parse: parseTextAnswer,
    createStream: createTextStream,
  },
  embedding: {
    path: '/embeddings',
    partsAsked: (body) => inputsOf(body['input']),
    parse: parseEmbeddingAnswer,
    createStream: createChatStream, // never streamed: the edge refuses it
  },
};

/** A text or a list of tokens is one input; a list of either holds as many as it is long. */
export function inputsOf(input: JsonObject[string]): number {
  return Array.isArray(input) && typeof input[0] !== 'number' ? input.length : 1;
}
