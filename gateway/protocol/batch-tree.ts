import { bytesToHex, hexToBytes } from './bytes.ts';
import { keccakBytes } from './keccak.ts';
import type { Hex } from './types.ts';

/** A Merkle tree over double-hashed leaves: sorted pairs, an odd node is carried up. Proofs verify with OpenZeppelin's MerkleProof. */
export type BatchTree = { readonly root: Hex; readonly count: number; readonly proofOf: (index: number) => Hex[] };

const WIDTH = 32;

/**
 * All nodes stand in one buffer, level after level, 64 bytes for each leaf: an object for each node would cost ten times
 * as much memory, and most of the time.
 * @throws RangeError on an empty list, a leaf that is not 32 bytes, or a duplicate: each would make a proof mean something else.
 */
export function buildBatchTree(leaves: readonly Hex[]): BatchTree {
  if (leaves.length === 0) throw new RangeError('a batch tree needs at least one leaf');
  const sizes = levelSizes(leaves.length);
  const nodes = Buffer.allocUnsafe(WIDTH * sizes.reduce((sum, size) => sum + size, 0));
  leaves.forEach((leaf, index) => writeLeaf(nodes, leaf, index));
  requireDistinct(nodes, leaves);
  let start = 0;
  for (const size of sizes.slice(0, -1)) {
    hashLevel(nodes, start, size);
    start += size;
  }
  return {
    root: nodeAt(nodes, start),
    count: leaves.length,
    proofOf(index) {
      if (!Number.isInteger(index) || index < 0 || index >= leaves.length)
        throw new RangeError(`no leaf at ${index} of ${leaves.length}`);
      return proofIn(nodes, sizes, index);
    },
  };
}

/** Nodes of each level, from the leaves to the root. */
function levelSizes(count: number): readonly number[] {
  const sizes = [count];
  for (let size = count; size > 1;) {
    size = Math.ceil(size / 2);
    sizes.push(size);
  }
  return sizes;
}

const nodeAt = (nodes: Buffer, index: number): Hex => `0x${nodes.toString('hex', WIDTH * index, WIDTH * (index + 1))}`;

function writeLeaf(nodes: Buffer, leaf: Hex, index: number): void {
  const written =
    leaf.length === 2 + 2 * WIDTH && leaf.startsWith('0x') ? nodes.write(leaf.slice(2), WIDTH * index, 'hex') : 0;
  if (written === WIDTH) return;
  throw new RangeError(`a leaf has ${WIDTH} bytes in hex, got ${leaf.length} characters`);
}

/** A table of places by the first four bytes: leaves are hashes, so those are as good as random. */
function requireDistinct(nodes: Buffer, leaves: readonly Hex[]): void {
  const mask = 2 ** Math.ceil(Math.log2(2 * leaves.length)) - 1;
  const places = new Int32Array(mask + 1);
  for (let index = 0; index < leaves.length; index += 1) {
    const at = WIDTH * index;
    let place = nodes.readUInt32LE(at) & mask;
    for (let other = places[place] ?? 0; other !== 0; other = places[place] ?? 0) {
      const from = WIDTH * (other - 1);
      if (nodes.compare(nodes, from, from + WIDTH, at, at + WIDTH) === 0)
        throw new RangeError(`duplicate leaf ${nodeAt(nodes, index)}`);
      place = (place + 1) & mask;
    }
    places[place] = index + 1;
  }
}

/** Writes the level above the one of `size` nodes that begins at node `start`, right behind it. */
function hashLevel(nodes: Buffer, start: number, size: number): void {
  const pair = Buffer.allocUnsafe(2 * WIDTH);
  for (let index = 0; index < size; index += 2) {
    const [left, right, up] = [
      WIDTH * (start + index),
      WIDTH * (start + index + 1),
      WIDTH * (start + size + index / 2),
    ];
    if (index + 1 === size) {
      nodes.copy(nodes, up, left, right);
      continue;
    }
    if (nodes.compare(nodes, right, right + WIDTH, left, right) <= 0) nodes.copy(pair, 0, left, right + WIDTH);
    else {
      nodes.copy(pair, 0, right, right + WIDTH);
      nodes.copy(pair, WIDTH, left, right);
    }
    nodes.set(keccakBytes(pair), up);
  }
}

function proofIn(nodes: Buffer, sizes: readonly number[], index: number): Hex[] {
  const proof: Hex[] = [];
  let start = 0;
  let place = index;
  for (const size of sizes) {
    const sibling = place ^ 1;
    if (sibling < size && size > 1) proof.push(nodeAt(nodes, start + sibling));
    start += size;
    place >>= 1;
  }
  return proof;
}

/** @returns whether `leaf` is under `root`. A zero root proves nothing. */
export function verifyBatchProof(root: Hex, leaf: Hex, proof: readonly Hex[]): boolean {
  let node: Buffer = Buffer.from(hexToBytes(leaf));
  if (node.length !== WIDTH || /^0x0*$/.test(root)) return false;
  for (const step of proof) {
    const sibling = Buffer.from(hexToBytes(step));
    if (sibling.length !== WIDTH) return false;
    node = keccakBytes(Buffer.concat(node.compare(sibling) <= 0 ? [node, sibling] : [sibling, node]));
  }
  return bytesToHex(node) === root.toLowerCase();
}
