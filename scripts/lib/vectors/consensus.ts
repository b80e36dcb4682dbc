/**
 * consensus.json, read by the tests of `gateway/poq/consensus.ts` and of the Solidity library. The result comes from the
 * definition taken literally (every candidate tried, big integers), not from the code under test.
 */
type Entry = { readonly score: number; readonly trust: number };
type Vector = { readonly scores: readonly Entry[]; readonly result: number };

export function literalConsensus(given: readonly Entry[]): number {
  if (given.length === 0) return 0;
  const trusted = given.some(({ trust }) => trust > 0);
  const entries = given.map(({ score, trust }) => ({ s: BigInt(score), w: trusted ? BigInt(trust) : 1n }));
  const total = entries.reduce((sum, { w }) => sum + w, 0n);
  const trustWhere = (holds: (s: bigint) => boolean): bigint =>
    entries.reduce((sum, { s, w }) => sum + (holds(s) ? w : 0n), 0n);
  let low = 10_000n;
  let high = 0n;
  for (const { s } of entries) {
    if (4n * trustWhere((other) => other <= s) > total && s < low) low = s;
    if (4n * trustWhere((other) => other >= s) > total && s > high) high = s;
  }
  const clip = (s: bigint): bigint => (s < low ? low : s > high ? high : s);
  return Number(entries.reduce((sum, { s, w }) => sum + w * clip(s), 0n) / total);
}

/** Small deterministic generator (mulberry32): the file is the same on every machine. */
function createRandom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

const EDGES: readonly (readonly (readonly [score: number, trust: number])[])[] = [
  [[0, 0]],
  [[10_000, 1]],
  [[7_321, 65_535]],
  [
    [0, 0],
    [10_000, 0],
  ],
  [
    [0, 1],
    [10_000, 1],
  ],
  [
    [0, 0],
    [10_000, 4_000],
  ],
  // Exactly a quarter of the trust is not more than a quarter: the outlier is clipped …
  [
    [0, 1_000],
    [8_000, 1_000],
    [8_000, 1_000],
    [8_000, 1_000],
  ],
  // … and with a hair more it is not.
  [
    [0, 1_001],
    [8_000, 1_000],
    [8_000, 1_000],
    [8_000, 1_000],
  ],
  [
    [10_000, 250],
    [2_000, 250],
    [2_001, 250],
    [2_002, 250],
    [2_003, 250],
  ],
  [
    [10_000, 4_000],
    [0, 250],
    [0, 250],
    [0, 250],
    [0, 250],
    [0, 250],
    [0, 250],
    [0, 250],
    [0, 250],
  ],
  [
    [1, 3],
    [2, 3],
    [2, 3],
    [4, 3],
  ],
  [
    [3_333, 250],
    [3_334, 4_000],
    [3_335, 999],
  ],
  [
    [10_000, 65_535],
    [0, 65_535],
    [5_000, 65_535],
    [5_001, 65_535],
    [4_999, 65_535],
    [9_999, 65_535],
    [1, 65_535],
    [2, 65_535],
    [3, 65_535],
  ],
];

export function consensusVectors(): Vector[] {
  const random = createRandom(20_261_122);
  const edges = EDGES.map((pairs) => pairs.map(([score, trust]) => ({ score, trust })));
  const drawn = Array.from({ length: 240 }, (_, index) => {
    const size = 1 + random(9);
    const coarse = index % 3 === 0; // many ties
    return Array.from({ length: size }, () => ({
      score: coarse ? 1_000 * random(11) : random(10_001),
      trust: index % 5 === 0 ? 250 * random(5) : 250 + random(3_751),
    }));
  });
  return [...edges, ...drawn].map((scores) => ({ scores, result: literalConsensus(scores) }));
}

/** One vector a line: the Solidity test reads the file as a whole, people read it by line. */
export function consensusText(): string {
  const lines = consensusVectors().map((vector) => `  ${JSON.stringify(vector)}`);
  return `[\n${lines.join(',\n')}\n]\n`;
}
