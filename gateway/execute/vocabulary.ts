import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The tokens of an encoding, by their bytes. */
export type Vocabulary = {
  /**
   * Rank of the token that these bytes are, or -1: lower ones are merged first.
   * @param bytes readable up to three bytes beyond what is asked for.
   */
  readonly rankOf: (bytes: DataView, from: number, length: number) => number;
};

/** Which bytes of its last word of four belong to a token. */
export const TAILS = Int32Array.of(0, 0xff, 0xffff, 0xffffff);

/**
 * Reads a list in tiktoken's form: a line for each token, its bytes in base64 and its rank, in the order of the ranks.
 * Kept as numbers in a few buffers of together some 5 MB, where a map of texts would take ten times as much; and read
 * without making a text of every line, which would leave tens of megabytes of them behind in each thread that counts.
 */
export function readVocabulary(list: Buffer): Vocabulary {
  const starts: number[] = [0];
  const bytes = new Uint8Array(Math.ceil(list.length * 0.75) + SPARE_BYTES);
  let end = 0;
  for (let at = 0; at < list.length;) {
    const rank = starts.length - 1;
    const gap = placeOf(SPACE, list, at);
    const stop = placeOf(LINE_END, list, at);
    if (numberIn(list, gap + 1, stop) !== rank) throw new RangeError(`line ${rank + 1} of the vocabulary has no rank`);
    end = decodeBase64(list, { from: at, to: gap }, bytes, end);
    starts.push(end);
    at = stop + 1;
  }
  return createVocabulary(new DataView(bytes.buffer), Int32Array.from(starts));
}

/** Read with the last token, and not looked at. */
const SPARE_BYTES = 4;

const SPACE = 32;
const LINE_END = 10;
const ZERO = 48;

function placeOf(byte: number, list: Buffer, from: number): number {
  let at = from;
  while (at < list.length && list[at] !== byte) at += 1;
  return at;
}

function numberIn(list: Buffer, from: number, to: number): number {
  let value = from < to ? 0 : Number.NaN;
  for (let at = from; at < to; at += 1) {
    const digit = (list[at] ?? 0) - ZERO;
    value = digit >= 0 && digit <= 9 ? 10 * value + digit : Number.NaN;
  }
  return value;
}

const SEXTETS = new Uint8Array(256);
for (const [value, letter] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  SEXTETS[letter.charCodeAt(0)] = value;
const PADDING = 61;

/** @returns where the bytes end that were added. */
function decodeBase64(
  list: Buffer,
  { from, to }: { readonly from: number; readonly to: number },
  bytes: Uint8Array,
  start: number,
): number {
  let end = start;
  let held = 0;
  for (let at = from; at < to && list[at] !== PADDING; at += 1) {
    held = ((held << 6) | (SEXTETS[list[at] ?? 0] ?? 0)) & 0xffff;
    const place = (at - from) & 3;
    if (place === 0) continue;
    bytes[end] = held >>> (6 - 2 * place);
    end += 1;
  }
  return end;
}

/** Nearly all tokens are this short, and are found in one line of a processor's cache; the others are as texts in a map. */
const SHORT = 12;
const PLACE_WORDS = 4;

function createVocabulary(tokens: DataView, starts: Int32Array): Vocabulary {
  const size = starts.length - 1;
  const pairs = new Int32Array(1 << 16);
  const mask = 2 ** Math.ceil(Math.log2(size + 1)) - 1;
  const places = new Int32Array((mask + 1) * PLACE_WORDS);
  /** One bit for each of many hashes: says no to most of what is no token. */
  const seen = new Int32Array(1 << 15);
  const long = new Map<string, number>();
  let longest = 0;

  for (let rank = 0; rank < size; rank += 1)
    add(starts[rank] ?? 0, (starts[rank + 1] ?? 0) - (starts[rank] ?? 0), rank);

  function add(from: number, length: number, rank: number): void {
    longest = Math.max(longest, length);
    if (length === 2) pairs[tokens.getUint16(from, true)] = rank + 1;
    if (length > SHORT) return void long.set(latin1(tokens, from, length), rank);
    const hash = hashAt(tokens, from, length);
    seen[(hash >>> 5) & 0x7fff] = at(seen, (hash >>> 5) & 0x7fff) | (1 << hash);
    let place = (hash & mask) * PLACE_WORDS;
    while (places[place + 3] !== 0) place = (place + PLACE_WORDS) & (places.length - 1);
    places[place] = first;
    places[place + 1] = second;
    places[place + 2] = third;
    places[place + 3] = (length << 24) | (rank + 1);
  }

  const find = (hash: number, length: number): number => {
    for (let place = (hash & mask) * PLACE_WORDS; ; place = (place + PLACE_WORDS) & (places.length - 1)) {
      const end = at(places, place + 3);
      if (end === 0) return -1;
      if (end >> 24 === length && isKeyAt(places, place)) return (end & 0xffffff) - 1;
    }
  };
  return {
    rankOf(bytes, from, length) {
      if (length === 2) return at(pairs, bytes.getUint16(from, true)) - 1;
      if (length > SHORT) return length > longest ? -1 : (long.get(latin1(bytes, from, length)) ?? -1);
      const hash = hashAt(bytes, from, length);
      return (at(seen, (hash >>> 5) & 0x7fff) & (1 << hash)) === 0 ? -1 : find(hash, length);
    },
  };
}

const at = (list: Int32Array, place: number): number => list[place] ?? 0;

const isKeyAt = (places: Int32Array, place: number): boolean =>
  places[place] === first && places[place + 1] === second && places[place + 2] === third;

/** The words of the token whose hash was asked for last. */
let first = 0;
let second = 0;
let third = 0;

function hashAt(bytes: DataView, from: number, length: number): number {
  first = bytes.getInt32(from, true);
  second = 0;
  third = 0;
  if (length < 4) first &= TAILS[length] ?? 0;
  else if (length > 4) {
    second = bytes.getInt32(from + 4, true);
    if (length < 8) second &= TAILS[length - 4] ?? 0;
    else if (length > 8) {
      third = bytes.getInt32(from + 8, true);
      if (length < 12) third &= TAILS[length - 8] ?? 0;
    }
  }
  let hash = Math.imul(first ^ length, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15) ^ second, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13) ^ third, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function latin1(bytes: DataView, from: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, length).toString('latin1');
}

/** o200k, as the package of the tokenizer has it on disk: its own tables of texts need never be built. */
export const loadO200k = (): Vocabulary =>
  readVocabulary(readFileSync(fileURLToPath(import.meta.resolve('gpt-tokenizer/data/o200k_base.tiktoken'))));
