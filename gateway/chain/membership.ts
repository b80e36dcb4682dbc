import type { Role } from '../protocol/constants.ts';
import type { Address } from '../protocol/types.ts';
import { nodeStakingAbi } from './abi/node-staking.ts';
import type { ChainClient } from './clients.ts';
import type { NodeFollower } from './node-follower.ts';

/**
 * Who was in office in an epoch, as the contract remembers it: `nodeOf` shows only an account's latest term, so somebody
 * who left and came back would seem never to have served, and a committee drawn without it would be a provable wrong.
 */
export type Membership = {
  /** Accounts of `role` that are in office in `epoch`, ascending. The epoch must have begun: its members are then final. */
  readonly activeIn: (role: Role, epoch: bigint) => Promise<readonly Address[]>;
};

export type MembershipDeps = {
  readonly client: ChainClient;
  readonly staking: Address;
  readonly nodes: Pick<NodeFollower, 'members' | 'refresh'>;
};

const MAX_CACHED = 64;
const MAX_PARALLEL = 32;

export function createMembership(deps: MembershipDeps): Membership {
  const known = new Map<string, Promise<readonly Address[]>>();
  return {
    activeIn(role, epoch) {
      const key = `${role}:${epoch}`;
      const cached = known.get(key);
      if (cached !== undefined) return cached;
      const asked = readActive(deps, role, epoch);
      if (known.size >= MAX_CACHED) known.delete(known.keys().next().value ?? key);
      known.set(key, asked);
      asked.catch(() => known.delete(key));
      return asked;
    },
  };
}

async function readActive(
  { client, staking, nodes }: MembershipDeps,
  role: Role,
  epoch: bigint,
): Promise<readonly Address[]> {
  await nodes.refresh(); // whoever joined in the last moment before the epoch is in the list now
  const accounts = nodes
    .members()
    .filter((node) => node.role === role)
    .map(({ account }) => account)
    .toSorted();
  const active: Address[] = [];
  for (let from = 0; from < accounts.length; from += MAX_PARALLEL) {
    const page = accounts.slice(from, from + MAX_PARALLEL);
    const answers = await Promise.all(
      page.map((account) =>
        client.readContract({
          address: staking,
          abi: nodeStakingAbi,
          functionName: 'isActive',
          args: [account, role, epoch],
        }),
      ),
    );
    active.push(...page.filter((_, index) => answers[index] === true));
  }
  return active;
}
