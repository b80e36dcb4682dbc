import type { Hex } from '../protocol/types.ts';
import type { DrawnReceipt, StoredBatch } from './ports.ts';

/** The rules of sampling, handed in so that anchoring knows nothing of scoring. */
export type DrawRules = {
  readonly isExaminable: (flags: number) => boolean;
  readonly isDrawn: (seed: Hex, leaf: Hex, rateBps: number) => boolean;
  readonly isReplayed: (seed: Hex, leaf: Hex, rateBps: number) => boolean;
  readonly rateOf: (node: Hex) => number;
  readonly replayRateBps: number;
};

/** Receipts of a batch that its seed selects for examination, and which of them are replayed to other nodes. */
export function drawReceipts(seed: Hex, receipts: StoredBatch['receipts'], rules: DrawRules): readonly DrawnReceipt[] {
  return receipts
    .filter(({ receipt }) => rules.isExaminable(receipt.flags))
    .filter(({ receipt, leaf }) => rules.isDrawn(seed, leaf, rules.rateOf(receipt.node)))
    .map(({ receipt, leaf }) => ({
      receiptId: receipt.id,
      receiptLeaf: leaf,
      replayed: rules.isReplayed(seed, leaf, rules.replayRateBps),
    }));
}
