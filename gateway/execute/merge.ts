import type { Vocabulary } from './vocabulary.ts';

/** Byte-pair encoding of one piece: of all neighbours the pair of the lowest rank is joined first, the leftmost of equals. */

const NONE = 2 ** 31 - 1;
const SHORT = 64;

/** Tokens that a piece of text is encoded in. Time grows with its length, not with the square of it. */
export function countMerged(vocabulary: Vocabulary, bytes: Uint8Array, length: number): number {
  if (vocabulary.rankOf(bytes, 0, length) !== -1) return 1;
  return length <= SHORT ? mergeShort(vocabulary, bytes, length) : mergeLong(vocabulary, bytes, length);
}

const starts = new Int32Array(SHORT + 2);
const ranks = new Int32Array(SHORT + 1);

/** By looking through all pairs again after every step, which is the fastest way for a word. */
function mergeShort(vocabulary: Vocabulary, bytes: Uint8Array, length: number): number {
  let count = length;
  for (let at = 0; at <= length; at += 1) starts[at] = at;
  const rankAt = (place: number): number => {
    if (place < 0 || place + 2 > count) return NONE;
    const rank = vocabulary.rankOf(bytes, starts[place] ?? 0, starts[place + 2] ?? 0);
    return rank === -1 ? NONE : rank;
  };
  for (let at = 0; at < length; at += 1) ranks[at] = rankAt(at);
  for (;;) {
    const best = lowest(count - 1);
    if (best === -1) return count;
    starts.copyWithin(best + 1, best + 2, count + 1);
    ranks.copyWithin(best, best + 1, count);
    count -= 1;
    ranks[best] = rankAt(best);
    if (best > 0) ranks[best - 1] = rankAt(best - 1);
  }
}

function lowest(pairs: number): number {
  let best = -1;
  let least = NONE;
  for (let at = 0; at < pairs; at += 1) {
    const rank = ranks[at] ?? NONE;
    if (rank >= least) continue;
    least = rank;
    best = at;
  }
  return best;
}

const PLACES = 2 ** 32;

/** By a heap of pairs, so that a million characters without a space are not a trillion steps. */
function mergeLong(vocabulary: Vocabulary, bytes: Uint8Array, length: number): number {
  const after = Int32Array.from({ length: length + 1 }, (_, at) => at + 1);
  const before = Int32Array.from({ length: length + 1 }, (_, at) => at - 1);
  const current = new Int32Array(length).fill(NONE);
  const heap = createHeap(3 * length);
  let count = length;

  const weigh = (at: number): void => {
    const middle = after[at] ?? length;
    const rank = middle >= length ? -1 : vocabulary.rankOf(bytes, at, after[middle] ?? length);
    current[at] = rank === -1 ? NONE : rank;
    if (rank !== -1) heap.push(rank * PLACES + at);
  };
  for (let at = 0; at < length; at += 1) weigh(at);
  for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
    const at = top % PLACES;
    if (current[at] !== (top - at) / PLACES) continue; // joined or weighed again since
    const middle = after[at] ?? length;
    const end = after[middle] ?? length;
    current[middle] = NONE;
    after[at] = end;
    before[end] = at;
    count -= 1;
    weigh(at);
    const previous = before[at] ?? -1;
    if (previous >= 0) weigh(previous);
  }
  return count;
}

/** Of numbers, the least on top. */
function createHeap(capacity: number) {
  const items = new Float64Array(capacity);
  let size = 0;
  const item = (at: number): number => items[at] ?? 0;
  return {
    push(value: number): void {
      let at = size;
      size += 1;
      for (let parent = (at - 1) >> 1; at > 0 && item(parent) > value; parent = (at - 1) >> 1) {
        items[at] = item(parent);
        at = parent;
      }
      items[at] = value;
    },
    pop(): number | undefined {
      if (size === 0) return undefined;
      const top = item(0);
      size -= 1;
      const value = item(size);
      let at = 0;
      for (let child = 1; child < size; child = 2 * at + 1) {
        if (child + 1 < size && item(child + 1) < item(child)) child += 1;
        if (item(child) >= value) break;
        items[at] = item(child);
        at = child;
      }
      items[at] = value;
      return top;
    },
  };
}
