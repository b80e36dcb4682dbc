import { chainTime, view } from './lib/chain.ts';
import { chancesAt } from './lib/chances.ts';
import { Exit, defineCommand, runMain } from './lib/command.ts';
import { assessClaims, epochSources, readClaims } from './lib/claims.ts';
import { ACCOUNT_KEY_OPTIONS, accountOf } from './lib/keys.ts';
import { GATEWAY, epochAt, readNode, readTiming, stateOf } from './lib/node.ts';
import type { NodeInfo, NodeState, Timing } from './lib/node.ts';
import { CHAIN_OPTIONS, JSON_OPTION, createReporter, openSession } from './lib/session.ts';
import type { Session } from './lib/session.ts';
import { ROLES, date, dgai, duration, parseRole } from './lib/units.ts';

const OPTIONS = {
  account: { type: 'string', value: 'ADDRESS', help: 'whose nodes (default: those of the key)' },
  role: { type: 'string', value: 'ROLE', help: 'only this role (default: all the account has)' },
  gateway: {
    type: 'string',
    value: 'URL',
    help: 'gateway to ask for unclaimed rewards, and why requests went elsewhere',
  },
  ...CHAIN_OPTIONS,
  ...ACCOUNT_KEY_OPTIONS,
  ...JSON_OPTION,
} as const;

const INFERENCE = 'inference';

type Fees = { readonly balance: bigint; readonly perUnit: bigint };
type NodeStatus = NodeState & {
  readonly role: string;
  readonly node: NodeInfo;
  readonly minimum: bigint;
  readonly fees?: Fees;
};

async function nodeStatus(session: Session, account: string, role: number): Promise<NodeStatus | undefined> {
  const node = await readNode(session, account, role);
  if (node === undefined) return undefined;
  const [timing, now] = [await readTiming(session), await chainTime(session.provider)];
  const epoch = epochAt(timing, now);
  const minimum = await view<bigint>(session.contracts.staking, 'minimumStake', [role]);
  const status = { role: ROLES[role] ?? '', node, minimum, ...stateOf({ node, minimum, epoch, timing }) };
  if (role !== GATEWAY) return status;
  const balance = await view<bigint>(session.contracts.staking, 'feeBalanceOf', [account]);
  const perUnit = await view<bigint>(session.contracts.registry, 'feePerUnitOf', [epoch ?? 0n]);
  return { ...status, fees: { balance, perUnit } };
}

function rows({ state, reason, node, minimum, fees }: NodeStatus, timing: Timing, now: bigint) {
  const list: [string, string][] = [
    ['state', `${state}: ${reason}`],
    ['stake', `${dgai(node.stake)} (minimum ${dgai(minimum)})`],
  ];
  if (node.unbonding > 0n) {
    const at = node.unbondingAvailableAt;
    const when = at <= now ? 'ready: run withdraw' : `until ${date(at)}, in ${duration(at - now)}`;
    list.push(['unbonding', `${dgai(node.unbonding)} ${when}`]);
  } else {
    list.push(['unbonding', `none; takes ${duration(timing.unbonding)}`]);
  }
  list.push(['signer', node.signer], ['payout', node.payout]);
  if (BigInt(node.pendingPayout) !== 0n) list.push(['payout proposed', `${node.pendingPayout}: it has to accept`]);
  if (fees !== undefined) {
    const units = fees.perUnit === 0n ? 'anchoring is free' : `pays for ${fees.balance / fees.perUnit} work units`;
    list.push(['fee balance', `${dgai(fees.balance)}, ${units}`]);
  }
  return list;
}

/** Rewards of all final epochs that the gateway knows and nobody claimed. */
async function claimable(session: Session, gateway: string, account: string) {
  const latest = await view<{ exists: boolean; epoch: bigint }>(session.contracts.distributor, 'latestFinal');
  if (!latest.exists) return { count: 0, total: 0n };
  const from = latest.epoch > 99n ? latest.epoch - 99n : 0n;
  const claims = await readClaims(epochSources(gateway, from, latest.epoch), () => {});
  const own = claims.filter(({ leaf }) => leaf.account === account.toLowerCase());
  const open = (await assessClaims(session, own)).filter(({ state }) => state === 'claimable');
  return { count: open.length, total: open.reduce((sum, { amount }) => sum + amount, 0n) };
}

async function chancesOfNodes(gateway: string | undefined, account: string, nodes: readonly NodeStatus[]) {
  const serves = nodes.some(({ role }) => role === INFERENCE);
  return gateway === undefined || !serves ? [] : await chancesAt(gateway, account);
}

function isFound(item: NodeStatus | undefined): item is NodeStatus {
  return item !== undefined;
}

function exitCode(nodes: readonly NodeStatus[]): number {
  const healthy = nodes.length > 0 && nodes.every(({ state }) => state === 'active' || state === 'waiting');
  return healthy ? Exit.ok : Exit.failed;
}

/** What the chain knows about an account's nodes, in words an operator can act on. */
export const status = defineCommand(
  {
    name: 'status',
    summary: 'Shows an account’s nodes: state and reason, stake, unbonding with its date, jail, fees, rewards.',
    options: OPTIONS,
    notes: [
      'Exit codes for cron: 0 all nodes take part or will, 1 one needs attention (jailed, understaked, out) or there is',
      'none, 2 bad option, 3 chain or gateway unreachable.',
    ],
  },
  async ({ options, io }) => {
    const account = await accountOf(options, io);
    const roles = options.role === undefined ? [0, 1, 2] : [parseRole(options.role)];
    const session = await openSession(options, io);
    const [timing, now] = [await readTiming(session), await chainTime(session.provider)];
    const found = (await Promise.all(roles.map((role) => nodeStatus(session, account, role)))).filter(isFound);
    const balance = await view<bigint>(session.contracts.token, 'balanceOf', [account]);
    const rewards = options.gateway === undefined ? undefined : await claimable(session, options.gateway, account);
    const chances = await chancesOfNodes(options.gateway, account, found);
    const epoch = epochAt(timing, now) ?? null;
    const reporter = createReporter(options.json, io);
    reporter.facts([
      ['account', account],
      ['epoch', epoch === null ? `none before ${date(timing.genesis)}` : `${epoch}`],
      ['holds', dgai(balance)],
      ...(rewards === undefined
        ? []
        : ([['not claimed', `${dgai(rewards.total)} in ${rewards.count} rewards`]] as const)),
    ]);
    for (const item of found) {
      reporter.line(item.role);
      reporter.facts(rows(item, timing, now));
    }
    reporter.facts(chances);
    if (found.length === 0) reporter.line('not registered');
    reporter.result({ account, epoch, time: now, balance, unclaimed: rewards?.total ?? null, nodes: found });
    return exitCode(found);
  },
);

if (import.meta.main) await runMain(status);
