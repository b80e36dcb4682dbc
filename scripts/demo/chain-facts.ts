import { EventLog } from 'ethers';
import type { Contract } from 'ethers';

import { view } from '../lib/chain.ts';
import { contractsOf } from '../lib/deployment.ts';
import type { Network } from './joining.ts';
import type { Member } from './members.ts';

/** What the chain itself says, read with ethers: the side that the dataset and the balances are held against. */
export type EpochInfo = {
  readonly state: bigint;
  readonly round: bigint;
  readonly pot: bigint;
  readonly pools: readonly bigint[];
  readonly roots: readonly string[];
  readonly totals: readonly bigint[];
  readonly counts: readonly bigint[];
  readonly paramsHash: string;
  readonly nextTableRoot: string;
  readonly distributionHash: string;
};

export type AnchoredBatch = {
  readonly batchId: bigint;
  readonly epoch: bigint;
  readonly root: string;
  readonly recordsRoot: string;
};
export type ClaimEvent = {
  readonly account: string;
  readonly role: number;
  readonly epoch: bigint;
  readonly payout: string;
  readonly amount: bigint;
  /** What the cap took off. */
  readonly returned: bigint;
};
export type GoldAnchor = { readonly epoch: bigint; readonly root: string; readonly count: bigint };

export type ChainFacts = {
  readonly epochs: readonly EpochInfo[];
  readonly batches: readonly AnchoredBatch[];
  readonly golds: readonly GoldAnchor[];
  readonly claims: readonly ClaimEvent[];
  /** Balance of every address that ever took part in a transfer. */
  readonly balances: ReadonlyMap<string, bigint>;
  readonly totalSupply: bigint;
  readonly minted: bigint;
  readonly burned: bigint;
  readonly distributor: { readonly balance: bigint; readonly reserve: bigint };
};

const ZERO_ADDRESS = `0x${'00'.repeat(20)}`;

/** Facts of one moment: an epoch that opens while they are read moves a pot from the reserve, so they are read again. */
export async function readChainFacts(network: Network, epochCount: number): Promise<ChainFacts> {
  const { distributor } = contractsOf(network.deployment, network.connection.provider);
  const moment = async (): Promise<string> =>
    `${await view<bigint>(distributor, 'nextEpochToOpen')}:${await view<bigint>(distributor, 'reserve')}`;
  for (let reads = 0; ; reads += 1) {
    const before = await moment();
    const facts = await readFacts(network, epochCount);
    if (reads === MAX_READS || before === (await moment())) return facts;
  }
}

const MAX_READS = 5;

async function readFacts({ deployment, connection }: Network, epochCount: number): Promise<ChainFacts> {
  const { token, registry, distributor } = contractsOf(deployment, connection.provider);
  const from = deployment.block;
  // Epochs after the last one with traffic are open already, and their pots are part of the balance.
  const opened = Number(await view<bigint>(distributor, 'nextEpochToOpen'));
  const epochs = await Promise.all(
    Array.from({ length: Math.max(epochCount, opened) }, (_, epoch) =>
      view<EpochInfo>(distributor, 'epochInfo', [epoch]),
    ),
  );
  const transfers = await eventsOf(token, 'Transfer', from);
  const amount = (event: EventLog): bigint => event.args[2] as bigint;
  const address = (event: EventLog, index: number): string => String(event.args[index]).toLowerCase();
  const holders = new Set(transfers.flatMap((event) => [address(event, 0), address(event, 1)]));
  holders.delete(ZERO_ADDRESS);
  const balances = await Promise.all(
    [...holders].map(async (holder) => [holder, await view<bigint>(token, 'balanceOf', [holder])] as const),
  );
  const sum = (events: readonly EventLog[]): bigint => events.reduce((total, event) => total + amount(event), 0n);
  const distributorAddress = (await distributor.getAddress()).toLowerCase();
  const held = new Map(balances);
  return {
    epochs,
    batches: await readBatches(registry, from),
    golds: (await eventsOf(registry, 'GoldAnchored', from)).map(({ args }) => ({
      epoch: args[1] as bigint,
      root: String(args[2]),
      count: args[3] as bigint,
    })),
    claims: (await eventsOf(distributor, 'Claimed', from)).map(claimOf),
    balances: held,
    totalSupply: await view<bigint>(token, 'totalSupply'),
    minted: sum(transfers.filter((event) => address(event, 0) === ZERO_ADDRESS)),
    burned: sum(transfers.filter((event) => address(event, 1) === ZERO_ADDRESS)),
    distributor: { balance: held.get(distributorAddress) ?? 0n, reserve: await view<bigint>(distributor, 'reserve') },
  };
}

async function eventsOf(contract: Contract, name: string, fromBlock: number): Promise<EventLog[]> {
  const events = await contract.queryFilter(name, fromBlock, 'latest');
  return events.filter((event) => event instanceof EventLog);
}

async function readBatches(registry: Contract, from: number): Promise<AnchoredBatch[]> {
  const events = await eventsOf(registry, 'ReceiptsAnchored', from);
  return await Promise.all(
    events.map(async ({ args }) => {
      const batchId = args[0] as bigint;
      const batch = await view<Omit<AnchoredBatch, 'batchId'>>(registry, 'batchOf', [batchId]);
      return { batchId, epoch: batch.epoch, root: batch.root, recordsRoot: batch.recordsRoot };
    }),
  );
}

function claimOf({ args }: EventLog): ClaimEvent {
  return {
    account: String(args[0]).toLowerCase(),
    role: Number(args[1]),
    epoch: args[2] as bigint,
    payout: String(args[3]).toLowerCase(),
    amount: args[4] as bigint,
    returned: args[5] as bigint,
  };
}

/** A probe: the gateway has anchored its golds of epoch 0. */
export function goldsAnchored({ deployment, connection }: Network, gateway: Member): () => Promise<boolean> {
  const { registry } = contractsOf(deployment, connection.provider);
  return async () =>
    (await view<{ readonly count: bigint }>(registry, 'goldOf', [gateway.account.address, 0])).count > 0n;
}
