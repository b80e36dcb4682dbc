import { Wallet } from 'ethers';

import { createHash } from 'node:crypto';

import type { ProfileName } from './backends/profiles.ts';
import type { DemoNode } from './network-file.ts';
import { freePorts } from './supervisor.ts';

/** Everybody who stakes in the demo. All keys come from the seed. */
export type Member = {
  readonly name: string;
  readonly role: 0 | 1 | 2;
  readonly account: Wallet;
  readonly signer: Wallet;
  readonly port: number;
  readonly url: string;
};
export type NodeMember = Member & {
  readonly role: 0;
  readonly backend: DemoNode;
  readonly profile: ProfileName | undefined;
};
export type EvaluatorMember = Member & { readonly role: 1; readonly lies: boolean };

export type Members = {
  readonly nodes: readonly NodeMember[];
  readonly evaluators: readonly EvaluatorMember[];
  readonly gateway: Member;
  /** The evaluators' own model, behind no node and like none: a second opinion. None beside other people's backends. */
  readonly judge: DemoNode | undefined;
};

/** The quality of the evaluators' model: methods of its own, which no node uses. */
export const JUDGE_PROFILE = 'judge';
type NodeProfile = Exclude<ProfileName, typeof JUDGE_PROFILE>;

/** What each of our own backends asks for its work, in micro-USD per million tokens. */
const PRICES: Readonly<Record<NodeProfile, DemoNode['price']>> = {
  honest: { input: 200_000, output: 600_000 },
  slow: { input: 150_000, output: 450_000 },
  cheap: { input: 40_000, output: 120_000 },
  degraded: { input: 180_000, output: 540_000 },
  lazy: { input: 100_000, output: 300_000 },
  flaky: { input: 180_000, output: 540_000 },
};

const EVALUATORS = 7;
/** Nobody is billed for the evaluators' model. */
const FREE = { input: 0, output: 0 };

const NODE_PROFILES = Object.keys(PRICES) as readonly NodeProfile[];

export async function createMembers(seed: string, network: readonly DemoNode[] | undefined): Promise<Members> {
  const own = network === undefined;
  const nodeCount = own ? NODE_PROFILES.length : network.length;
  const ports = await freePorts(nodeCount * 2 + EVALUATORS + 2);
  const port = (): number => ports.pop() ?? 0;
  const member = (name: string, role: 0 | 1 | 2): Member => {
    const listening = port();
    return {
      name,
      role,
      account: keyOf(seed, name, 'account'),
      signer: keyOf(seed, name, 'signer'),
      port: listening,
      url: `http://127.0.0.1:${listening}`,
    };
  };
  const backends = own ? NODE_PROFILES.map((profile) => ownBackend(profile, PRICES[profile], port())) : network;
  return {
    nodes: backends.map((backend, index) => ({
      ...member(backend.name, 0),
      role: 0,
      backend,
      profile: own ? NODE_PROFILES[index] : undefined,
    })),
    evaluators: Array.from({ length: EVALUATORS }, (_, index) => {
      const lies = index === EVALUATORS - 1;
      return { ...member(`evaluator-${index + 1}`, 1), role: 1, lies };
    }),
    gateway: member('gateway', 2),
    judge: own ? ownBackend(JUDGE_PROFILE, FREE, port()) : undefined,
  };
}

function ownBackend(profile: ProfileName, price: DemoNode['price'], port: number): DemoNode {
  return { name: profile, backendUrl: `http://127.0.0.1:${port}`, model: `demo-${profile}`, price };
}

function keyOf(seed: string, name: string, use: string): Wallet {
  const key = createHash('sha256')
    .update(JSON.stringify(['dgrid demo', seed, name, use]))
    .digest('hex');
  return new Wallet(`0x${key}`);
}

export function allMembers({ nodes, evaluators, gateway }: Members): readonly Member[] {
  return [...nodes, ...evaluators, gateway];
}
