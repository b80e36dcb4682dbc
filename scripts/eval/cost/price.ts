import { committeeSize, escalatedSize } from '../../../gateway/poq/committee.ts';
import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import { samplingRate } from '../../../gateway/poq/sampling.ts';

/** What Proof of Quality costs beside the inference it is about, from the rates that the engine itself uses. */
export type Assumptions = {
  /** Nodes that share a gateway's golds, and the golds it sends per epoch. */
  readonly nodes: number;
  readonly goldsPerEpoch: number;
  /** Evaluators that could be drawn. */
  readonly evaluators: number;
  /** Committees that call more evaluators because they disagree. */
  readonly escalatedShare: number;
  /** Machine time of one answer, on the device that serves it, and of one evaluation. */
  readonly inferenceMs: number;
  readonly evaluationMs: number;
  /** An evaluator's own model, as a share of the price of the model that is judged; 0: no model. */
  readonly judgeShare: number;
};

export type Price = {
  /** Receipts per node and epoch. */
  readonly receipts: number;
  readonly rateBps: number;
  /** Each as a share of the inference work of the receipts themselves. */
  readonly golds: number;
  readonly replays: number;
  readonly committees: number;
  readonly total: number;
};

export function priceOf(receipts: number, assumptions: Assumptions): Price {
  const { nodes, goldsPerEpoch, evaluators, escalatedShare, inferenceMs, evaluationMs, judgeShare } = assumptions;
  const { floorRateBps, replayRateBps, replayPeers } = DEFAULT_PARAMS;
  const golds = goldsPerEpoch / nodes;
  const rateBps = samplingRate(floorRateBps, receipts + golds);
  const drawn = ((receipts + golds) * rateBps) / 10_000;
  const replayed = ((drawn * replayRateBps) / 10_000) * replayPeers;
  const [small, large] = [committeeSize(evaluators, DEFAULT_PARAMS), escalatedSize(evaluators, DEFAULT_PARAMS)];
  const evaluations = drawn * (small + escalatedShare * (large - small));
  const parts = {
    golds: golds / receipts,
    replays: replayed / receipts,
    committees: (evaluations * (evaluationMs / inferenceMs + judgeShare)) / receipts,
  };
  return { receipts, rateBps, ...parts, total: parts.golds + parts.replays + parts.committees };
}
