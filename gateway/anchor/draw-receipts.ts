import { buildBatchTree } from '../protocol/batch-tree.ts';
import type { Hex } from '../protocol/types.ts';
import type { DrawnReceipt, LeafedReceipt } from './ports.ts';

/** The rules of sampling, handed in so that anchoring knows nothing of scoring. */
export type DrawRules = {
  readonly isExaminable: (flags: number) => boolean;
  readonly isDrawn: (seed: Hex, leaf: Hex, rateBps: number) => boolean;
  readonly isReplayed: (seed: Hex, leaf: Hex, rateBps: number) => boolean;
  readonly rateOf: (node: Hex) => number;
  readonly replayRateBps: number;
};

/** Receipts of a batch that its seed selects for examination, and which of them are replayed to other nodes. */
export function drawReceipts(seed: Hex, receipts: readonly LeafedReceipt[], rules: DrawRules): readonly DrawnReceipt[] {
  const drawn = receipts
    .map((entry, index) => ({ ...entry, index }))
    .filter(({ receipt }) => rules.isExaminable(receipt.flags))
    .filter(({ receipt, leaf }) => rules.isDrawn(seed, leaf, rules.rateOf(receipt.node)));
  if (drawn.length === 0) return [];
  // One tree for the whole batch: built per examination it would take most of the process's time.
  const tree = buildBatchTree(receipts.map(({ leaf }) => leaf));
  return drawn.map(({ receipt, leaf, index }) => ({
    receiptId: receipt.id,
    receiptLeaf: leaf,
    proof: tree.proofOf(index),
    replayed: rules.isReplayed(seed, leaf, rules.replayRateBps),
  }));
}
