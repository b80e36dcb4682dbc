import assert from 'node:assert/strict';

import { buildBatchTree, verifyBatchProof } from '../../../gateway/protocol/batch-tree.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import { createTreeCache } from '../../../gateway/store/tree-cache.ts';
import { hash } from '../background.fixtures.ts';

/** Batch `n`: three leaves of ids `10n`, `10n + 1`, `10n + 2`. */
const leavesOf = (n: number) =>
  [0, 1, 2].map((index) => ({ id: hash(10 * n + index), leaf: hash(900 + 10 * n + index) }));
const rootOf = (n: number): Hex => buildBatchTree(leavesOf(n).map(({ leaf }) => leaf)).root;

function world(maxTrees: number) {
  const cache = createTreeCache(maxTrees);
  const reads: number[] = [];
  const place = (n: number, id = hash(10 * n + 1)) =>
    cache.placeOf(rootOf(n), id, () => {
      reads.push(n);
      return Promise.resolve(leavesOf(n));
    });
  return { cache, reads, place };
}

describe('tree cache', () => {
  it('returns a leaf with a proof that verifies, and reads a batch once, also for two callers at a time', async () => {
    const { reads, place } = world(2);
    const [first] = await Promise.all([place(1), place(1, hash(12))]);
    assert.equal(first.leaf, hash(911));
    assert.ok(verifyBatchProof(rootOf(1), first.leaf, first.proof));
    assert.deepEqual(reads, [1]);
  });

  it('keeps as many trees as it may, and forgets the one that was asked for longest ago', async () => {
    const { reads, place } = world(2);
    for (const batch of [1, 2, 1, 3, 1, 2]) await place(batch);
    assert.deepEqual(reads, [1, 2, 3, 2]);
  });

  it('rejects an id that is not in the batch, and keeps neither that nor a read that failed', async () => {
    const { cache, reads, place } = world(2);
    await assert.rejects(place(1, hash(77)), /not among the leaves/);
    await assert.rejects(cache.placeOf(rootOf(2), hash(21), () => Promise.reject(new Error('disk'))));
    await place(1);
    await place(2);
    assert.deepEqual(reads, [1, 1, 2]);
  });
});
