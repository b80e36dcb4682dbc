import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The tokens of an encoding, by their bytes. */
export type Vocabulary = {
  /** Rank of the token that these bytes are, or -1: lower ones are merged first. */
  readonly rankOf: (bytes: Uint8Array, from: number, to: number) => number;
};

const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * Reads a list in tiktoken's form: a line for each token, its bytes in base64 and its rank, in the order of the ranks.
 * Kept in three buffers of together some 4 MB, where a map of texts would take ten times as much; and read without making
 * a text of every line, which would leave tens of megabytes of them behind in each thread that counts.
 */
export function readVocabulary(list: Buffer): Vocabulary {
  const starts: number[] = [0];
  const bytes = new Uint8Array(Math.ceil(list.length * 0.75));
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
  return createVocabulary(bytes.slice(0, end), Int32Array.from(starts));
}

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

function createVocabulary(tokens: Uint8Array, starts: Int32Array): Vocabulary {
  const size = starts.length - 1;
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(size * 2)));
  const mask = slots.length - 1;
  let longest = 0;

  for (let rank = 0; rank < size; rank += 1) {
    const from = starts[rank] ?? 0;
    const to = starts[rank + 1] ?? 0;
    longest = Math.max(longest, to - from);
    let slot = hashOf(tokens, from, to) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = rank + 1;
  }

  const isAt = (start: number, bytes: Uint8Array, from: number, to: number): boolean => {
    for (let at = from; at < to; at += 1) if (tokens[start + at - from] !== bytes[at]) return false;
    return true;
  };
  return {
    rankOf(bytes, from, to) {
      if (to - from > longest) return -1;
      for (let slot = hashOf(bytes, from, to) & mask; ; slot = (slot + 1) & mask) {
        const rank = (slots[slot] ?? 0) - 1;
        if (rank === -1) return -1;
        const start = starts[rank] ?? 0;
        if ((starts[rank + 1] ?? 0) - start === to - from && isAt(start, bytes, from, to)) return rank;
      }
    },
  };
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = BASIS;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), PRIME);
  return hash ^ (hash >>> 15);
}

/** o200k, as the package of the tokenizer has it on disk: its own tables of texts need never be built. */
export const loadO200k = (): Vocabulary =>
  readVocabulary(readFileSync(fileURLToPath(import.meta.resolve('gpt-tokenizer/data/o200k_base.tiktoken'))));
