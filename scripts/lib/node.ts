import { view } from './chain.ts';
import { CommandError } from './command.ts';
import type { Session } from './session.ts';
import { date, dgai, duration, roleName } from './units.ts';

/** What the staking contract knows about a node, and how to say it. */
export type NodeInfo = {
  readonly account: string;
  readonly role: bigint;
  readonly stake: bigint;
  readonly unbonding: bigint;
  readonly unbondingAvailableAt: bigint;
  readonly activeFromEpoch: bigint;
  readonly inactiveFromEpoch: bigint;
  readonly jailedUntilEpoch: bigint;
  readonly signer: string;
  readonly payout: string;
  readonly pendingPayout: string;
  readonly registeredAt: bigint;
  readonly metadataHash: string;
  readonly metadataUri: string;
};

export type Timing = {
  readonly genesis: bigint;
  readonly epochDuration: bigint;
  readonly recordWindow: bigint;
  readonly roundDuration: bigint;
  readonly disputeWindow: bigint;
  readonly arbiterDeadline: bigint;
  readonly unbonding: bigint;
};

/** An epoch number that means: never. */
export const NEVER = 4_294_967_295n;

export const GATEWAY = 2;

export async function readNode({ contracts }: Session, account: string, role: number): Promise<NodeInfo | undefined> {
  const node = await view<NodeInfo>(contracts.staking, 'nodeOf', [account, role]);
  return node.registeredAt === 0n ? undefined : node;
}

export async function requireNode(session: Session, account: string, role: number): Promise<NodeInfo> {
  const node = await readNode(session, account, role);
  if (node === undefined) throw new CommandError(`${account} is not registered as ${roleName(role)} node`);
  return node;
}

export async function readTiming({ contracts }: Session): Promise<Timing> {
  return await view<Timing>(contracts.staking, 'timing');
}

export function epochStart(timing: Timing, epoch: bigint): bigint {
  return timing.genesis + epoch * timing.epochDuration;
}

/** `epoch 7, from 2026-11-29 00:00:00 UTC` */
export function epochText(timing: Timing, epoch: bigint): string {
  return epoch >= NEVER ? 'never' : `epoch ${epoch}, from ${date(epochStart(timing, epoch))}`;
}

/** In which state a node is, in one word and a reason: what an operator asks when no work comes. */
export type NodeState = { readonly state: string; readonly reason: string };

export type StateInput = {
  readonly node: NodeInfo;
  readonly minimum: bigint;
  /** Undefined before genesis. */
  readonly epoch: bigint | undefined;
  readonly timing: Timing;
};

export function stateOf({ node, minimum, epoch, timing }: StateInput): NodeState {
  if (node.jailedUntilEpoch !== 0n) {
    return { state: 'jailed', reason: `anybody can unjail it from ${epochText(timing, node.jailedUntilEpoch)} on` };
  }
  if (node.stake < minimum) {
    return { state: 'understaked', reason: `has ${dgai(node.stake)}, takes part from ${dgai(minimum)} on` };
  }
  if (epoch === undefined) {
    return { state: 'waiting', reason: `the network starts at ${date(timing.genesis)}` };
  }
  if (node.activeFromEpoch > epoch) {
    return { state: 'waiting', reason: `takes part from ${epochText(timing, node.activeFromEpoch)} on` };
  }
  if (node.inactiveFromEpoch <= epoch) {
    return { state: 'inactive', reason: `has been out since ${epochText(timing, node.inactiveFromEpoch)}` };
  }
  return { state: 'active', reason: `since ${epochText(timing, node.activeFromEpoch)}` };
}

/** Epoch of `time`; undefined before genesis, when nothing is current. */
export function epochAt(timing: Timing, time: bigint): bigint | undefined {
  return time < timing.genesis ? undefined : (time - timing.genesis) / timing.epochDuration;
}

export function nextEpoch(timing: Timing, time: bigint): bigint {
  const epoch = epochAt(timing, time);
  return epoch === undefined ? 0n : epoch + 1n;
}

/** The rows every staking command shows: when stake starts to count, and how long it takes to get it back. */
export function stakeFacts(timing: Timing, now: bigint): (readonly [string, string])[] {
  return [
    ['counts from', epochText(timing, nextEpoch(timing, now))],
    ['exit takes', `${duration(timing.unbonding)} of unbonding; stake and unbonding can be slashed`],
  ];
}
