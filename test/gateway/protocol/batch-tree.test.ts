import assert from 'node:assert/strict';

import fc from 'fast-check';
import { MerkleTree } from 'merkletreejs';

import { buildBatchTree, verifyBatchProof } from '../../../gateway/protocol/batch-tree.ts';
import { hexToBytes, bytesToHex } from '../../../gateway/protocol/bytes.ts';
import { keccakBytes } from '../../../gateway/protocol/keccak.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import { batchProof, batchRoot, climbBatch } from '../../../scripts/lib/protocol/batch-tree.ts';
import { batchTreeVectors } from './vectors.ts';

const { leaves, roots, proofs } = batchTreeVectors;
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytesToHex(bytes));

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  assert.ok(item !== undefined, `nothing at ${index}`);
  return item;
}

describe('protocol/batch-tree', () => {
  it('returns the root of every size from 1 to 257', () => {
    roots.forEach((root, index) => assert.equal(buildBatchTree(leaves.slice(0, index + 1)).root, root));
  });

  it('returns the proofs of the vectors, and they verify', () => {
    for (const { size, index, leaf, root, proof } of proofs) {
      const tree = buildBatchTree(leaves.slice(0, size));
      assert.deepEqual(tree.proofOf(index), proof);
      assert.ok(verifyBatchProof(root, leaf, proof));
      assert.equal(climbBatch(leaf, proof), root);
    }
  });

  it('agrees with the second builder on any leaves: root, every proof, verification', () => {
    fc.assert(
      fc.property(fc.uniqueArray(hash, { minLength: 1, maxLength: 70 }), (list) => {
        const tree = buildBatchTree(list);
        assert.equal(tree.root, batchRoot(list));
        list.forEach((leaf, index) => {
          const proof = tree.proofOf(index);
          assert.deepEqual(proof, batchProof(list, index));
          assert.ok(verifyBatchProof(tree.root, leaf, proof));
        });
      }),
      { seed: 712, numRuns: 40 },
    );
  });

  it('rejects any proof with one bit changed', () => {
    for (const { leaf, root, proof } of proofs) {
      assert.ok(!verifyBatchProof(root, flipBit(leaf), proof));
      proof.forEach((step, index) => assert.ok(!verifyBatchProof(root, leaf, proof.with(index, flipBit(step)))));
    }
  });

  it('rejects an empty list, a duplicate in either letter case, and a leaf of another length (class 10)', () => {
    const leaf = at(leaves, 0);
    assert.throws(() => buildBatchTree([]), RangeError);
    assert.throws(() => buildBatchTree([leaf, at(leaves, 1), leaf]), RangeError);
    assert.throws(() => buildBatchTree([leaf, `0x${leaf.slice(2).toUpperCase()}`]), RangeError);
    assert.throws(() => buildBatchTree(['0x1234']), RangeError);
  });

  it('rejects a proof for an index that is not there, instead of answering with an empty one', () => {
    const tree = buildBatchTree(leaves.slice(0, 3));
    for (const index of [-1, 3, 1.5, Number.NaN]) assert.throws(() => tree.proofOf(index), RangeError);
  });

  it('rejects a zero root, which every library would accept with an empty proof', () => {
    assert.ok(!verifyBatchProof(ZERO_HASH, ZERO_HASH, []));
  });

  it('rejects an inner node passed off as a leaf of another length (class 07)', () => {
    const [a, b] = [at(leaves, 0), at(leaves, 1)];
    const tree = buildBatchTree([a, b]);
    const pair: Hex = `0x${[a, b].toSorted().join('').replaceAll('0x', '')}`;
    assert.ok(!verifyBatchProof(tree.root, pair, []));
  });
});

describe('merkletreejs options that would change what a root means', () => {
  const buffers = leaves.map((leaf) => Buffer.from(hexToBytes(leaf)));
  const plain = (size: number, options: object) =>
    new MerkleTree(buffers.slice(0, size), keccakBytes, { hashLeaves: false, ...options });

  it('without sorted pairs: another root, and proofs that no verifier on chain takes', () => {
    for (const size of [2, 3, 5, 16, 33]) {
      const tree = plain(size, {});
      const failing = buffers.slice(0, size).filter((leaf, index) => {
        const proof = tree.getProof(leaf, index).map((step) => bytesToHex(step.data));
        return !verifyBatchProof(bytesToHex(tree.getRoot()), bytesToHex(leaf), proof);
      });
      if (bytesToHex(tree.getRoot()) !== at(roots, size - 1)) assert.ok(failing.length > 0, `size ${size}`);
    }
    assert.notEqual(bytesToHex(plain(33, {}).getRoot()), at(roots, 32));
  });

  it('with duplicateOdd: another root at odd sizes', () => {
    for (const size of [3, 5, 7, 33]) {
      assert.notEqual(bytesToHex(plain(size, { sortPairs: true, duplicateOdd: true }).getRoot()), at(roots, size - 1));
    }
  });

  it('with duplicateOdd: one root for two different lists (class 09)', () => {
    const three = plain(3, { sortPairs: true, duplicateOdd: true }).getRoot();
    const third = at(buffers, 2);
    const four = new MerkleTree([...buffers.slice(0, 3), third], keccakBytes, { hashLeaves: false, sortPairs: true });
    assert.deepEqual(three, four.getRoot());
  });

  it('with complete: another root where the tree is not full', () => {
    const differing = [3, 5, 6, 7, 9, 11, 13].filter(
      (size) => bytesToHex(plain(size, { sortPairs: true, complete: true }).getRoot()) !== at(roots, size - 1),
    );
    assert.ok(differing.length > 0);
  });

  it('an absent leaf gets an empty proof from the library; the wrapper takes positions only', () => {
    const tree = plain(4, { sortPairs: true });
    assert.deepEqual(tree.getProof(at(buffers, 9)), []);
    assert.throws(() => buildBatchTree(leaves.slice(0, 4)).proofOf(9), RangeError);
  });

  it('a duplicate leaf gets the proof of its last copy from the library; the wrapper refuses the list', () => {
    const doubled = [at(buffers, 0), at(buffers, 1), at(buffers, 2), at(buffers, 0)];
    const tree = new MerkleTree(doubled, keccakBytes, { hashLeaves: false, sortPairs: true });
    assert.deepEqual(tree.getProof(at(buffers, 0)), tree.getProof(at(buffers, 0), 3));
    assert.throws(() => buildBatchTree(doubled.map((leaf) => bytesToHex(leaf))), RangeError);
  });
});

function flipBit(hex: Hex): Hex {
  return `${hex.slice(0, -1)}${(Number.parseInt(hex.slice(-1), 16) ^ 1).toString(16)}` as Hex;
}
