import { BPS, NEUTRAL } from '../protocol/constants.ts';
import type { Address, RewardLeaf } from '../protocol/types.ts';
import { volumeUnits } from '../protocol/units.ts';
import { createCarry } from './carry.ts';
import { createCorrection } from './correction.ts';
import { isGold, wasDrawn } from './counting.ts';
import type { CountedReceipt } from './counting.ts';
import { createDifficulty } from './difficulty.ts';
import { evaluatorQuality } from './evaluator-quality.ts';
import { createLength } from './length.ts';
import { getOrCreate } from './maps.ts';

/** What an operator's weight is the product of. */
export type Share = Pick<RewardLeaf, 'account' | 'quality' | 'volume' | 'difficulty' | 'feedback'>;

/** A volume-bearing receipt with what it is paid by. */
export type PaidReceipt = {
  readonly receipt: CountedReceipt;
  readonly units: bigint;
  /** Credited units in ten-thousandths. */
  readonly credit: bigint;
  readonly difficulty: number;
  /** Corrected score in ten-thousandths; the carried one where it was not examined. */
  readonly score: number;
};

/** Every receipt that carries volume, unless its node was never examined for its gateway. */
export function paidReceipts(receipts: readonly CountedReceipt[], minQualityBps: number): PaidReceipt[] {
  const difficultyOf = createDifficulty(receipts, minQualityBps);
  const lengthOf = createLength(receipts);
  const correctionOf = createCorrection(receipts);
  const carryOf = createCarry(receipts, difficultyOf, correctionOf);
  return receipts.flatMap((receipt) => {
    const units = volumeUnits(receipt);
    if (units === 0n || isGold(receipt)) return [];
    const carried = wasDrawn(receipt) ? undefined : carryOf(receipt);
    if (!wasDrawn(receipt) && carried === undefined) return [];
    const score = carried === undefined ? receipt.score * correctionOf(receipt.node) : carried * BPS;
    const credit = units * BigInt(lengthOf(receipt));
    return [{ receipt, units, credit, difficulty: difficultyOf(receipt), score }];
  });
}

export type InferenceFold = {
  /** Receipts of the epoch's counted batches that are not void. */
  readonly receipts: readonly CountedReceipt[];
  readonly feedback: ReadonlyMap<Address, number>;
  readonly minQualityBps: number;
};

const PARTS = BigInt(BPS);

/**
 * Shares of inference nodes. Each factor is rounded down in this order, so their product falls short of the sum over
 * receipts by less than one part in each. Corrections never lift the quality above 10,000.
 */
export function foldInference({ receipts, feedback, minQualityBps }: InferenceFold): Share[] {
  const sums = new Map<Address, { u: bigint; ud: bigint; udq: bigint }>();
  for (const { receipt, credit, difficulty, score } of paidReceipts(receipts, minQualityBps)) {
    const sum = getOrCreate(sums, receipt.node, () => ({ u: 0n, ud: 0n, udq: 0n }));
    const work = credit * BigInt(difficulty);
    sum.u += credit;
    sum.ud += work;
    sum.udq += work * BigInt(score);
  }
  return byAccount(
    [...sums].map(([account, { u, ud, udq }]) => ({
      account,
      quality: Math.min(BPS, Number(udq / (ud * PARTS))),
      volume: u / PARTS,
      difficulty: Number(ud / u),
      feedback: feedback.get(account) ?? NEUTRAL,
    })),
  );
}

/** One gold receipt with everybody's revealed accuracy. */
export type ScoredGold = {
  readonly gateway: Address;
  readonly truth: number;
  readonly entries: readonly { readonly evaluator: Address; readonly accuracy: number }[];
};

export type EvaluatorFold = {
  /** Valid reveals of every counted record, golds included: evaluators cannot tell them apart. */
  readonly records: readonly { readonly entries: readonly { readonly evaluator: Address }[] }[];
  /** Those of the window, as for trust: in one epoch of good work there may be nothing to tell apart. */
  readonly golds: readonly ScoredGold[];
};

/** Shares of evaluators: the epoch's valid reveals times how much better than a constant they know the truth. */
export function foldEvaluators({ records, golds }: EvaluatorFold): Share[] {
  const volumes = new Map<Address, bigint>();
  for (const { entries } of records) {
    for (const { evaluator } of entries) volumes.set(evaluator, (volumes.get(evaluator) ?? 0n) + 1n);
  }
  const samples = new Map<Address, { accuracy: bigint; truth: bigint }[]>();
  for (const { gateway, truth, entries } of golds) {
    for (const { evaluator, accuracy } of entries) {
      if (evaluator === gateway) continue;
      getOrCreate(samples, evaluator, () => []).push({ accuracy: BigInt(accuracy), truth: BigInt(truth) });
    }
  }
  return byAccount(
    [...volumes].map(([account, volume]) => ({
      account,
      quality: evaluatorQuality(samples.get(account) ?? []),
      volume,
      difficulty: NEUTRAL,
      feedback: NEUTRAL,
    })),
  );
}

/** Shares of gateways: counted units times the unit-weighted mean score of their drawn receipts. */
export function foldGateways({ receipts, minQualityBps }: Omit<InferenceFold, 'feedback'>): Share[] {
  const sums = new Map<Address, { volume: bigint; drawn: bigint; worth: bigint }>();
  for (const { receipt, units } of paidReceipts(receipts, minQualityBps)) {
    const sum = getOrCreate(sums, receipt.gateway, () => ({ volume: 0n, drawn: 0n, worth: 0n }));
    sum.volume += units;
    if (!wasDrawn(receipt)) continue;
    sum.drawn += units;
    sum.worth += units * BigInt(receipt.score);
  }
  return byAccount(
    [...sums].map(([account, { volume, drawn, worth }]) => ({
      account,
      quality: drawn === 0n ? 0 : Number(worth / drawn),
      volume,
      difficulty: NEUTRAL,
      feedback: NEUTRAL,
    })),
  );
}

/** quality × volume × difficulty × feedback: the one number that pay is proportional to. */
export function weightOf({ quality, volume, difficulty, feedback }: Omit<Share, 'account'>): bigint {
  return BigInt(quality) * volume * BigInt(difficulty) * BigInt(feedback);
}

/** Reward leaves of a role in account order; who has no weight has no leaf. */
export function rewardLeaves(epoch: bigint, role: number, shares: readonly Share[]): RewardLeaf[] {
  return byAccount(shares)
    .filter((share) => weightOf(share) > 0n)
    .map((share) => ({ epoch, role, ...share }));
}

function byAccount(shares: readonly Share[]): Share[] {
  return shares.toSorted((a, b) => (a.account < b.account ? -1 : a.account > b.account ? 1 : 0));
}
