import { canonicalJson } from '../protocol/canonical-json.ts';
import type { JsonValue } from '../protocol/canonical-json.ts';
import type { AnswerContent, ChatChoice, JsonObject, TextChoice } from '../protocol/content.ts';
import { isObject } from './json.ts';
import { countMerged } from './merge.ts';
import { END_BYTE, endOfPiece } from './pieces.ts';
import { TAILS, loadO200k } from './vocabulary.ts';

/**
 * The gateway's own count, in o200k tokens: the same for every node and model, so that units are comparable and no node
 * can sell more tokens than it wrote. Loads a vocabulary of some MB.
 */
const PER_MESSAGE = 3;
const PER_REPLY = 3;
/** What one low-detail image costs at OpenAI; pixels are not looked at here. */
const PER_IMAGE = 85;

const vocabulary = loadO200k();
const encoder = new TextEncoder();

/** Special tokens in a text count as the characters they are. */
export function countText(text: string): number {
  const room = roomFor(text.length * 3);
  const { written } = encoder.encodeInto(text, room.bytes);
  room.bytes[written] = END_BYTE;
  let total = 0;
  for (let at = 0; at < written;) {
    const end = endOfPiece(room.bytes, room.words, at);
    const length = end - at;
    if (length <= 8) total += countShort(room.words, at, length);
    else total += length <= MOST_KEPT ? countMiddle(room.words, at, length) : countLong(room, at, end);
    at = end;
  }
  return total;
}

/** The bytes of a text, also as words of 32 bits. */
type Room = { readonly bytes: Buffer; readonly words: DataView };

/** Behind the text: its end, and what is read beyond it. */
const SPARE_BYTES = 8;
const MOST_HELD = 1 << 20;

function createRoom(size: number): Room {
  const bytes = Buffer.alloc(size);
  return { bytes, words: new DataView(bytes.buffer) };
}

let held = createRoom(1 << 16);

/** One room for all texts but giant ones, which get their own. */
function roomFor(textBytes: number): Room {
  const size = textBytes + SPARE_BYTES;
  if (size <= held.bytes.length) return held;
  if (size > MOST_HELD) return createRoom(size);
  return (held = createRoom(MOST_HELD));
}

/**
 * Tokens of pieces seen lately: a language has few words, and most of a text is made of them. Each has one place, by its
 * hash, and what comes later takes it: its bytes as words of 32 bits, then its length and count.
 */
const PLACE_BITS = 15;
const PLACES = (1 << PLACE_BITS) - 1;
const short = new Int32Array(4 << PLACE_BITS);

function countShort(words: DataView, from: number, length: number): number {
  let one = words.getInt32(from, true);
  let two = 0;
  if (length < 4) one &= TAILS[length] ?? 0;
  else if (length > 4) {
    two = words.getInt32(from + 4, true);
    if (length < 8) two &= TAILS[length - 4] ?? 0;
  }
  const place = placeOf(mixed(mixed(length, one), two)) << 2;
  if (short[place] === one && short[place + 1] === two && short[place + 2] === length) return short[place + 3] ?? 0;
  short[place] = one;
  short[place + 1] = two;
  short[place + 2] = length;
  return (short[place + 3] = countMerged(vocabulary, words, from, length));
}

const mixed = (hash: number, word: number): number => Math.imul(hash ^ word, 0x9e3779b1);
const placeOf = (hash: number): number => (hash ^ (hash >>> 15)) & PLACES;

const MIDDLE_WORDS = 8;
const MOST_KEPT = 4 * (MIDDLE_WORDS - 2) - 1;
const middle = new Int32Array(MIDDLE_WORDS << PLACE_BITS);
const key = new Int32Array(MIDDLE_WORDS - 2);

function countMiddle(words: DataView, from: number, length: number): number {
  const last = length >> 2;
  let hash = length;
  for (let word = 0; word < last; word += 1) {
    const four = words.getInt32(from + 4 * word, true);
    key[word] = four;
    hash = mixed(hash, four);
  }
  const tail = words.getInt32(from + 4 * last, true) & (TAILS[length & 3] ?? 0);
  key[last] = tail;
  const place = placeOf(mixed(hash, tail)) * MIDDLE_WORDS;
  if (isKeptAt(place, length, last)) return middle[place + 1] ?? 0;
  middle[place] = length;
  middle.set(key, place + 2);
  return (middle[place + 1] = countMerged(vocabulary, words, from, length));
}

function isKeptAt(place: number, length: number, last: number): boolean {
  if (middle[place] !== length) return false;
  for (let word = 0; word <= last; word += 1) if (middle[place + 2 + word] !== key[word]) return false;
  return true;
}

const LONG = 256;
const MOST_LONG = 4_096;

/** The same for longer pieces, such as rules and margins. */
const known = new Map<string, number>();

function countLong({ bytes, words }: Room, from: number, to: number): number {
  if (to - from > LONG) return countMerged(vocabulary, words, from, to - from);
  const piece = bytes.toString('latin1', from, to);
  const seen = known.get(piece);
  if (seen !== undefined) return seen;
  const count = countMerged(vocabulary, words, from, to - from);
  if (known.size >= MOST_LONG) known.clear();
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
