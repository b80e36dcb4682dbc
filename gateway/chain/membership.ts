import type { Role } from '../protocol/constants.ts';
import type { Address, Hex } from '../protocol/types.ts';
import { nodeStakingAbi } from './abi/node-staking.ts';
import type { ChainClient } from './clients.ts';
import type { HeadFollower } from './head.ts';
import type { NodeFollower } from './node-follower.ts';

/**
 * Who was in office in an epoch, as the contract remembers it: `nodeOf` shows only an account's latest term, so somebody
 * who left and came back would seem never to have served, and a committee drawn without it would be a provable wrong.
 */
export type Membership = {
  /** Accounts of `role` in office in `epoch`, ascending. The epoch must have begun: only a reorganisation changes them then. */
  readonly activeIn: (role: Role, epoch: bigint) => Promise<readonly Address[]>;
};

export type MembershipDeps = {
  readonly client: ChainClient;
  readonly staking: Address;
  readonly nodes: Pick<NodeFollower, 'members' | 'refresh'>;
  readonly head: HeadFollower['head'];
  /** Hash of the block at a height on the chain as it is now. */
  readonly blockHash: (block: bigint) => Promise<Hex | undefined>;
  /** Blocks after which nothing is expected to be undone any more. */
  readonly finalityBlocks: bigint;
};

const MAX_CACHED = 64;
const MAX_PARALLEL = 32;

type Answer = {
  readonly accounts: Promise<readonly Address[]>;
  /** The newest block when it was read: while that one stands, so does the answer. */
  readonly at: { readonly number: bigint; readonly hash: Hex };
  /** Newest block when it was last looked whether it stands. */
  checkedAt: Hex;
  isSettled: boolean;
};

export function createMembership(deps: MembershipDeps): Membership {
  const known = new Map<string, Answer>();
  return {
    async activeIn(role, epoch) {
      const key = `${role}:${epoch}`;
      const cached = known.get(key);
      if (cached !== undefined && (await stands(deps, cached))) return cached.accounts;
      // Several may have waited for the same look, and the first of them has asked again.
      const meanwhile = known.get(key);
      if (meanwhile !== undefined && meanwhile !== cached) return meanwhile.accounts;
      const at = deps.head();
      const answer = { accounts: readAt(deps, role, epoch, at), at, checkedAt: at.hash, isSettled: false };
      if (known.size >= MAX_CACHED) known.delete(known.keys().next().value ?? key);
      known.set(key, answer);
      answer.accounts.catch(() => {
        if (known.get(key) === answer) known.delete(key);
      });
      return answer.accounts;
    },
  };
}

/** Who joined in a block that a fork undid was never in office: a committee with them in it would be a provable wrong. */
async function stands(deps: MembershipDeps, answer: Answer): Promise<boolean> {
  const head = deps.head();
  if (answer.isSettled || answer.checkedAt === head.hash) return true;
  if ((await deps.blockHash(answer.at.number)) !== answer.at.hash) return false;
  answer.checkedAt = head.hash;
  answer.isSettled = head.number >= answer.at.number + deps.finalityBlocks;
  return true;
}

async function readAt(deps: MembershipDeps, role: Role, epoch: bigint, at: Answer['at']): Promise<readonly Address[]> {
  const accounts = await readActive(deps, role, epoch);
  if ((await deps.blockHash(at.number)) === at.hash) return accounts;
  throw new Error(`the chain was reorganised while the members of epoch ${epoch} were read`);
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
