import type { JsonValue } from '../../protocol/canonical-json.ts';

/** The parts of a canonical request that scorers look at. Reading it never throws: what is missing is empty. */
export type RequestView = {
  /** Text of every message but the assistant's, in order. */
  readonly prompt: string;
  /** Text of the caller alone, without the system's. */
  readonly user: string;
  readonly responseFormat: JsonValue | undefined;
  /** The caller's own constraints, field `dgrid.format`. */
  readonly format: JsonValue | undefined;
};

type JsonRecord = { readonly [key: string]: JsonValue | undefined };

const MAX_CONTENT = 400_000;

export const readRequest = (canonical: string): RequestView => requestView(asRecord(parse(canonical)));

export function requestView(body: JsonRecord): RequestView {
  const messages = asArray(body['messages']).map(asRecord);
  const textOf = (holds: (role: JsonValue | undefined) => boolean): string =>
    messages
      .filter(({ role }) => holds(role))
      .map(({ content }) => contentText(content))
      .concat(contentText(body['prompt']))
      .filter((text) => text !== '')
      .join('\n\n')
      .slice(0, MAX_CONTENT);
  const prompt = textOf((role) => role !== 'assistant');
  const user = textOf((role) => role === 'user');
  return { prompt, user, responseFormat: body['response_format'], format: asRecord(body['dgrid'])['format'] };
}

/** Text of the first choice of a canonical answer, with the arguments of its tool calls. */
export function readAnswer(canonical: string): string {
  const choice = asRecord(asArray(asRecord(parse(canonical))['choices'])[0]);
  const message = asRecord(choice['message']);
  const calls = asArray(message['tool_calls']).map((call) =>
    contentText(asRecord(asRecord(call)['function'])['arguments']),
  );
  const parts = [
    contentText(message['content']),
    contentText(choice['text']),
    contentText(message['refusal']),
    ...calls,
  ];
  return parts
    .filter((text) => text !== '')
    .join('\n')
    .slice(0, MAX_CONTENT);
}

function contentText(content: JsonValue | undefined): string {
  if (typeof content === 'string') return content;
  return asArray(content)
    .map((part) => asRecord(part)['text'])
    .filter((text) => typeof text === 'string')
    .join('\n');
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined; // not JSON: an empty request, which every scorer accepts
  }
}

export function asRecord(value: JsonValue | undefined): JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : {};
}

export function asArray(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}
