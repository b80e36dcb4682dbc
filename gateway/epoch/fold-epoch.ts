import { Role } from '../protocol/constants.ts';
import { buildBatchTree } from '../protocol/batch-tree.ts';
import { rewardLeaf, tableLeaf } from '../protocol/leaf.ts';
import type { LeafDomain } from '../protocol/leaf.ts';
import { buildSumTree } from '../protocol/sum-tree.ts';
import type { SumTree } from '../protocol/sum-tree.ts';
import type { Address, Hex, RewardLeaf, TableLeaf } from '../protocol/types.ts';
import { activeMask } from '../poq/active.ts';
import { isCounted } from '../poq/counting.ts';
import type { CountedReceipt } from '../poq/counting.ts';
import { feedbackOf } from '../poq/feedback.ts';
import type { FeedbackVote } from '../poq/feedback.ts';
import { foldEvaluators, foldGateways, foldInference, rewardLeaves, weightOf } from '../poq/fold.ts';
import { countExaminable } from '../poq/rate.ts';
import { dimensionConsensus, goldScore } from '../poq/score.ts';
import { getOrCreate } from '../poq/maps.ts';
import { tableLeaves } from '../poq/table.ts';
import { trustTable } from '../poq/trust.ts';
import { FAMILIES, Flag, RecordStatus } from '../protocol/constants.ts';
import { volumeUnits } from '../protocol/units.ts';
import type { EpochFrame, EpochReceipt, GoldOutcome } from './ports.ts';

/** What an epoch's facts amount to: who is paid in what proportion, and the table that a later epoch will use. */
export type EpochFold = {
  readonly leaves: readonly RewardLeaf[];
  readonly tableLeaves: readonly TableLeaf[];
  readonly goldOutcomes: readonly GoldOutcome[];
};

/** Takes an epoch's receipts one after the other; what it keeps of each is what the sums need. */
export type Fold = {
  readonly add: (receipt: EpochReceipt) => void;
  /** @param history outcomes of the golds of the earlier epochs in the window, oldest first. */
  readonly end: (history: readonly GoldOutcome[]) => EpochFold;
};

export function createFold({ context, batches, golds }: EpochFrame): Fold {
  const anchoredAt = new Map(batches.map((batch) => [batch.batchId, batch.anchoredAt]));
  const truths = new Map(
    golds.flatMap(({ used }) => (used === undefined ? [] : [[used.receiptId, used.truth] as const])),
  );
  const same = createNames();
  const receipts: CountedReceipt[] = [];
  const revealed: { readonly entries: readonly { readonly evaluator: Address }[] }[] = [];
  const goldEntries = new Map<Hex, EpochReceipt>();
  const votes: FeedbackVote[] = [];
  return {
    add(entry) {
      const anchor = anchoredAt.get(entry.batchId);
      // A receipt that is void, or of no listed batch, counts for nothing.
      if (anchor === undefined) return;
      if (!isCounted({ servedAt: entry.receipt.servedAt, anchoredAt: anchor }, context.clock)) return;
      const truth = truths.get(entry.receipt.id);
      receipts.push(countedReceipt(entry, { truth, params: context.params, same }));
      if (truth !== undefined) goldEntries.set(entry.receipt.id, entry);
      votes.push(...votesOf(entry));
      if (entry.entries.length > 0) {
        revealed.push({ entries: entry.entries.map(({ evaluator }) => ({ evaluator: same(evaluator) })) });
      }
    },
    end: (history) => foldOf({ context, golds }, { receipts, revealed, goldEntries, votes }, history),
  };
}

type Kept = {
  readonly receipts: readonly CountedReceipt[];
  readonly revealed: readonly { readonly entries: readonly { readonly evaluator: Address }[] }[];
  readonly goldEntries: ReadonlyMap<Hex, EpochReceipt>;
  readonly votes: readonly FeedbackVote[];
};

/** What carries no volume has no say: whoever chooses the node that is asked could praise it at no cost. */
function votesOf({ receipt, payer, vote }: EpochReceipt): readonly FeedbackVote[] {
  if (vote === undefined || volumeUnits(receipt) === 0n) return [];
  return [{ payer, node: receipt.node, servedAt: receipt.servedAt, good: vote === 'good' }];
}

function foldOf(
  { context, golds }: Pick<EpochFrame, 'context' | 'golds'>,
  { receipts, revealed, goldEntries, votes }: Kept,
  history: readonly GoldOutcome[],
): EpochFold {
  const { minQualityBps } = context.params;
  const goldOutcomes = outcomesOf(golds, goldEntries);
  const known = [...history, ...goldOutcomes];
  const shares = [
    foldInference({ receipts, feedback: feedbackOf(votes), minQualityBps }),
    foldEvaluators({ records: revealed, golds: known }),
    foldGateways({ receipts, minQualityBps }),
  ] as const;
  return {
    leaves: shares.flatMap((share, role) => rewardLeaves(context.epoch, role, share)),
    tableLeaves: tableOf(context, receipts, known),
    goldOutcomes,
  };
}

/** One string per account instead of one per receipt: a million receipts name a few hundred of them. */
function createNames(): (name: Address) => Address {
  const names = new Map<Address, Address>();
  return (name) => getOrCreate(names, name, () => name);
}

type CountRules = {
  /** Exact accuracy of a gold. */
  readonly truth: number | undefined;
  readonly params: EpochFrame['context']['params'];
  readonly same: (name: Address) => Address;
};

function countedReceipt({ receipt, record }: EpochReceipt, { truth, params, same }: CountRules): CountedReceipt {
  const { family, complexity, units, promptTokens, flags } = receipt;
  const { status, quality, score } = record;
  const names = { gateway: same(receipt.gateway), node: same(receipt.node) };
  const base = { ...names, family, complexity, units, promptTokens, flags, status, quality, score };
  return truth === undefined ? base : { ...base, exactScore: goldScore({ receipt, record, truth, params }) };
}

function outcomesOf(golds: EpochFrame['golds'], byId: ReadonlyMap<Hex, EpochReceipt>): readonly GoldOutcome[] {
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
  context: EpochFrame['context'],
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
