import type { Hex } from '../../../protocol/types.ts';

/** What a committee is shown of a drawn receipt. Whether it is a gold task cannot be told from it. */
export type Evaluand = {
  readonly receiptLeaf: Hex;
  readonly seed: Hex;
  /** Canonical JSON of the request and of the answer. */
  readonly request: string;
  readonly response: string;
  /** Other operators' answers to the same request. */
  readonly peers: readonly { readonly account: string; readonly family: string; readonly response: string }[];
};

export const DIMENSION_NAMES = ['accuracy', 'consistency', 'format'] as const;
export type DimensionName = (typeof DIMENSION_NAMES)[number];

/** Integers 0…10,000. */
export type Scores = Readonly<Record<DimensionName, number>> & {
  /** Who judged, when it was not the scorer alone that was asked (see `withFallback`). */
  readonly scorerId?: Hex;
};

/**
 * A way of judging. The id is the hash of everything that decides a score (source, weights, configuration) and stands
 * in every evaluation, so that scores of one id can be compared and recomputed. What one fails to score, another scores.
 */
export type Scorer = {
  readonly id: Hex;
  readonly score: (evaluand: Evaluand) => Promise<Scores>;
};

/** What a module named by DGRID_EVALUATOR_SCORER exports. */
export type ScorerModule = { readonly createScorer: () => Scorer | Promise<Scorer> };
