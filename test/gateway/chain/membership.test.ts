import assert from 'node:assert/strict';

import { createMembership } from '../../../gateway/chain/membership.ts';
import type { ChainClient } from '../../../gateway/chain/clients.ts';
import type { Member } from '../../../gateway/chain/node-follower.ts';
import type { Address } from '../../../gateway/protocol/types.ts';
import { address, hash } from '../background.fixtures.ts';

/** What the contract remembers, whatever the latest term of an account looks like. */
function world(active: ReadonlySet<Address>) {
  const asked: string[] = [];
  let refreshed = 0;
  const member = (index: number, role: 0 | 1): Member => ({
    ...{ account: address(index), signer: address(index), role, stake: 1n },
    ...{ activeFromEpoch: 99n, inactiveFromEpoch: 99n },
  });
  const state = { members: [member(3, 1), member(1, 1), member(2, 0)], failing: false };
  /** Hashes of the blocks of the chain as it is, from height 0. */
  const blocks = [hash(0x100), hash(0x101), hash(0x102)];
  let looks = 0;
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
  const membership = createMembership({
    ...{ client, staking: address(9), nodes, finalityBlocks: 3n },
    head: () => ({ number: BigInt(blocks.length - 1), timestamp: 0n, hash: blocks.at(-1) ?? hash(0) }),
    blockHash: (block) => Promise.resolve(((looks += 1), blocks[Number(block)])),
  });
  return { state, asked, blocks, looks: () => looks, refreshes: () => refreshed, ...membership };
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

  it('forgets who joined in a block that a fork undid, and looks no more once nothing can be undone', async () => {
    const active = new Set([address(1), address(3)]);
    const { activeIn, asked, blocks, looks } = world(active);
    assert.deepEqual(await activeIn(1, 5n), [address(1), address(3)]);
    active.delete(address(3));
    blocks.splice(2, 1, hash(0x202));
    assert.deepEqual(await Promise.all([activeIn(1, 5n), activeIn(1, 5n)]), [[address(1)], [address(1)]]);
    assert.equal(asked.length, 4, 'read once more');
    blocks.push(hash(0x203), hash(0x204), hash(0x205)); // the block it was read at has three more on it
    await activeIn(1, 5n);
    const before = looks();
    blocks.push(hash(0x206));
    await activeIn(1, 5n);
    assert.deepEqual([looks(), asked.length], [before, 4]);
  });

  it('rejects what it read while the chain was reorganised, and keeps none of it', async () => {
    const { activeIn, state, blocks } = world(new Set([address(1)]));
    const reading = activeIn(1, 5n);
    blocks.splice(1, 2, hash(0x301), hash(0x302));
    await assert.rejects(reading, /reorganised/);
    state.members = state.members.slice(1);
    assert.deepEqual(await activeIn(1, 5n), [address(1)]);
  });
});
