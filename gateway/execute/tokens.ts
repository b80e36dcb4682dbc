import { canonicalJson } from '../protocol/canonical-json.ts';
import type { JsonValue } from '../protocol/canonical-json.ts';
import type { AnswerContent, ChatChoice, JsonObject, TextChoice } from '../protocol/content.ts';
import { isObject } from './json.ts';
import { countMerged } from './merge.ts';
import { endOfAny, endOfPlain } from './pieces.ts';
import { loadO200k } from './vocabulary.ts';

/**
 * The gateway's own count, in o200k tokens: the same for every node and model, so that units are comparable and no node
 * can sell more tokens than it wrote. Loads a vocabulary of some MB.
 */
const PER_MESSAGE = 3;
const PER_REPLY = 3;
/** What one low-detail image costs at OpenAI; pixels are not looked at here. */
const PER_IMAGE = 85;

const vocabulary = loadO200k();

/** Room for the bytes of a piece; a longer one gets its own. */
const scratch = new Uint8Array(1_024);
const encoder = new TextEncoder();

/** Special tokens in a text count as the characters they are. */
export function countText(text: string): number {
  let total = 0;
  let at = 0;
  while (at < text.length) {
    const plainEnd = endOfPlain(text, at);
    const end = plainEnd === -1 ? endOfAny(text, at) : plainEnd;
    if (plainEnd === -1) total += countWide(text.slice(at, end));
    else total += end - at > MOST_KEPT ? countBytes(text.slice(at, end)) : countWord(text, at, end);
    at = end;
  }
  return total;
}

/**
 * Tokens of ASCII pieces seen lately: a language has few words, and most of a text is made of them. Each has one place,
 * by its hash, and what comes later takes it: length, count, characters.
 */
const PLACE_BITS = 16;
const PLACE_BYTES = 32;
const MOST_KEPT = PLACE_BYTES - 2;
const kept = new Uint8Array(PLACE_BYTES << PLACE_BITS);

function countWord(text: string, from: number, to: number): number {
  let hash = to - from;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  const place = ((hash ^ (hash >>> 15)) & ((1 << PLACE_BITS) - 1)) * PLACE_BYTES;
  if (isKeptAt(place, text, from, to)) return kept[place + 1] ?? 0;
  kept[place] = to - from;
  for (let at = from; at < to; at += 1) kept[place + 2 + at - from] = text.charCodeAt(at);
  return (kept[place + 1] = countMerged(vocabulary, kept.subarray(place + 2), to - from));
}

function isKeptAt(place: number, text: string, from: number, to: number): boolean {
  if (kept[place] !== to - from) return false;
  for (let at = from; at < to; at += 1) if (kept[place + 2 + at - from] !== text.charCodeAt(at)) return false;
  return true;
}

const MAX_KNOWN = 16_384;
const MAX_KNOWN_LENGTH = 32;

/** The same for pieces with other characters. */
const known = new Map<string, number>();

function countWide(piece: string): number {
  const seen = known.get(piece);
  if (seen !== undefined) return seen;
  const count = countBytes(piece);
  if (piece.length > MAX_KNOWN_LENGTH) return count;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(piece, count);
  return count;
}

function countBytes(piece: string): number {
  const room = piece.length * 3 <= scratch.length ? scratch : new Uint8Array(piece.length * 3);
  return countMerged(vocabulary, room, encoder.encodeInto(piece, room).written);
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
