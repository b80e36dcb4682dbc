import type { EpochStatus } from '../anchor/ports.ts';
import type { GoldLog, PreparedGold } from '../gold/ports.ts';
import { Role } from '../protocol/constants.ts';
import type { JsonObject } from '../protocol/content.ts';
import type { EpochClock } from '../protocol/epoch.ts';
import type { ProtocolParams } from '../protocol/params.ts';
import type { Address } from '../protocol/types.ts';
import type { EpochContext, EpochFacts, EpochGold, EpochLog } from './ports.ts';

/** Collects what an epoch's result is computed from. */
export type GatherDeps = {
  readonly network: Pick<EpochContext, 'chainId' | 'nodeStaking' | 'proofRegistry' | 'rewardDistributor'>;
  readonly clock: EpochClock;
  readonly params: ProtocolParams;
  /** Accounts of a role that are in office in an epoch. */
  readonly activeIn: (role: Role, epoch: bigint) => Promise<readonly Address[]>;
  readonly log: Pick<EpochLog, 'batches' | 'receiptsOf'>;
  readonly golds: Pick<GoldLog, 'ofEpoch' | 'answerOf'>;
  /** Exact accuracy in bps of a canonical response to a gold task. */
  readonly truth: (task: JsonObject, response: string) => number;
};

export async function gatherFacts(epoch: bigint, status: EpochStatus, deps: GatherDeps): Promise<EpochFacts> {
  const { chainId, nodeStaking, proofRegistry, rewardDistributor } = deps.network;
  const golds = await goldsOf(epoch, deps);
  return {
    context: {
      epoch,
      chainId,
      nodeStaking,
      proofRegistry,
      rewardDistributor,
      clock: deps.clock,
      params: deps.params,
      tableRoot: status.tableRoot,
      tableEpoch: status.tableEpoch,
      evaluators: await deps.activeIn(Role.evaluator, epoch),
      nodes: await deps.activeIn(Role.inference, epoch),
    },
    batches: await deps.log.batches(epoch),
    receiptsOf: deps.log.receiptsOf,
    golds: await Promise.all(golds.map((gold) => withTruth(epoch, gold, deps))),
  };
}

/** The epoch's own golds, and those of the one before whose receipt was anchored only in this one. */
async function goldsOf(epoch: bigint, { golds }: GatherDeps): Promise<readonly PreparedGold[]> {
  const previous = epoch === 0n ? [] : await golds.ofEpoch(epoch - 1n);
  return [...previous.filter(({ anchoredEpoch }) => anchoredEpoch === epoch), ...(await golds.ofEpoch(epoch))];
}

async function withTruth(epoch: bigint, gold: PreparedGold, { golds, truth }: GatherDeps): Promise<EpochGold> {
  const { leaf, task, receiptId, anchoredEpoch } = gold;
  if (receiptId === undefined || anchoredEpoch !== epoch) return { leaf, task };
  const response = await golds.answerOf(receiptId);
  if (response === undefined) return { leaf, task };
  return { leaf, task, used: { receiptId, truth: truth(task, response) } };
}
