import { BlockNotFoundError, parseEventLogs } from 'viem';

import { EPOCH_STATES } from '../anchor/ports.ts';
import type { AnchorChain, Anchored, BatchState, EpochStatus } from '../anchor/ports.ts';
import type { Address, Distribution, Hex } from '../protocol/types.ts';
import { nodeStakingAbi } from './abi/node-staking.ts';
import { proofRegistryAbi } from './abi/proof-registry.ts';
import { rewardDistributorAbi } from './abi/reward-distributor.ts';
import type { ChainClient } from './clients.ts';
import type { DeploymentAddresses } from '../lib/deployment.ts';
import type { HeadFollower } from './head.ts';
import type { Sender } from './sender.ts';

export type AnchorChainDeps = {
  readonly client: ChainClient;
  readonly sender: Sender;
  readonly head: HeadFollower;
  readonly contracts: DeploymentAddresses;
  readonly gateway: Address;
};

/** The anchoring steps' chain port over viem. */
export function createAnchorChain(deps: AnchorChainDeps): AnchorChain {
  return {
    head: deps.head.head,
    blockHash: (block) => hashAt(deps.client, block),
    ...receiptCalls(deps),
    ...goldCalls(deps),
    ...epochCalls(deps),
  };
}

async function hashAt(client: ChainClient, block: bigint): Promise<Hex | undefined> {
  try {
    const { hash } = await client.getBlock({ blockNumber: block });
    return hash;
  } catch (error) {
    if (error instanceof BlockNotFoundError) return undefined;
    throw error;
  }
}

type ReceiptCalls = Pick<
  AnchorChain,
  'nextSerial' | 'anchorReceipts' | 'findAnchor' | 'anchorsIn' | 'batchOf' | 'fixSeed' | 'anchorRecords'
>;

function receiptCalls(deps: AnchorChainDeps): ReceiptCalls {
  const { client, sender, contracts, gateway } = deps;
  const registry = { address: contracts.proofRegistry, abi: proofRegistryAbi } as const;
  return {
    nextSerial: () => client.readContract({ ...registry, functionName: 'nextSerial', args: [gateway] }),
    async anchorReceipts({ root, fromSerial, toSerial, count, units, dataHash }) {
      const { logs } = await sender.send({
        ...registry,
        functionName: 'anchorReceipts',
        args: [root, fromSerial, toSerial, count, units, dataHash],
      });
      const [event] = parseEventLogs({ abi: proofRegistryAbi, eventName: 'ReceiptsAnchored', logs, strict: true });
      if (event === undefined) throw new Error(`the anchor of serial ${fromSerial} left no event`);
      return await anchoredAs(client, event);
    },
    findAnchor: ({ fromSerial, root }) => findAnchor(client, contracts, { gateway, fromSerial, root }),
    anchorsIn: (epoch, startsAt) => countAnchors(deps, epoch, startsAt),
    async batchOf(batchId): Promise<BatchState> {
      const batch = await client.readContract({ ...registry, functionName: 'batchOf', args: [batchId] });
      return {
        root: batch.root,
        seed: batch.seed,
        recordsRoot: batch.recordsRoot,
        anchorBlock: batch.anchorBlock,
        recordBy: batch.recordBy,
      };
    },
    async fixSeed(batchId) {
      await sender.send({ ...registry, functionName: 'fixSeed', args: [batchId] });
    },
    async anchorRecords({ batchId, root, count, dataHash }) {
      await sender.send({ ...registry, functionName: 'anchorRecords', args: [batchId, root, count, dataHash] });
    },
  };
}

/** Blocks that one query for events may span: public RPCs refuse more. */
const EVENT_RANGE = 5_000n;

/** The gateway's anchors from the newest block back to the deployment, one query's worth at a time. */
async function* anchorsBackwards(client: ChainClient, { proofRegistry, block }: DeploymentAddresses, gateway: Address) {
  for (let toBlock = await client.getBlockNumber(); toBlock >= block; toBlock -= EVENT_RANGE) {
    const lowest = toBlock - EVENT_RANGE + 1n;
    const fromBlock = lowest > block ? lowest : block;
    const events = await client.getContractEvents({
      address: proofRegistry,
      abi: proofRegistryAbi,
      eventName: 'ReceiptsAnchored',
      args: { gateway },
      fromBlock,
      toBlock,
      strict: true,
    });
    yield { fromBlock, events };
  }
}

/** Only after a crash, so the anchor is likely among the newest events. */
async function findAnchor(
  client: ChainClient,
  contracts: DeploymentAddresses,
  { gateway, fromSerial, root }: { readonly gateway: Address; readonly fromSerial: bigint; readonly root: Hex },
): Promise<Anchored | undefined> {
  for await (const { events } of anchorsBackwards(client, contracts, gateway)) {
    const event = events.find(({ args }) => args.fromSerial === fromSerial && args.root === root);
    if (event !== undefined) return await anchoredAs(client, event);
  }
  return undefined;
}

/** @param startsAt chain time before which no anchor of the epoch can be. */
async function countAnchors(
  { client, contracts, gateway }: AnchorChainDeps,
  epoch: bigint,
  startsAt: bigint,
): Promise<number> {
  let count = 0;
  for await (const { fromBlock, events } of anchorsBackwards(client, contracts, gateway)) {
    count += events.filter(({ args }) => args.epoch === epoch).length;
    const { timestamp } = await client.getBlock({ blockNumber: fromBlock });
    if (timestamp < startsAt) break;
  }
  return count;
}

type AnchorEvent = {
  readonly args: { readonly batchId: bigint; readonly epoch: bigint };
  readonly blockHash: Hex;
  readonly blockNumber: bigint;
};

async function anchoredAs(client: ChainClient, event: AnchorEvent): Promise<Anchored> {
  const block = await client.getBlock({ blockHash: event.blockHash });
  return {
    batchId: event.args.batchId,
    epoch: event.args.epoch,
    block: event.blockNumber,
    blockHash: event.blockHash,
    anchoredAt: block.timestamp,
  };
}

function goldCalls({
  client,
  sender,
  contracts,
  gateway,
}: AnchorChainDeps): Pick<AnchorChain, 'goldRoot' | 'anchorGold'> {
  const registry = { address: contracts.proofRegistry, abi: proofRegistryAbi } as const;
  return {
    async goldRoot(epoch): Promise<Hex> {
      const [root] = await client.readContract({ ...registry, functionName: 'goldOf', args: [gateway, epoch] });
      return root;
    },
    async anchorGold(epoch, root, count) {
      await sender.send({ ...registry, functionName: 'anchorGold', args: [epoch, root, count] });
    },
  };
}

type EpochCalls = Pick<
  AnchorChain,
  'nextEpochToOpen' | 'openEpoch' | 'epochState' | 'propose' | 'finalize' | 'voidEpoch' | 'attesterStake'
>;

function epochCalls({ client, sender, contracts, gateway }: AnchorChainDeps): EpochCalls {
  const distributor = { address: contracts.rewardDistributor, abi: rewardDistributorAbi } as const;
  return {
    nextEpochToOpen: () => client.readContract({ ...distributor, functionName: 'nextEpochToOpen' }),
    async openEpoch(epoch) {
      await sender.send({ ...distributor, functionName: 'openEpoch', args: [epoch] });
    },
    epochState: (epoch) => readEpoch(client, contracts.rewardDistributor, epoch),
    async propose(distribution: Distribution, signatures) {
      await sender.send({ ...distributor, functionName: 'propose', args: [distribution, signatures] });
    },
    async voidEpoch(epoch) {
      await sender.send({ ...distributor, functionName: 'voidEpoch', args: [epoch] });
    },
    attesterStake: (epoch) =>
      client.readContract({
        address: contracts.nodeStaking,
        abi: nodeStakingAbi,
        functionName: 'gatewayStakeAt',
        args: [gateway, epoch],
      }),
    async finalize(epoch) {
      await sender.send({ ...distributor, functionName: 'finalize', args: [epoch] });
    },
  };
}

/** What a gateway's parameters file has to agree with before it may start. */
export async function readRules(
  client: ChainClient,
  { proofRegistry, rewardDistributor }: DeploymentAddresses,
): Promise<{ readonly paramsHash: Hex; readonly floorBps: number }> {
  const [paramsHash, floorBps] = await Promise.all([
    client.readContract({ address: rewardDistributor, abi: rewardDistributorAbi, functionName: 'paramsHash' }),
    client.readContract({ address: proofRegistry, abi: proofRegistryAbi, functionName: 'floorBps' }),
  ]);
  return { paramsHash, floorBps };
}

export async function readEpoch(client: ChainClient, distributor: Address, epoch: bigint): Promise<EpochStatus> {
  const info = await client.readContract({
    address: distributor,
    abi: rewardDistributorAbi,
    functionName: 'epochInfo',
    args: [epoch],
  });
  const { round, roundStartsAt, finalizableAt, paramsHash, tableRoot, tableEpoch, distributionHash } = info;
  const { pot, pools, electorate } = info;
  const state = EPOCH_STATES[info.state] ?? 'none';
  return {
    state,
    round,
    roundStartsAt,
    finalizableAt,
    paramsHash,
    tableRoot,
    tableEpoch,
    distributionHash,
    pot,
    pools,
    electorate,
  };
}
