import { MerkleTree } from 'merkletreejs';

import { bytesToHex, hexToBytes } from './bytes.ts';
import { keccakBytes } from './keccak.ts';
import { ZERO_HASH } from './types.ts';
import type { Hex, SumNode } from './types.ts';

/**
 * The reward tree: every node carries the sum of the weights below it, and parents hash both children's hashes and sums.
 * A claim must reproduce the root and the total, so the claimable weights cannot add up to more than the total.
 */
export type SumTree = {
  readonly root: Hex;
  readonly total: bigint;
  readonly count: number;
  readonly proofOf: (index: number) => SumNode[];
};

const SUM_LIMIT = 1n << 128n;

function toBytes(node: SumNode): Buffer {
  if (node.sum < 0n || node.sum >= SUM_LIMIT) throw new RangeError(`sum ${node.sum} does not fit 128 bits`);
  return Buffer.concat([hexToBytes(node.hash), Buffer.from(node.sum.toString(16).padStart(64, '0'), 'hex')]);
}

function fromBytes(bytes: Uint8Array): SumNode {
  return { hash: bytesToHex(bytes.subarray(0, 32)), sum: BigInt(bytesToHex(bytes.subarray(32, 64))) };
}

/** Hash function of the tree: a 128-byte pair, already ordered by the library, becomes a 64-byte node. */
function hashPair(pair: Buffer): Buffer {
  const sum = fromBytes(pair.subarray(0, 64)).sum + fromBytes(pair.subarray(64, 128)).sum;
  return toBytes({ hash: bytesToHex(keccakBytes(pair)), sum });
}

/**
 * @param leaves leaf hash and positive weight of each account; none is the one legal empty role (zero root, zero total).
 * @throws RangeError on a zero weight, a duplicate leaf hash, or a total of 2^128 and more.
 */
export function buildSumTree(leaves: readonly SumNode[]): SumTree {
  const seen = new Set<string>();
  for (const { hash, sum } of leaves) {
    if (sum <= 0n) throw new RangeError(`leaf ${hash} has no weight`);
    if (seen.has(hash)) throw new RangeError(`duplicate leaf ${hash}`);
    seen.add(hash);
  }
  if (leaves.length === 0) return { root: ZERO_HASH, total: 0n, count: 0, proofOf: noLeaf };
  const buffers = leaves.map(toBytes);
  const tree = new MerkleTree(buffers, hashPair, { hashLeaves: false, sortPairs: true });
  const top = fromBytes(tree.getRoot());
  return {
    root: top.hash,
    total: top.sum,
    count: leaves.length,
    proofOf(index) {
      const leaf = buffers[index];
      if (leaf === undefined) return noLeaf(index);
      return tree.getProof(leaf, index).map((step) => fromBytes(step.data));
    },
  };
}

function noLeaf(index: number): never {
  throw new RangeError(`no leaf at ${index}`);
}

/** @returns whether `leaf` with its weight climbs to exactly (`root`, `total`) without any running sum reaching 2^128. */
export function verifySumProof(root: Hex, total: bigint, leaf: SumNode, proof: readonly SumNode[]): boolean {
  if (leaf.sum <= 0n || root === ZERO_HASH) return false;
  try {
    let node: Buffer = toBytes(leaf);
    for (const step of proof) {
      const sibling = toBytes(step);
      node = hashPair(Buffer.concat(node.compare(sibling) <= 0 ? [node, sibling] : [sibling, node]));
    }
    const top = fromBytes(node);
    return top.hash === root.toLowerCase() && top.sum === total;
  } catch {
    return false; // a sum out of range or a hash of the wrong length is not a proof
  }
}
