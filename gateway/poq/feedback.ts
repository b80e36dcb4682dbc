import { NEUTRAL } from '../protocol/constants.ts';
import type { Address } from '../protocol/types.ts';
import { isqrt } from './integers.ts';
import { getOrCreate } from './maps.ts';

/** A caller's word on a receipt it paid for. The payer is known by its key; the dataset shows only a keyed hash of it. */
export type FeedbackVote = {
  readonly payer: string;
  readonly node: Address;
  /** When the receipt was served, in seconds: votes are counted per day of service. */
  readonly servedAt: bigint;
  readonly good: boolean;
};

const DAY = 86_400n;
const Z = 38_416n; // 1.96² in units of 1/10,000
const SCALE = 10_000n;
const HALF = 5_000n;

/**
 * Feedback multiplier of `good` of `total` votes: neutral unless the 95 % Wilson interval of the share of good votes
 * lies wholly above or below one half; then up to a tenth more or less.
 */
export function feedbackBps(good: number, total: number): number {
  if (total === 0) return NEUTRAL;
  const k = BigInt(good);
  const n = BigInt(total);
  const centre = 20_000n * k + Z;
  const spread = isqrt((Z * (Z * n + 40_000n * k * (n - k))) / n);
  const divisor = 2n * (SCALE * n + Z);
  const low = (SCALE * (centre - spread)) / divisor;
  const high = (SCALE * (centre + spread)) / divisor;
  if (low > HALF) return NEUTRAL + Number((low - HALF) / 5n);
  if (high < HALF) return NEUTRAL - Number((HALF - high) / 5n);
  return NEUTRAL;
}

/** Feedback per node: one vote per payer, node and day, of which the last counts. Votes come in the order given. */
export function feedbackOf(votes: readonly FeedbackVote[]): Map<Address, number> {
  const last = new Map<string, FeedbackVote>();
  for (const vote of votes) last.set(JSON.stringify([vote.node, String(vote.servedAt / DAY), vote.payer]), vote);
  const counts = new Map<Address, { good: number; total: number }>();
  for (const { node, good } of last.values()) {
    const count = getOrCreate(counts, node, () => ({ good: 0, total: 0 }));
    count.good += good ? 1 : 0;
    count.total += 1;
  }
  return new Map([...counts].map(([node, { good, total }]) => [node, feedbackBps(good, total)]));
}
