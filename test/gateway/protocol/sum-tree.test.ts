import assert from 'node:assert/strict';

import fc from 'fast-check';

import { bytesToHex } from '../../../gateway/protocol/bytes.ts';
import { buildSumTree, verifySumProof } from '../../../gateway/protocol/sum-tree.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';
import type { SumNode } from '../../../gateway/protocol/types.ts';
import { climbSum, sumProof, sumRoot } from '../../../scripts/lib/protocol/sum-tree.ts';
import { sumTreeVectors } from './vectors.ts';
import type { SumCase } from './vectors.ts';

const { leafHashes, leafSums, roots, totals, proofs, rejected } = sumTreeVectors;
const leaves: readonly SumNode[] = leafHashes.map((hash, index) => ({ hash, sum: BigInt(leafSums[index] ?? 0) }));

function proofOf(vector: SumCase): SumNode[] {
  return vector.proofHashes.map((hash, index) => ({ hash, sum: BigInt(vector.proofSums[index] ?? 0) }));
}

function verifies(vector: SumCase): boolean {
  const leaf = { hash: vector.leaf, sum: BigInt(vector.sum) };
  return verifySumProof(vector.root, BigInt(vector.total), leaf, proofOf(vector));
}

const node = fc.record({
  hash: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytesToHex(bytes)),
  sum: fc.bigInt({ min: 1n, max: (1n << 106n) - 1n }),
});

describe('protocol/sum-tree', () => {
  it('returns root and total of every size from 1 to 257', () => {
    roots.forEach((root, index) => {
      const tree = buildSumTree(leaves.slice(0, index + 1));
      assert.equal(tree.root, root);
      assert.equal(tree.total, BigInt(totals[index] ?? -1));
    });
  });

  it('returns the proofs of the vectors, and they verify', () => {
    for (const vector of proofs) {
      assert.deepEqual(buildSumTree(leaves.slice(0, vector.size)).proofOf(vector.index), proofOf(vector));
      assert.ok(verifies(vector));
    }
  });

  for (const vector of rejected) {
    it(`rejects a claim: ${vector.reason}`, () => assert.ok(!verifies(vector)));
  }

  it('agrees with the second builder on any leaves: root, total, every proof', () => {
    fc.assert(
      fc.property(fc.uniqueArray(node, { minLength: 1, maxLength: 50, selector: (item) => item.hash }), (list) => {
        const tree = buildSumTree(list);
        assert.deepEqual({ hash: tree.root, sum: tree.total }, sumRoot(list));
        assert.equal(
          tree.total,
          list.reduce((sum, item) => sum + item.sum, 0n),
        );
        list.forEach((leaf, index) => {
          const proof = tree.proofOf(index);
          assert.deepEqual(proof, sumProof(list, index));
          assert.ok(verifySumProof(tree.root, tree.total, leaf, proof));
        });
      }),
      { seed: 712, numRuns: 40 },
    );
  });

  it('rejects a proof whose hashes or sums were changed anywhere', () => {
    for (const vector of proofs) {
      const leaf = { hash: vector.leaf, sum: BigInt(vector.sum) };
      const total = BigInt(vector.total);
      proofOf(vector).forEach((step, index) => {
        const changed = proofOf(vector).with(index, { hash: step.hash, sum: step.sum + 1n });
        assert.ok(!verifySumProof(vector.root, total, leaf, changed));
        assert.ok(!verifySumProof(vector.root, total + 1n, leaf, changed));
      });
    }
  });

  it('returns the one legal empty role: zero root, zero total', () => {
    const tree = buildSumTree([]);
    assert.deepEqual([tree.root, tree.total, tree.count], [ZERO_HASH, 0n, 0]);
    assert.throws(() => tree.proofOf(0), RangeError);
  });

  it('rejects a zero weight, a duplicate leaf and a total of 2^128 (class 10)', () => {
    const [first, second] = leaves;
    assert.ok(first !== undefined && second !== undefined);
    assert.throws(() => buildSumTree([{ ...first, sum: 0n }]), RangeError);
    assert.throws(() => buildSumTree([first, { ...second, hash: first.hash }]), RangeError);
    const half = 1n << 127n;
    assert.throws(() => buildSumTree([first, second].map(({ hash }) => ({ hash, sum: half }))), RangeError);
    assert.throws(() => climbSum({ ...first, sum: half }, [{ ...second, sum: half }]), RangeError);
  });
});
