import assert from 'node:assert/strict';

import { createMembership } from '../../../gateway/chain/membership.ts';
import type { ChainClient } from '../../../gateway/chain/clients.ts';
import type { Member } from '../../../gateway/chain/node-follower.ts';
import type { Address } from '../../../gateway/protocol/types.ts';
import { address } from '../background.fixtures.ts';

/** What the contract remembers, whatever the latest term of an account looks like. */
function world(active: ReadonlySet<Address>) {
  const asked: string[] = [];
  let refreshed = 0;
  const member = (index: number, role: 0 | 1): Member => ({
    ...{ account: address(index), signer: address(index), role, stake: 1n },
    ...{ activeFromEpoch: 99n, inactiveFromEpoch: 99n },
  });
  const state = { members: [member(3, 1), member(1, 1), member(2, 0)], failing: false };
  const client = {
    readContract: ({ args: [account, role, epoch] }: { args: [Address, number, bigint] }) => {
      asked.push(`${account} ${role} ${epoch}`);
      return state.failing ? Promise.reject(new Error('down')) : Promise.resolve(active.has(account));
    },
  } as unknown as ChainClient;
  const nodes = {
    members: () => state.members,
    refresh: () => Promise.resolve(void (refreshed += 1)),
  };
  return { state, asked, refreshes: () => refreshed, ...createMembership({ client, staking: address(9), nodes }) };
}

describe('membership', () => {
  it('returns who the contract says was in office, not whose latest term covers the epoch, in order', async () => {
    const { activeIn, asked } = world(new Set([address(1), address(3)]));
    assert.deepEqual(await activeIn(1, 5n), [address(1), address(3)]);
    assert.equal(asked.length, 2); // no other role is asked about
  });

  it('asks once per role and epoch, after a fresh look at the register', async () => {
    const { activeIn, asked, refreshes } = world(new Set());
    await Promise.all([activeIn(1, 5n), activeIn(1, 5n)]);
    await activeIn(1, 6n);
    assert.deepEqual([asked.length, refreshes()], [4, 2]);
  });

  it('asks again after a failure, and never takes it for nobody', async () => {
    const { activeIn, state } = world(new Set([address(1)]));
    state.failing = true;
    await assert.rejects(activeIn(1, 5n), /down/);
    state.failing = false;
    assert.deepEqual(await activeIn(1, 5n), [address(1)]);
  });
});
