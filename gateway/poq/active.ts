import { BPS, Dimension, TABLE_DEFAULTS } from '../protocol/constants.ts';
import { isqrt } from './integers.ts';

/** A dimension's consensus on one gold answer and that answer's exact accuracy. */
export type GoldPair = { readonly score: number; readonly truth: number };

/** Golds of one family that measure each dimension: format by constrained ones, consistency by replayed ones. */
export type GoldPairs = Readonly<Record<keyof typeof Dimension, readonly GoldPair[]>>;

const MIN_GOLDS = 30;
const LOWEST_CORRELATION = 1_000;

/** Twice the mid-rank of each value (1-based), so that ties need no halves. */
export function doubledMidRanks(values: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const ranks = new Map<number, number>();
  let below = 0;
  for (const [value, count] of [...counts].sort(([a], [b]) => a - b)) {
    ranks.set(value, 2 * below + count + 1);
    below += count;
  }
  return values.map((value) => ranks.get(value) ?? 0);
}

/** Spearman's rho in basis points, rounded toward zero; undefined when one side does not vary. */
export function spearmanBps(pairs: readonly GoldPair[]): number | undefined {
  const centre = pairs.length + 1;
  const a = doubledMidRanks(pairs.map(({ score }) => score)).map((rank) => BigInt(rank - centre));
  const b = doubledMidRanks(pairs.map(({ truth }) => truth)).map((rank) => BigInt(rank - centre));
  const denominator = isqrt(sumOfProducts(a, a) * sumOfProducts(b, b));
  return denominator === 0n ? undefined : Number((BigInt(BPS) * sumOfProducts(a, b)) / denominator);
}

/** Whether the correlation is reliably positive: its lower 95 % bound (1.96 / √(n−1)) lies above 0.1. */
export function isReliable(pairs: readonly GoldPair[]): boolean {
  const rho = pairs.length < 2 ? undefined : spearmanBps(pairs);
  if (rho === undefined) return false;
  const margin = 196_000_000n / isqrt(BigInt(pairs.length - 1) * 100_000_000n);
  return rho - Number(margin) > LOWEST_CORRELATION;
}

/** Mask of the dimensions that count for a family. With too few golds to tell, a dimension keeps its default. */
export function activeMask(golds: GoldPairs): number {
  let mask = 0;
  for (const name of ['accuracy', 'consistency', 'format'] as const) {
    const bit = Dimension[name];
    const pairs = golds[name];
    const active = pairs.length < MIN_GOLDS ? (TABLE_DEFAULTS.mask & bit) !== 0 : isReliable(pairs);
    if (active) mask |= bit;
  }
  return mask;
}

function sumOfProducts(a: readonly bigint[], b: readonly bigint[]): bigint {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0n), 0n);
}
