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
 * Kept in three buffers of together some 4 MB, where a map of texts would take ten times as much.
 */
export function readVocabulary(list: Buffer): Vocabulary {
  const lines = list.toString('latin1').split('\n');
  if (lines.at(-1) === '') lines.pop();
  const starts = new Int32Array(lines.length + 1);
  const bytes = Buffer.alloc(Math.ceil(list.length * 0.75));
  let end = 0;
  lines.forEach((line, rank) => {
    const gap = line.indexOf(' ');
    if (Number(line.slice(gap + 1)) !== rank) throw new RangeError(`line ${rank + 1} of the vocabulary has no rank`);
    end += bytes.write(line.slice(0, gap), end, 'base64');
    starts[rank + 1] = end;
  });
  return createVocabulary(Uint8Array.from(bytes.subarray(0, end)), starts);
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
