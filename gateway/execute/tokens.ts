import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

import { canonicalJson } from '../protocol/canonical-json.ts';
import type { JsonValue } from '../protocol/canonical-json.ts';
import type { AnswerContent, ChatChoice, JsonObject, TextChoice } from '../protocol/content.ts';
import { isObject } from './json.ts';

/**
 * The gateway's own count, in o200k tokens: the same for every node and model, so that units are comparable and no node
 * can sell more tokens than it wrote. Loads a vocabulary of some MB.
 */
const PER_MESSAGE = 3;
const PER_REPLY = 3;
/** What one low-detail image costs at OpenAI; pixels are not looked at here. */
const PER_IMAGE = 85;

const PLAIN = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };

/** How o200k cuts a text into pieces before it looks for tokens in each; a test holds it against the library's. */
const PIECES =
  /[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?:'(?:[sS]|[dD]|[mM]|[tT]|[lL][lL]|[vV][eE]|[rR][eE]))?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?:'(?:[sS]|[dD]|[mM]|[tT]|[lL][lL]|[vV][eE]|[rR][eE]))?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu;
const MAX_KNOWN = 65_536;
const MAX_KNOWN_LENGTH = 32;

/** Tokens of the pieces seen lately: a language has few words, and most of a text is made of them. */
const known = new Map<string, number>();

/** Special tokens in a text count as the characters they are. */
export function countText(text: string): number {
  let total = 0;
  for (const piece of text.match(PIECES) ?? []) total += known.get(piece) ?? countPiece(piece);
  return total;
}

function countPiece(piece: string): number {
  const count = countTokens(piece, PLAIN);
  if (piece.length > MAX_KNOWN_LENGTH) return count;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(piece, count);
  return count;
}

/** Messages with their overhead, then tools, then a JSON schema, which all reach the model's context. */
export function countPrompt(body: JsonObject): number {
  const messages = body['messages'];
  if (messages === undefined) return countInput(body['prompt'] ?? body['input']);
  let total = PER_REPLY;
  if (Array.isArray(messages)) for (const message of messages as readonly JsonValue[]) total += countMessage(message);
  for (const name of ['tools', 'response_format'] as const) {
    const extra = body[name];
    if (isObject(extra) || Array.isArray(extra)) total += countText(canonicalJson(extra));
  }
  return total;
}

function countMessage(message: JsonValue): number {
  if (!isObject(message)) return 0;
  let total = PER_MESSAGE;
  for (const [name, value] of Object.entries(message)) {
    if (typeof value === 'string') total += countText(value);
    else if (name === 'content' && Array.isArray(value)) value.forEach((part: JsonValue) => (total += countPart(part)));
    else if (isObject(value) || Array.isArray(value)) total += countText(canonicalJson(value));
  }
  return total;
}

function countPart(part: JsonValue): number {
  if (!isObject(part)) return 0;
  if (typeof part['text'] === 'string') return countText(part['text']);
  return typeof part['type'] === 'string' && part['type'].includes('image') ? PER_IMAGE : 0;
}

/** A prompt or input without roles: one text, tokens, or a list of either. Tokens count as they were sent. */
function countInput(input: JsonValue | undefined): number {
  if (typeof input === 'string') return countText(input);
  if (typeof input === 'number') return 1;
  return Array.isArray(input)
    ? (input as readonly JsonValue[]).reduce<number>((sum, part) => sum + countInput(part), 0)
    : 0;
}

/** Everything a model wrote that the answer shows: text, refusals, names and arguments of tool calls. Vectors are not. */
export function countAnswer(content: AnswerContent): number {
  if ('data' in content) return 0;
  return content.choices.reduce((total, choice) => total + countChoice(choice), 0);
}

function countChoice(choice: ChatChoice | TextChoice): number {
  if ('text' in choice) return countText(choice.text);
  const { content, refusal, tool_calls: calls = [] } = choice.message;
  const called = calls.map((call) => `${call.function.name}${call.function.arguments}`);
  return [content, refusal ?? '', ...called].reduce((sum, text) => sum + countText(text), 0);
}
