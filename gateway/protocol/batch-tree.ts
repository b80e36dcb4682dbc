import { MerkleTree } from 'merkletreejs';

import { bytesToHex, hexToBytes } from './bytes.ts';
import { keccakBytes } from './keccak.ts';
import type { Hex } from './types.ts';

/** A Merkle tree over double-hashed leaves: sorted pairs, an odd node is carried up. Proofs verify with OpenZeppelin's MerkleProof. */
export type BatchTree = { readonly root: Hex; readonly count: number; readonly proofOf: (index: number) => Hex[] };

/** @throws RangeError on an empty list, a leaf that is not 32 bytes, or a duplicate: each would make a proof mean something else. */
export function buildBatchTree(leaves: readonly Hex[]): BatchTree {
  if (leaves.length === 0) throw new RangeError('a batch tree needs at least one leaf');
  const seen = new Set<string>();
  const buffers = leaves.map((leaf) => {
    const bytes = Buffer.from(hexToBytes(leaf));
    if (bytes.length !== 32) throw new RangeError(`a leaf has 32 bytes, got ${bytes.length}`);
    const key = bytes.toString('hex');
    if (seen.has(key)) throw new RangeError(`duplicate leaf ${leaf}`);
    seen.add(key);
    return bytes;
  });
  const tree = new MerkleTree(buffers, keccakBytes, { sortPairs: true, hashLeaves: false });
  return {
    root: bytesToHex(tree.getRoot()),
    count: leaves.length,
    proofOf(index) {
      const leaf = buffers[index];
      if (leaf === undefined) throw new RangeError(`no leaf at ${index} of ${leaves.length}`);
      // The index is passed so that the library never searches for, and never fails to find, the leaf.
      return tree.getProof(leaf, index).map((step) => bytesToHex(step.data));
    },
  };
}

/** @returns whether `leaf` is under `root`. A zero root proves nothing. */
export function verifyBatchProof(root: Hex, leaf: Hex, proof: readonly Hex[]): boolean {
  let node: Buffer = Buffer.from(hexToBytes(leaf));
  if (node.length !== 32 || /^0x0*$/.test(root)) return false;
  for (const step of proof) {
    const sibling = Buffer.from(hexToBytes(step));
    if (sibling.length !== 32) return false;
    node = keccakBytes(Buffer.concat(node.compare(sibling) <= 0 ? [node, sibling] : [sibling, node]));
  }
  return bytesToHex(node) === root.toLowerCase();
}
