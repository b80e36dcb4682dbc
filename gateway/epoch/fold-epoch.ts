import { Role } from '../protocol/constants.ts';
import { buildBatchTree } from '../protocol/batch-tree.ts';
import { rewardLeaf, tableLeaf } from '../protocol/leaf.ts';
import type { LeafDomain } from '../protocol/leaf.ts';
import { buildSumTree } from '../protocol/sum-tree.ts';
import type { SumTree } from '../protocol/sum-tree.ts';
import type { Hex, RewardLeaf, TableLeaf } from '../protocol/types.ts';
import { activeMask } from '../poq/active.ts';
import { isCounted } from '../poq/counting.ts';
import type { CountedReceipt } from '../poq/counting.ts';
import { feedbackOf } from '../poq/feedback.ts';
import { foldEvaluators, foldGateways, foldInference, rewardLeaves, weightOf } from '../poq/fold.ts';
import { countExaminable } from '../poq/rate.ts';
import { dimensionConsensus, goldScore } from '../poq/score.ts';
import { tableLeaves } from '../poq/table.ts';
import { trustTable } from '../poq/trust.ts';
import { FAMILIES, Flag, RecordStatus } from '../protocol/constants.ts';
import type { EpochFacts, EpochReceipt, GoldOutcome } from './ports.ts';

/** What an epoch's facts amount to: who is paid in what proportion, and the table that a later epoch will use. */
export type EpochFold = {
  readonly leaves: readonly RewardLeaf[];
  readonly tableLeaves: readonly TableLeaf[];
  readonly goldOutcomes: readonly GoldOutcome[];
};

/** @param history outcomes of the golds of the earlier epochs in the window, oldest first. */
export function foldEpoch(facts: EpochFacts, history: readonly GoldOutcome[]): EpochFold {
  const { context } = facts;
  const { minQualityBps } = context.params;
  const counted = countedReceipts(facts);
  const receipts = counted.map(({ receipt }) => receipt);
  const goldOutcomes = outcomesOf(facts, counted);
  const shares = [
    foldInference({ receipts, feedback: feedbackOf([]), minQualityBps }),
    foldEvaluators({ records: counted.map(({ entry }) => entry), golds: goldOutcomes }),
    foldGateways({ receipts, minQualityBps }),
  ] as const;
  return {
    leaves: shares.flatMap((share, role) => rewardLeaves(context.epoch, role, share)),
    tableLeaves: tableOf(facts, receipts, [...history, ...goldOutcomes]),
    goldOutcomes,
  };
}

type Counted = { readonly entry: EpochReceipt; readonly receipt: CountedReceipt };

/** Receipts that are not void, joined with what their records say. */
function countedReceipts({ context, batches, receipts, golds }: EpochFacts): readonly Counted[] {
  const anchoredAt = new Map(batches.map((batch) => [batch.batchId, batch.anchoredAt]));
  const truths = new Map(
    golds.flatMap(({ used }) => (used === undefined ? [] : [[used.receiptId, used.truth] as const])),
  );
  return receipts.flatMap((entry) => {
    const anchor = anchoredAt.get(entry.batchId);
    if (anchor === undefined) return [];
    if (!isCounted({ servedAt: entry.receipt.servedAt, anchoredAt: anchor }, context.clock)) return [];
    return [{ entry, receipt: countedReceipt(entry, truths.get(entry.receipt.id), context.params) }];
  });
}

function countedReceipt(
  { receipt, record }: EpochReceipt,
  truth: number | undefined,
  params: EpochFacts['context']['params'],
): CountedReceipt {
  const { gateway, node, family, complexity, units, flags } = receipt;
  const { status, quality, score } = record;
  const base = { gateway, node, family, complexity, units, flags, status, quality, score };
  return truth === undefined ? base : { ...base, exactScore: goldScore({ receipt, record, truth, params }) };
}

function outcomesOf({ golds }: EpochFacts, counted: readonly Counted[]): readonly GoldOutcome[] {
  const byId = new Map(counted.map(({ entry }) => [entry.receipt.id, entry]));
  return golds.flatMap(({ used }) => {
    const entry = used === undefined ? undefined : byId.get(used.receiptId);
    if (used === undefined || entry === undefined || entry.record.status !== RecordStatus.scored) return [];
    const { gateway, node, family, flags } = entry.receipt;
    return [
      {
        gateway,
        node,
        family,
        flags,
        truth: used.truth,
        comparable: entry.replays.length >= 2,
        consensus: dimensionConsensus(entry.entries),
        entries: entry.entries.map(({ evaluator, accuracy }) => ({ evaluator, accuracy })),
      },
    ];
  });
}

function tableOf(
  { context }: EpochFacts,
  receipts: readonly CountedReceipt[],
  golds: readonly GoldOutcome[],
): TableLeaf[] {
  const samples = golds.flatMap(({ gateway, truth, entries }) =>
    entries.map(({ evaluator, accuracy }) => ({ gateway, evaluator, accuracy, truth })),
  );
  return tableLeaves({
    evaluators: context.evaluators,
    nodes: context.nodes,
    trust: trustTable(samples, context.evaluators),
    counted: countExaminable(receipts),
    masks: new Map(FAMILIES.map((_, family) => [family, maskOf(golds, family)])),
    floorRateBps: context.params.floorRateBps,
  });
}

function maskOf(golds: readonly GoldOutcome[], family: number): number {
  const own = golds.filter((gold) => gold.family === family && gold.gateway !== gold.node);
  const pair = (name: keyof GoldOutcome['consensus']) => (gold: GoldOutcome) => ({
    score: gold.consensus[name],
    truth: gold.truth,
  });
  return activeMask({
    accuracy: own.map(pair('accuracy')),
    consistency: own.filter(({ comparable }) => comparable).map(pair('consistency')),
    format: own.filter(({ flags }) => (flags & Flag.formatConstrained) !== 0).map(pair('format')),
  });
}

/** Leaf hash and weight of every reward leaf of a role, and their sum tree, in leaf order. */
export type RoleTree = { readonly leaves: readonly RewardLeaf[]; readonly tree: SumTree };

export function roleTrees(
  leaves: readonly RewardLeaf[],
  distributor: LeafDomain,
): readonly [RoleTree, RoleTree, RoleTree] {
  const treeOf = (role: number): RoleTree => {
    const own = leaves.filter((leaf) => leaf.role === role);
    const nodes = own.map((leaf) => ({ hash: rewardLeaf(distributor, leaf), sum: weightOf(leaf) }));
    return { leaves: own, tree: buildSumTree(nodes) };
  };
  return [treeOf(Role.inference), treeOf(Role.evaluator), treeOf(Role.gateway)];
}

export function tableRootOf(leaves: readonly TableLeaf[], distributor: LeafDomain): Hex {
  return buildBatchTree(leaves.map((leaf) => tableLeaf(distributor, leaf))).root;
}
