import type { EpochClock } from '../protocol/epoch.ts';
import { Flag, RecordStatus } from '../protocol/constants.ts';
import type { Address } from '../protocol/types.ts';
import { volumeUnits } from '../protocol/units.ts';
import { floorDiv } from './integers.ts';

/** A receipt with its record, as the epoch counts it. */
export type CountedReceipt = {
  readonly gateway: Address;
  readonly node: Address;
  readonly family: number;
  readonly complexity: number;
  readonly units: bigint;
  /** What of the units the node had no part in. */
  readonly promptTokens: number;
  readonly flags: number;
  readonly status: number;
  readonly quality: number;
  readonly score: number;
  /** Golds that were drawn: the score by their exact accuracy (`goldScore`). */
  readonly exactScore?: number;
};

/** Whether a receipt anchored at `anchoredAt` counts in that epoch: served before, and at most one epoch earlier. */
export function isCounted(
  { servedAt, anchoredAt }: { readonly servedAt: bigint; readonly anchoredAt: bigint },
  { genesis, epochDuration }: EpochClock,
): boolean {
  const epochAt = (time: bigint): bigint => floorDiv(time - genesis, epochDuration);
  return servedAt <= anchoredAt && epochAt(servedAt) + 1n >= epochAt(anchoredAt);
}

export function wasDrawn({ status }: Pick<CountedReceipt, 'status'>): boolean {
  return status !== RecordStatus.unexamined;
}

export function isGold({ flags }: Pick<CountedReceipt, 'flags'>): boolean {
  return (flags & Flag.gold) !== 0;
}

/** A gateway's golds are no evidence about a node of its own account. */
export function isOwnGold(receipt: Pick<CountedReceipt, 'flags' | 'gateway' | 'node'>): boolean {
  return isGold(receipt) && receipt.gateway === receipt.node;
}

/** Units a drawn receipt weighs in the carry: its volume, and a gold's own units although it has no volume. */
export function carryUnits(receipt: Pick<CountedReceipt, 'flags' | 'units'>): bigint {
  return isGold(receipt) ? receipt.units : volumeUnits(receipt);
}
