import type { CountedReceipt } from '../../../gateway/poq/counting.ts';
import { foldInference, weightOf } from '../../../gateway/poq/fold.ts';
import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import { goldScore } from '../../../gateway/poq/score.ts';
import type { ReceiptScore } from '../../../gateway/poq/score.ts';
import { FAMILIES, Flag } from '../../../gateway/protocol/constants.ts';
import type { Address, EvaluationEntry } from '../../../gateway/protocol/types.ts';
import { NODES, gatewayAccounts, nodeAccounts } from './world.ts';
import type { WorldReceipt } from './world.ts';

/** What evaluators' scores mean for the pay of the nodes they are about. All receipts are alike but for their answers. */
export const PARAMS = DEFAULT_PARAMS;
export const FAMILY = FAMILIES.indexOf('knowledge');
export const RECEIPT = { family: FAMILY, flags: 0, units: 1_000n, priceMicroUsd: 400n, totalMs: 3_000 } as const;
const PROMPT_TOKENS = 200;

export type Examined = {
  readonly receipt: WorldReceipt;
  readonly entries: readonly EvaluationEntry[];
  readonly record: ReceiptScore;
};

/** Share of the inference pool (bps) that the last `own` nodes are paid, and would be if every score were the truth. */
export function nodeIncome(
  own: number,
  examined: readonly Examined[],
): { readonly paid: number; readonly due: number } {
  const counted = examined.map(({ receipt, record }) => countedReceipt(receipt, record));
  const exact = examined.map(({ receipt, record }) => {
    const score = goldScore({ receipt: RECEIPT, record, truth: receipt.truth, params: PARAMS });
    return countedReceipt(receipt, { ...record, quality: receipt.truth, score });
  });
  return { paid: shareOfOwn(own, counted), due: shareOfOwn(own, exact) };
}

function countedReceipt(receipt: WorldReceipt, record: ReceiptScore): CountedReceipt {
  const { status, quality, score } = record;
  return {
    gateway: gatewayOf(receipt),
    node: nodeAccounts[receipt.node] ?? '0x',
    family: FAMILY,
    complexity: 5_000,
    units: RECEIPT.units,
    promptTokens: PROMPT_TOKENS,
    flags: receipt.isGold ? Flag.gold : 0,
    status,
    quality,
    score,
    ...(receipt.isGold
      ? { exactScore: goldScore({ receipt: RECEIPT, record, truth: receipt.truth, params: PARAMS }) }
      : {}),
  };
}

function shareOfOwn(count: number, receipts: readonly CountedReceipt[]): number {
  const own = new Set(nodeAccounts.slice(NODES - count));
  const shares = foldInference({ receipts, feedback: new Map(), minQualityBps: PARAMS.minQualityBps });
  const total = shares.reduce((sum, share) => sum + weightOf(share), 0n);
  const theirs = shares.filter(({ account }) => own.has(account)).reduce((sum, share) => sum + weightOf(share), 0n);
  return total === 0n ? 0 : Number((10_000n * theirs) / total);
}

export function gatewayOf({ gateway }: WorldReceipt): Address {
  return gatewayAccounts[gateway] ?? '0x';
}
