import assert from 'node:assert/strict';

import type { ChainClient } from '../../../gateway/chain/clients.ts';
import { followNodes } from '../../../gateway/chain/node-follower.ts';
import type { NodeMetadata } from '../../../gateway/protocol/metadata.ts';
import type { Address, Hex } from '../../../gateway/protocol/types.ts';
import { address, hash } from '../background.fixtures.ts';

const NEVER = 2n ** 32n - 1n;

type Fields = { readonly stake?: bigint; readonly activeFromEpoch?: bigint; readonly inactiveFromEpoch?: bigint };

const nodeOf = (index: number, fields: Fields = {}) => ({
  account: address(index),
  signer: address(0x1_000 + index),
  stake: 100n,
  activeFromEpoch: 0n,
  inactiveFromEpoch: NEVER,
  metadataHash: hash(index),
  metadataUri: `http://node-${index}/`,
  ...fields,
});

/** Inference nodes of a register, and a reader of their metadata that can be held up or made to fail. */
async function world(registered: ReturnType<typeof nodeOf>[], failing = new Set<string>()) {
  const reads: string[] = [];
  const errors: (Address | undefined)[] = [];
  const clock = { now: 1_000 };
  const running = { now: 0, most: 0 };
  const client = {
    readContract: ({ args: [role, from, count] }: { args: [number, bigint, bigint] }) =>
      Promise.resolve(role === 0 ? registered.slice(Number(from), Number(from + count)) : []),
  } as unknown as ChainClient;
  const follower = await followNodes({
    client,
    staking: address(1),
    pollMs: 1_000_000,
    onError: (account) => errors.push(account),
    nowMs: () => clock.now,
    async read(uri: string, metadataHash: Hex) {
      reads.push(uri);
      running.now += 1;
      running.most = Math.max(running.most, running.now);
      await new Promise(setImmediate);
      running.now -= 1;
      if (failing.has(uri)) throw new Error('not there');
      return { endpoint: `${uri}${metadataHash.slice(-2)}` } as NodeMetadata;
    },
  });
  follower.stop();
  return { follower, reads, errors, clock, running };
}

describe('followNodes', () => {
  it('asks nobody for metadata who has neither stake nor office, and lists everybody as member', async () => {
    const { follower, reads } = await world([
      nodeOf(1),
      nodeOf(2, { stake: 0n, inactiveFromEpoch: 4n }),
      nodeOf(3, { stake: 0n, activeFromEpoch: NEVER }),
      nodeOf(4, { stake: 0n }),
      nodeOf(5, { inactiveFromEpoch: 4n }),
    ]);
    assert.deepEqual(reads, ['http://node-1/', 'http://node-4/', 'http://node-5/']);
    assert.deepEqual(
      follower.list().map(({ account }) => account),
      [1, 4, 5].map(address),
    );
    assert.equal(follower.members().length, 5);
  });

  it('fetches at most eight documents at a time, and each of them once', async () => {
    const { follower, reads, running } = await world(Array.from({ length: 150 }, (_, index) => nodeOf(index + 1)));
    assert.deepEqual([reads.length, running.most, follower.list().length], [150, 8, 150]);
    await follower.refresh();
    assert.equal(reads.length, 150);
  });

  it('tries a URI that failed again after thirty seconds, not before, and at once when another one is registered', async () => {
    const nodes = [nodeOf(1), nodeOf(2)];
    const failing = new Set(['http://node-1/', 'http://node-2/']);
    const { follower, reads, errors, clock } = await world(nodes, failing);
    assert.deepEqual([reads.length, errors], [2, [address(1), address(2)]]);
    failing.clear();
    clock.now += 29_999;
    nodes[1] = { ...nodeOf(2), metadataUri: 'http://moved/' };
    await follower.refresh();
    assert.deepEqual(reads.slice(2), ['http://moved/']);
    clock.now += 1;
    await follower.refresh();
    assert.deepEqual(reads.slice(3), ['http://node-1/']);
    assert.equal(follower.list().length, 2);
  });

  it('keeps its lists while nothing changes', async () => {
    const { follower } = await world([nodeOf(1)]);
    const before = follower.list();
    await follower.refresh();
    assert.equal(follower.list(), before);
  });
});
