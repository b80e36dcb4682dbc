import { isError } from 'ethers';
import type { Contract, ContractEventName, EventLog, Result } from 'ethers';

import { explain } from '../lib/chain.ts';
import { CommandError, Exit, describeError } from '../lib/command.ts';
import { batchRoot } from '../lib/protocol/batch-tree.ts';
import { leafHash } from '../lib/protocol/leaf.ts';
import type { Session } from '../lib/session.ts';
import type { Context } from './context.ts';
import type { BatchLine, Dataset, EpochLine } from './dataset.ts';
import { distributionOf } from './distribution.ts';
import { expectSame, within, wrong } from './wrong.ts';
import type { At } from './wrong.ts';

/** What only the chain can say: anchors, seeds, members, keys, and the distribution itself. */

/**
 * A contract that refuses is a finding, at `at`; a chain that does not answer is none, and must not look like one. Only a
 * refusal comes with revert data.
 */
async function ask<Value>(contract: Contract, name: string, args: readonly unknown[], at: At): Promise<Value> {
  try {
    return (await contract.getFunction(name).staticCall(...args)) as Value;
  } catch (error) {
    if (isError(error, 'CALL_EXCEPTION') && error.data !== null) return wrong(at, `${name}: ${explain(error)}`);
    throw new CommandError(`${name}: ${explain(error)}`, Exit.unavailable);
  }
}

async function eventsOf(contract: Contract, filter: ContractEventName, from: number, to?: number): Promise<EventLog[]> {
  try {
    const logs = await contract.queryFilter(filter, from, to ?? 'latest');
    return logs.filter((log): log is EventLog => 'args' in log);
  } catch (error) {
    throw new CommandError(`the chain's events: ${describeError(error)}`, Exit.unavailable);
  }
}

export async function checkNetwork({ epoch }: Dataset, session: Session): Promise<void> {
  const { NodeStaking, ProofRegistry, RewardDistributor } = session.deployment.contracts;
  const at = (field: string) => ({ line: epoch.line, field });
  expectSame(at('chainId'), epoch.chainId, session.chainId);
  expectSame(at('nodeStaking'), epoch.nodeStaking, NodeStaking.address);
  expectSame(at('proofRegistry'), epoch.proofRegistry, ProofRegistry.address);
  expectSame(at('rewardDistributor'), epoch.rewardDistributor, RewardDistributor.address);
  expectSame(at('genesis'), epoch.genesis, await ask<bigint>(session.contracts.staking, 'genesis', [], at('genesis')));
  expectSame(
    at('epochDuration'),
    epoch.epochDuration,
    await ask<bigint>(session.contracts.staking, 'epochDuration', [], at('epochDuration')),
  );
  const floor = await ask<bigint>(session.contracts.registry, 'floorBps', [], at('params'));
  expectSame(at('params.floorRateBps'), epoch.params.floorRateBps, floor);
}

type EpochInfo = {
  readonly state: bigint;
  readonly round: bigint;
  readonly roots: Result;
  readonly totals: Result;
  readonly counts: Result;
  readonly paramsHash: string;
  readonly tableRoot: string;
  readonly tableEpoch: bigint;
  readonly nextTableRoot: string;
  readonly distributionHash: string;
};

const infoOf = ({ line, epoch }: EpochLine, session: Session) =>
  ask<EpochInfo>(session.contracts.distributor, 'epochInfo', [epoch], { line, field: 'epoch' });

type Member = { readonly account: string; readonly activeFromEpoch: bigint; readonly inactiveFromEpoch: bigint };

const PAGE = 100n;

/** Who was in office, and which table and parameters were in force. */
export async function checkEpoch({ epoch }: Dataset, session: Session): Promise<void> {
  const at = (field: string) => ({ line: epoch.line, field });
  const info = await infoOf(epoch, session);
  expectSame(at('tableRoot'), epoch.tableRoot, info.tableRoot);
  expectSame(at('tableEpoch'), epoch.tableEpoch, info.tableEpoch);
  await checkMembers(session, epoch, { field: 'nodes', role: 0, listed: epoch.nodes });
  await checkMembers(session, epoch, { field: 'evaluators', role: 1, listed: epoch.evaluators });
}

type MembersInput = { readonly field: string; readonly role: number; readonly listed: readonly string[] };

async function checkMembers(session: Session, epoch: EpochLine, { field, role, listed }: MembersInput): Promise<void> {
  const { staking } = session.contracts;
  const at = { line: epoch.line, field };
  const count = await ask<bigint>(staking, 'nodeCount', [role], at);
  const active: string[] = [];
  for (let from = 0n; from < count; from += PAGE) {
    const page = await ask<readonly Member[]>(staking, 'nodesOf', [role, from, PAGE], at);
    for (const { account } of page) {
      if (await wasActive(session, epoch, role, account)) active.push(account.toLowerCase());
    }
  }
  expectSame(at, listed.join(' '), active.toSorted().join(' '));
}

/** The last change before the epoch began decides: a member may have left, or come back, since. */
async function wasActive(session: Session, { epoch, ...clock }: EpochLine, role: number, account: string) {
  const { staking } = session.contracts;
  const filter = staking.filters['MembershipChanged']?.(account, role) ?? 'MembershipChanged';
  const begin = clock.genesis + epoch * clock.epochDuration;
  let isActive = false;
  for (const change of await eventsOf(staking, filter, session.deployment.block)) {
    const block = await session.provider.getBlock(change.blockNumber);
    if (block === null) throw new CommandError(`the chain has no block ${change.blockNumber}`, Exit.unavailable);
    if (BigInt(block.timestamp) >= begin) break;
    const { activeFromEpoch, inactiveFromEpoch } = change.args.toObject() as Member;
    isActive = activeFromEpoch <= epoch && epoch < inactiveFromEpoch;
  }
  return isActive;
}

type Batch = { readonly [Name in 'gateway' | 'root' | 'seed' | 'recordsRoot']: string } & {
  readonly [Name in 'epoch' | 'anchorBlock' | 'anchoredAt']: bigint;
};

const batchAt = (session: Session, id: bigint, at: At) => ask<Batch>(session.contracts.registry, 'batchOf', [id], at);

/** Every batch as it stands on chain, and none of the epoch's left out. */
export async function checkAnchors({ batches, epoch }: Dataset, session: Session): Promise<void> {
  const { registry } = session.contracts;
  for (const batch of batches) {
    const at = (field: string) => ({ line: batch.line, field });
    const anchored = await batchAt(session, batch.batchId, at('batchId'));
    expectSame(at('batchId'), anchored.epoch, epoch.epoch);
    for (const name of ['gateway', 'root', 'anchorBlock', 'anchoredAt', 'seed', 'recordsRoot'] as const) {
      expectSame(at(name), batch[name], anchored[name]);
    }
    const block = Number(batch.anchorBlock);
    await checkEvent(registry, 'ReceiptsAnchored', batch, { from: block, to: block });
    await checkEvent(registry, 'RecordsAnchored', batch, { from: block });
  }
  const at = { line: epoch.line, field: 'epoch' };
  const count = await ask<bigint>(registry, 'batchCount', [], at);
  const first = await firstOf(session, epoch, count);
  const known = new Set(batches.map(({ batchId }) => batchId));
  for (let id = first; id <= count; id += 1n) {
    const batch = await batchAt(session, id, at);
    if (batch.epoch !== epoch.epoch) break;
    if (known.has(id) || /^0x0*$/.test(batch.recordsRoot)) continue;
    wrong(at, `batch ${id} was recorded in this epoch, but is not in the dataset`);
  }
}

/** Ids ascend with time: the first batch of an epoch is found by halving. */
async function firstOf(session: Session, { line, epoch }: EpochLine, count: bigint): Promise<bigint> {
  let [low, high] = [1n, count + 1n];
  while (low < high) {
    const middle = (low + high) / 2n;
    if ((await batchAt(session, middle, { line, field: 'epoch' })).epoch < epoch) low = middle + 1n;
    else high = middle;
  }
  return low;
}

const EVENT_FIELDS = {
  ReceiptsAnchored: {
    fromSerial: 'fromSerial',
    toSerial: 'toSerial',
    count: 'count',
    units: 'units',
    dataHash: 'dataHash',
  },
  RecordsAnchored: { count: 'count', recordsDataHash: 'dataHash' },
} as const;

async function checkEvent(
  registry: Contract,
  name: keyof typeof EVENT_FIELDS,
  batch: BatchLine,
  { from, to }: { readonly from: number; readonly to?: number },
): Promise<void> {
  const filter = registry.filters[name]?.(batch.batchId) ?? name;
  const [event] = await eventsOf(registry, filter, from, to);
  if (event === undefined) return wrong({ line: batch.line, field: 'batchId' }, `the chain has no ${name} of it`);
  const args = event.args.toObject() as Readonly<Record<string, string | bigint>>;
  for (const [field, argument] of Object.entries(EVENT_FIELDS[name])) {
    const value = batch[field as 'count' | 'units' | 'dataHash'];
    expectSame({ line: batch.line, field }, value, args[argument] ?? '');
  }
}

const ROLE_NUMBERS = { node: 0n, evaluator: 1n, gateway: 2n } as const;

/** Every key that signed anything here belongs, or belonged, to the account it signed for. */
export async function checkSigners({ signers }: Context, session: Session): Promise<void> {
  for (const { role, account, signer, at } of signers.list()) {
    const owner = await ask<{ account: string; role: bigint }>(
      session.contracts.staking,
      'accountOfSigner',
      [signer],
      at,
    );
    if (owner.account.toLowerCase() === account && owner.role === ROLE_NUMBERS[role]) continue;
    wrong(at, `is by ${signer}, which is no key of ${role} ${account}`);
  }
}

/** Golds stand under the root that their gateway anchored before the epoch; late ones under that of the epoch before. */
export async function checkGoldRoot(
  { dataset, skip }: Context,
  previous: readonly Dataset[],
  session: Session,
): Promise<void> {
  const { epoch, golds, batches } = dataset;
  const [gateway, ...others] = new Set(batches.map((batch) => batch.gateway));
  if (gateway === undefined || others.length > 0) {
    skip('root of golds', 'gold lines do not name their gateway, and the batches are not of exactly one');
    return;
  }
  await checkTree(dataset, gateway, session);
  const before = previous.find((earlier) => earlier.epoch.epoch + 1n === epoch.epoch);
  if (before !== undefined && golds.some(({ leaf }) => leaf.epoch !== epoch.epoch)) {
    await checkTree(before, gateway, session);
  }
}

async function checkTree({ epoch, golds }: Dataset, gateway: string, session: Session): Promise<void> {
  const own = golds.filter(({ leaf }) => leaf.epoch === epoch.epoch);
  const at = { line: own[0]?.line ?? epoch.line, field: 'leaf' };
  const args = [gateway, epoch.epoch];
  const anchored = await ask<{ root: string; count: bigint }>(session.contracts.registry, 'goldOf', args, at);
  expectSame(at, BigInt(own.length), anchored.count);
  if (own.length === 0) return;
  const domain = { chainId: epoch.chainId, contract: epoch.proofRegistry };
  const root = within(at, () => batchRoot(own.map(({ leaf }) => leafHash('GoldLeaf', domain, leaf))));
  if (root === anchored.root) return;
  wrong(
    at,
    `golds of epoch ${epoch.epoch} have the root ${root}, anchored was ${anchored.root}: one is not in the tree`,
  );
}

/** First state of an epoch in which there is a distribution: 2 proposed, 3 disputed, 4 final. */
const PROPOSED = 2n;
const FINAL = 4n;

/** The dataset's result is the proposal's, root by root and as a whole. */
export async function checkDistribution({ dataset, skip }: Context, session: Session): Promise<void> {
  const { epoch, rewards, table, lines } = dataset;
  const info = await infoOf(epoch, session);
  expectSame({ line: epoch.line, field: 'params' }, distributionOf(dataset, info.round).paramsHash, info.paramsHash);
  if (info.state < PROPOSED || info.state > FINAL) {
    skip('distribution on chain', 'the epoch has none on chain (not proposed yet, or void)');
    return;
  }
  const own = distributionOf(dataset, info.round);
  for (const role of [0, 1, 2]) {
    const at = { line: rewards.find(({ leaf }) => leaf.role === BigInt(role))?.line ?? lines, field: `role ${role}` };
    for (const name of ['roots', 'totals', 'counts'] as const) {
      const value: unknown = info[name][role];
      expectSame(
        { ...at, field: `${at.field} ${name}` },
        BigInt(own[name][role] ?? 0n),
        BigInt(value as string | bigint),
      );
    }
  }
  expectSame({ line: table[0]?.line ?? lines, field: 'table root' }, own.tableRoot, info.nextTableRoot);
  // What is left of the whole: batch ids and the sha256 of this very text.
  expectSame({ line: lines, field: 'distribution hash' }, own.hash, info.distributionHash);
}

/** An earlier dataset counts only if it is the one that its epoch's distribution names. */
export async function checkPrevious(previous: Dataset, session: Session): Promise<void> {
  await checkNetwork(previous, session);
  const info = await infoOf(previous.epoch, session);
  const at = { line: previous.lines, field: 'distribution hash' };
  expectSame(at, distributionOf(previous, info.round).hash, info.distributionHash);
}
