import { BPS, Dimension, FAMILIES, Flag, RecordStatus } from '../protocol/constants.ts';
import { sizeClass } from '../protocol/params.ts';
import type { FamilyParams, ProtocolParams } from '../protocol/params.ts';
import type { EvaluationEntry, Receipt } from '../protocol/types.ts';
import { revealQuorum } from './committee.ts';
import { consensus } from './consensus.ts';
import { clampInt } from './integers.ts';

export type CostInputs = {
  readonly priceMicroUsd: bigint;
  readonly totalMs: number;
  readonly priceRef: number;
  readonly msRef: number;
};

/**
 * The cost dimension, 10,000 for what costs nothing, 5,000 for price and time at their references. The references are
 * parameters and never the pool's own range: an operator who adds one slow node makes nobody else look fast.
 */
export function costScore({ priceMicroUsd, totalMs, priceRef, msRef }: CostInputs): number {
  const cost = (5_000n * priceMicroUsd) / BigInt(priceRef) + (5_000n * BigInt(totalMs)) / BigInt(msRef);
  return Number(100_000_000n / (cost + 10_000n));
}

export type Dimensions = { readonly accuracy: number; readonly consistency: number; readonly format: number };

/** Weighted mean of the active dimensions, rounded down; undefined when nothing that is active has a weight. */
export function quality(dimensions: Dimensions, activeMask: number, weights: Dimensions): number | undefined {
  let sum = 0;
  let total = 0;
  for (const name of ['accuracy', 'consistency', 'format'] as const) {
    if ((activeMask & Dimension[name]) === 0) continue;
    sum += weights[name] * dimensions[name];
    total += weights[name];
  }
  return total === 0 ? undefined : Math.floor(sum / total);
}

type ScoreParams = Pick<ProtocolParams, 'minQualityBps' | 'betaBps'>;

/** What is paid on: quality less the price of its cost. Below the minimum quality it is nothing, however cheap. */
export function score(qualityBps: number, costBps: number, { minQualityBps, betaBps }: ScoreParams): number {
  if (qualityBps < minQualityBps) return 0;
  return Math.max(0, qualityBps - Math.floor((betaBps * (BPS - costBps)) / BPS));
}

export type ScoredReceipt = Pick<Receipt, 'family' | 'flags' | 'units' | 'priceMicroUsd' | 'totalMs'>;

export function familyParams(params: ProtocolParams, family: number): FamilyParams {
  const name = FAMILIES[family];
  if (name === undefined) throw new RangeError(`no task family ${family}`);
  return params.families[name];
}

export function receiptCost(receipt: ScoredReceipt, params: ProtocolParams): number {
  const { priceRef, msRef } = familyParams(params, receipt.family);
  const size = sizeClass(receipt.units);
  return costScore({ ...receipt, priceRef: priceRef[size], msRef: msRef[size] });
}

function weightsOf(receipt: ScoredReceipt, params: ProtocolParams): Dimensions {
  const family = familyParams(params, receipt.family);
  return (receipt.flags & Flag.formatConstrained) === 0 ? family.weights : family.constrainedWeights;
}

/**
 * Dimensions that count for one receipt: the family's by the table, format only where the request constrains it, and
 * consistency only where there are answers of enough independent operators to compare with (see `isComparable`).
 */
export function effectiveMask(tableMask: number, flags: number, comparable: boolean): number {
  const format = (flags & Flag.formatConstrained) === 0 ? 0 : Dimension.format;
  const consistency = comparable ? Dimension.consistency : 0;
  return tableMask & (Dimension.accuracy | consistency | format);
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
  const accuracy = (record.activeMask & Dimension.accuracy) === 0 ? record.accuracy : clampInt(BigInt(truth), 0, BPS);
  const exact = quality({ ...record, accuracy }, record.activeMask, weightsOf(receipt, params));
  return exact === undefined ? 0 : score(exact, record.cost, params);
}
