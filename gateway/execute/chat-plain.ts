import type { ChatChoice, ChatContent, JsonObject, ToolCall } from '../protocol/content.ts';
import type { JsonValue } from '../protocol/canonical-json.ts';
import { MAX_JSON_DEPTH, isDeeperThan } from '../lib/json-depth.ts';
import { MAX_CHOICES, choiceIndexes } from './choices.ts';
import { UpstreamFailure } from './failure.ts';
import { filledOf, isObject, objectOf, textOf } from './json.ts';
import { readUsage } from './usage.ts';
import type { ClaimedUsage } from './usage.ts';

export type PlainAnswer = {
  readonly content: ChatContent;
  readonly usage: ClaimedUsage | undefined;
  readonly body: JsonObject;
};

const malformed = (said: string, cause?: unknown): UpstreamFailure => new UpstreamFailure('malformed', { said, cause });

/**
 * @param maxChoices how many were asked for.
 * @throws UpstreamFailure unless the text is one whole chat completion, every choice with its finish reason.
 */
export function parseChatAnswer(text: string, maxChoices = MAX_CHOICES): PlainAnswer {
  const body = parseObject(text);
  const error = body['error'];
  if (error !== undefined && error !== null) {
    const said =
      isObject(error) && typeof error['message'] === 'string' ? error['message'] : 'an error with status 200';
    throw new UpstreamFailure('in_band_error', { said });
  }
  const { choices, model } = body;
  if (!Array.isArray(choices) || choices.length === 0) throw malformed('an answer without choices');
  return {
    content: { model: typeof model === 'string' ? model : '', choices: readChoices(choices, maxChoices) },
    usage: readUsage(body),
    body,
  };
}

function parseObject(text: string): JsonObject {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw malformed('an answer that is not JSON', cause);
  }
  if (!isObject(body) || isDeeperThan(body, MAX_JSON_DEPTH)) throw malformed('an answer that is not a plain object');
  return body;
}

function readChoices(choices: readonly JsonValue[], maxChoices: number): readonly ChatChoice[] {
  if (!choices.every(isObject)) throw malformed('a choice that is not an object');
  const indexes = choiceIndexes(choices, maxChoices);
  return choices
    .map((choice, place) => readChoice(choice, indexes[place] ?? place))
    .toSorted((a, b) => a.index - b.index);
}

function readChoice(choice: JsonObject, index: number): ChatChoice {
  if (!isObject(choice['message'])) throw malformed('a choice without a message');
  const finish = filledOf(choice['finish_reason']);
  if (finish === undefined) throw new UpstreamFailure('truncated');
  return {
    index,
    message: readMessage(choice['message']),
    finish_reason: finish,
  };
}

function readMessage({ content, refusal, role, tool_calls: calls }: JsonObject): ChatChoice['message'] {
  if (content !== null && content !== undefined && typeof content !== 'string')
    throw malformed('content that is not text');
  return {
    role: textOf(role) ?? 'assistant',
    content: content ?? '',
    ...(Array.isArray(calls) && calls.length > 0 ? { tool_calls: calls.map(readToolCall) } : {}),
    ...(typeof refusal === 'string' ? { refusal } : {}),
  };
}

function readToolCall(call: JsonValue): ToolCall {
  const { id, type, function: called } = objectOf(call);
  const { name, arguments: args } = objectOf(called);
  if (typeof name !== 'string' || typeof args !== 'string') throw malformed('a tool call without name or arguments');
  return { id: textOf(id) ?? '', type: textOf(type) ?? 'function', function: { name, arguments: args } };
}
