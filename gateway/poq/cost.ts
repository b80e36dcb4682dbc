import { FAMILIES } from '../protocol/constants.ts';
import { sizeClass } from '../protocol/params.ts';
import type { FamilyParams, ProtocolParams } from '../protocol/params.ts';
import type { Receipt } from '../protocol/types.ts';

/** What scoring reads of a receipt. */
export type ScoredReceipt = Pick<Receipt, 'family' | 'flags' | 'units' | 'priceMicroUsd' | 'totalMs'>;

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
