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
 * Kept as numbers in a few buffers of together some 5 MB, where a map of texts would take ten times as much.
 */
export function readVocabulary(list: Buffer): Vocabulary {
  const lines = list.toString('latin1').split('\n');
  if (lines.at(-1) === '') lines.pop();
  const starts = new Int32Array(lines.length + 1);
  const bytes = Buffer.alloc(Math.ceil(list.length * 0.75) + 4);
  let end = 0;
  lines.forEach((line, rank) => {
    const gap = line.indexOf(' ');
    if (Number(line.slice(gap + 1)) !== rank) throw new RangeError(`line ${rank + 1} of the vocabulary has no rank`);
    end += bytes.write(line.slice(0, gap), end, 'base64');
    starts[rank + 1] = end;
  });
  return createVocabulary(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), starts);
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
