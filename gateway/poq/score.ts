import { BPS, Dimension, RecordStatus } from '../protocol/constants.ts';
import type { ProtocolParams } from '../protocol/params.ts';
import type { EvaluationEntry } from '../protocol/types.ts';
import { revealQuorum } from './committee.ts';
import { consensus } from './consensus.ts';
import { receiptCost } from './cost.ts';
import type { ScoredReceipt } from './cost.ts';
import { clampInt } from './integers.ts';
import { effectiveMask, quality, weightsOf } from './quality.ts';
import type { Dimensions } from './quality.ts';

type ScoreParams = Pick<ProtocolParams, 'minQualityBps' | 'betaBps'>;

/** What is paid on: quality less the price of its cost. Below the minimum quality it is nothing, however cheap. */
export function score(qualityBps: number, costBps: number, { minQualityBps, betaBps }: ScoreParams): number {
  if (qualityBps < minQualityBps) return 0;
  return Math.max(0, qualityBps - Math.floor((betaBps * (BPS - costBps)) / BPS));
}

/** Consensus of every dimension, whatever is active: what golds measure a dimension's reliability by. */
export function dimensionConsensus(entries: readonly EvaluationEntry[]): Dimensions {
  const of = (name: keyof Dimensions): number =>
    consensus(entries.map((entry) => ({ score: entry[name], trust: entry.trust })));
  return { accuracy: of('accuracy'), consistency: of('consistency'), format: of('format') };
}

export type ScoreInputs = {
  readonly receipt: ScoredReceipt;
  /** Valid reveals in rank order and the size of their committee; undefined when the receipt was not drawn. */
  readonly examination?: { readonly committeeSize: number; readonly entries: readonly EvaluationEntry[] } | undefined;
  /** The family's mask in the table that is in force. */
  readonly tableMask: number;
  readonly comparable: boolean;
  readonly params: ProtocolParams;
};

/** The fields of a record that scoring decides. */
export type ReceiptScore = Dimensions & {
  readonly status: number;
  readonly committeeSize: number;
  readonly activeMask: number;
  readonly cost: number;
  readonly quality: number;
  readonly score: number;
};

/** Scores one receipt: everything of its record but the identity and the hash of the evaluations. */
export function scoreReceipt({ receipt, examination, tableMask, comparable, params }: ScoreInputs): ReceiptScore {
  const cost = receiptCost(receipt, params);
  const empty = { activeMask: 0, accuracy: 0, consistency: 0, format: 0, cost, quality: 0, score: 0 };
  if (examination === undefined) return { ...empty, status: RecordStatus.unexamined, committeeSize: 0 };
  const { committeeSize, entries } = examination;
  const unscored = { ...empty, status: RecordStatus.unscored, committeeSize };
  if (entries.length < revealQuorum(committeeSize)) return unscored;
  const activeMask = effectiveMask(tableMask, receipt.flags, comparable);
  const dimensions = maskDimensions(dimensionConsensus(entries), activeMask);
  const qualityBps = quality(dimensions, activeMask, weightsOf(receipt, params));
  if (qualityBps === undefined) return unscored;
  const status = RecordStatus.scored;
  const scoreBps = score(qualityBps, cost, params);
  return { ...dimensions, status, committeeSize, activeMask, cost, quality: qualityBps, score: scoreBps };
}

function maskDimensions(dimensions: Dimensions, mask: number): Dimensions {
  const of = (name: keyof Dimensions): number => ((mask & Dimension[name]) === 0 ? 0 : dimensions[name]);
  return { accuracy: of('accuracy'), consistency: of('consistency'), format: of('format') };
}

export type GoldScoreInputs = {
  readonly receipt: ScoredReceipt;
  readonly record: ReceiptScore;
  /** The exact accuracy of the answer, by the gold's checker. */
  readonly truth: number;
  readonly params: ProtocolParams;
};

/** Score of a drawn gold with its exact accuracy in place of the committee's; an unscored one stays at zero. */
export function goldScore({ receipt, record, truth, params }: GoldScoreInputs): number {
  if (record.status !== RecordStatus.scored) return 0;
  const exact = goldQuality({ ...record, accuracy: truth }, record.activeMask, weightsOf(receipt, params));
  return exact === undefined ? 0 : score(exact, record.cost, params);
}

/**
 * Quality by an accuracy that is known. What other operators answered bears witness to it where nobody knows it; beside the
 * truth it has nothing to say.
 */
export function goldQuality(exact: Dimensions, activeMask: number, weights: Dimensions): number | undefined {
  const isKnown = (activeMask & Dimension.accuracy) !== 0;
  const accuracy = isKnown ? clampInt(BigInt(exact.accuracy), 0, BPS) : 0;
  return quality({ ...exact, accuracy }, isKnown ? activeMask & ~Dimension.consistency : activeMask, weights);
}
