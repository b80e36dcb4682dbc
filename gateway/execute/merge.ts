import type { Vocabulary } from './vocabulary.ts';

/** Byte-pair encoding of one piece: of all neighbours the pair of the lowest rank is joined first, the leftmost of equals. */

const NONE = 2 ** 31 - 1;
const SHORT = 64;

/** Tokens that a piece of text is encoded in. Time grows with its length, not with the square of it. */
export function countMerged(vocabulary: Vocabulary, bytes: DataView, from: number, length: number): number {
  if (vocabulary.rankOf(bytes, from, length) !== -1) return 1;
  return length <= SHORT ? mergeShort(vocabulary, bytes, from, length) : mergeLong(vocabulary, bytes, from, length);
}

const starts = new Int32Array(SHORT + 2);
const ranks = new Int32Array(SHORT + 1);

const item = (list: Int32Array, at: number): number => list[at] ?? 0;

/** By looking through all pairs again after every step, which is the fastest way for a word. */
function mergeShort({ rankOf }: Vocabulary, bytes: DataView, from: number, length: number): number {
  for (let at = 0; at <= length; at += 1) starts[at] = from + at;
  for (let at = 0; at < length - 1; at += 1) ranks[at] = rankOf(bytes, from + at, 2) & NONE;
  let count = length;
  for (let best = lowest(count - 1); best !== -1; best = lowest(count - 1)) {
    for (let at = best + 1; at < count; at += 1) {
      starts[at] = item(starts, at + 1);
      ranks[at - 1] = item(ranks, at);
    }
    count -= 1;
    const start = item(starts, best);
    if (best < count - 1) ranks[best] = rankOf(bytes, start, item(starts, best + 2) - start) & NONE;
    if (best === 0) continue;
    const before = item(starts, best - 1);
    ranks[best - 1] = rankOf(bytes, before, item(starts, best + 1) - before) & NONE;
  }
  return count;
}

function lowest(pairs: number): number {
  let best = -1;
  let least = NONE;
  for (let at = 0; at < pairs; at += 1) {
    const rank = item(ranks, at);
    if (rank >= least) continue;
    least = rank;
    best = at;
  }
  return best;
}

type Table = { readonly after: Int32Array; readonly before: Int32Array; readonly least: Int32Array };

/** @param leaves a power of two, as many as there may be bytes. */
const createTable = (leaves: number): Table => ({
  after: new Int32Array(leaves + 1),
  before: new Int32Array(leaves + 1),
  least: new Int32Array(2 * leaves),
});

const USUAL = 1_024;
const usual = createTable(USUAL);

/** By a tree of least ranks, so that a million characters without a space are not a trillion steps. */
function mergeLong({ rankOf }: Vocabulary, bytes: DataView, from: number, length: number): number {
  const leaves = 2 ** Math.ceil(Math.log2(length));
  const { after, before, least } = leaves > USUAL ? createTable(leaves) : usual;
  for (let at = 0; at < length; at += 1) {
    after[at] = at + 1;
    before[at] = at - 1;
    least[leaves + at] = at + 1 < length ? rankOf(bytes, from + at, 2) & NONE : NONE;
  }
  least.fill(NONE, leaves + length, 2 * leaves);
  for (let node = leaves - 1; node > 0; node -= 1)
    least[node] = Math.min(item(least, 2 * node), item(least, 2 * node + 1));

  const put = (at: number, rank: number): void => {
    least[leaves + at] = rank;
    for (let node = (leaves + at) >> 1; node > 0; node >>= 1) {
      const lower = Math.min(item(least, 2 * node), item(least, 2 * node + 1));
      if (least[node] === lower) return;
      least[node] = lower;
    }
  };
  const weigh = (at: number): void => {
    const middle = item(after, at);
    put(at, middle < length ? rankOf(bytes, from + at, item(after, middle) - at) & NONE : NONE);
  };
  let count = length;
  for (; least[1] !== NONE; count -= 1) {
    let node = 1;
    while (node < leaves) node = least[2 * node] === least[node] ? 2 * node : 2 * node + 1;
    const at = node - leaves;
    const middle = item(after, at);
    const end = item(after, middle);
    after[at] = end;
    before[end] = at;
    put(middle, NONE);
    weigh(at);
    if (at > 0) weigh(item(before, at));
  }
  return count;
}
