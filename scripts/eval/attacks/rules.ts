import { consensus } from '../../../gateway/poq/consensus.ts';

/** Ways to make one number of a committee's scores. `poq` is the engine's own; the others are what it is held against. */
export const RULES = ['poq', 'mean', 'median', 'trimmed', 'adaptive', 'oracle'] as const;
export type Rule = (typeof RULES)[number];

/** Members' scores in rank order beside who they are, what they are trusted with, and whether they lie. */
export type Member = {
  readonly evaluator: number;
  readonly score: number;
  readonly trust: number;
  readonly isLiar: boolean;
};
export type Aggregate = (members: readonly Member[]) => number;

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}

/** A fifth of the scores, rounded up, is dropped at either end; three scores leave their median. */
export function trimmedMean(values: readonly number[]): number {
  const cut = Math.ceil(values.length / 5);
  return mean(values.toSorted((a, b) => a - b).slice(cut, values.length - cut));
}

const SPEED = 0.1;
const WEIGHTS = [0.1, 3] as const;

/**
 * The published adaptive rule (arXiv 2601.21189, eq. 21): w ← clip(w·(1 + λ(0.5 − d)), 0.1, 3) with d the distance from
 * the consensus that the evaluator itself took part in, as a share of the scale. λ = 0.1, all weights start at 1.
 */
export function createAdaptive(): Aggregate {
  const weights = new Map<number, number>();
  const weightOf = (evaluator: number): number => weights.get(evaluator) ?? 1;
  return (members) => {
    const total = members.reduce((sum, { evaluator }) => sum + weightOf(evaluator), 0);
    const result = members.reduce((sum, { evaluator, score }) => sum + weightOf(evaluator) * score, 0) / total;
    for (const { evaluator, score } of members) {
      const next = weightOf(evaluator) * (1 + SPEED * (0.5 - Math.abs(score - result) / 10_000));
      weights.set(evaluator, Math.min(WEIGHTS[1], Math.max(WEIGHTS[0], next)));
    }
    return result;
  };
}

/**
 * Knows who lies and takes the mean of the others. Where all of a committee lie, there is nothing to know: it then says
 * the mean of what it has said so far.
 */
export function createOracle(): Aggregate {
  let sum = 0;
  let count = 0;
  return (members) => {
    const honest = members.filter(({ isLiar }) => !isLiar).map(({ score }) => score);
    if (honest.length === 0) return count === 0 ? 5_000 : sum / count;
    const result = mean(honest);
    sum += result;
    count += 1;
    return result;
  };
}

/** The engine's aggregation, for committees that are too small to be scored by it. */
export function engineConsensus(members: readonly Member[]): number {
  return consensus(members);
}
