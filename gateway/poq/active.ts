import { BPS, Dimension, TABLE_DEFAULTS } from '../protocol/constants.ts';
import { isqrt } from './integers.ts';

/** A dimension's consensus on one gold answer and that answer's exact accuracy. */
export type GoldPair = { readonly score: number; readonly truth: number };

/** Golds of one family that measure each dimension: format by constrained ones, consistency by replayed ones. */
export type GoldPairs = Readonly<Record<keyof typeof Dimension, readonly GoldPair[]>>;

const MIN_GOLDS = 30;
/** Golds whose truth must differ from the commonest one before a missing correlation means anything. */
const MIN_VARIED = 10;
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

/** Half of rho's 95 % interval: 1.96 / √(n−1) in basis points. */
function marginBps(count: number): number {
  return Number(196_000_000n / isqrt(BigInt(count - 1) * 100_000_000n));
}

/** Whether the correlation is reliably positive: the lower end of its interval lies above 0.1. */
export function isReliable(pairs: readonly GoldPair[]): boolean {
  const rho = pairs.length < 2 ? undefined : spearmanBps(pairs);
  return rho !== undefined && rho - marginBps(pairs.length) > LOWEST_CORRELATION;
}

/**
 * Whether golds show that scores do not tell right answers from wrong ones: the upper end of the interval is not above
 * 0.1. Where nearly all golds are answered alike nothing can be shown; scores that never vary have a correlation of zero.
 */
export function isRefuted(pairs: readonly GoldPair[]): boolean {
  if (pairs.length < MIN_GOLDS || varied(pairs) < MIN_VARIED) return false;
  return (spearmanBps(pairs) ?? 0) + marginBps(pairs.length) <= LOWEST_CORRELATION;
}

/** How many golds have another truth than the commonest. */
function varied(pairs: readonly GoldPair[]): number {
  const counts = new Map<number, number>();
  for (const { truth } of pairs) counts.set(truth, (counts.get(truth) ?? 0) + 1);
  return pairs.length - Math.max(0, ...counts.values());
}

/**
 * Mask of the dimensions that count for a family. Consistency and format must be shown to be reliable, and have their
 * default while golds are too few to tell. Accuracy must be shown to be unreliable: without it an ordinary receipt has
 * nothing to be scored by, and a family in which everybody is right would pay nobody.
 */
export function activeMask(golds: GoldPairs): number {
  let mask = isRefuted(golds.accuracy) ? 0 : Dimension.accuracy;
  for (const name of ['consistency', 'format'] as const) {
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
