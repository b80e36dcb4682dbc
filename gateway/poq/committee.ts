import type { ProtocolParams } from '../protocol/params.ts';
import type { Address, Hex } from '../protocol/types.ts';
import { COMMITTEE_TAG, ticketHash } from './draw.ts';

export type CommitteeDraw = {
  readonly seed: Hex;
  readonly receiptLeaf: Hex;
  /** Accounts of the epoch's active evaluators. */
  readonly evaluators: readonly Address[];
  /** Accounts that may not judge this receipt: its node's and its gateway's. */
  readonly excluded: readonly Address[];
};

/** Every eligible evaluator in rank order, lowest hash first: the first `committeeSize` of them are the committee. */
export function rankCommittee({ seed, receiptLeaf, evaluators, excluded }: CommitteeDraw): Address[] {
  const barred = new Set(excluded.map((account) => account.toLowerCase()));
  const accounts = new Set(evaluators.map((account) => account.toLowerCase() as Address));
  return [...accounts]
    .filter((account) => !barred.has(account))
    .map((account) => ({ account, rank: ticketHash({ tag: COMMITTEE_TAG, seed, receiptLeaf, account }) }))
    .sort((a, b) => a.rank.compare(b.rank))
    .map(({ account }) => account);
}

type SizeParams = Pick<ProtocolParams, 'committeeSize' | 'escalatedSize' | 'escalationSpreadBps'>;

export function committeeSize(eligible: number, params: SizeParams): number {
  return Math.min(params.committeeSize, eligible);
}

export function escalatedSize(eligible: number, params: SizeParams): number {
  return Math.min(params.escalatedSize, eligible);
}

/** Valid reveals that a committee of `size` needs to score a receipt: two thirds, and never fewer than four. */
export function revealQuorum(size: number): number {
  return Math.max(4, Math.ceil((2 * size) / 3));
}

export type CommitteeOutcome = {
  readonly size: number;
  readonly eligible: number;
  /** Accuracy of every valid reveal. */
  readonly accuracies: readonly number[];
};

/** Whether a larger committee is called: it exists, and the first one revealed too little or disagrees too much. */
export function needsEscalation({ size, eligible, accuracies }: CommitteeOutcome, params: SizeParams): boolean {
  if (escalatedSize(eligible, params) <= size) return false;
  if (accuracies.length < revealQuorum(size)) return true;
  return Math.max(...accuracies) - Math.min(...accuracies) > params.escalationSpreadBps;
}
