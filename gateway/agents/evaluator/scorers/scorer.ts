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

/** Integers 0…10,000. */
export type Scores = { readonly accuracy: number; readonly consistency: number; readonly format: number };

/**
 * A way of judging. The id is the hash of everything that decides a score (source, weights, configuration) and stands
 * in every evaluation, so that scores of one id can be compared and recomputed. One that throws loses the receipt's pay.
 */
export type Scorer = {
  readonly id: Hex;
  readonly score: (evaluand: Evaluand) => Promise<Scores>;
};

/** What a module named by DGRID_EVALUATOR_SCORER exports. */
export type ScorerModule = { readonly createScorer: () => Scorer | Promise<Scorer> };
