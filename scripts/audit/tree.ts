import { fromHex, keccak, toHex } from './hashes.ts';

const SIZE = 32;

/**
 * Root of the batch tree over leaves of 32 bytes each, given as texts of one byte a character: sorted pairs, an odd node
 * carried up.
 * @throws RangeError of no leaves, and of the same one twice.
 */
export function rootOf(leaves: readonly string[]): string {
  if (leaves.length === 0) throw new RangeError('an empty batch has no tree');
  if (new Set(leaves).size !== leaves.length) throw new RangeError('a leaf occurs twice');
  const level = Buffer.alloc(SIZE * leaves.length);
  leaves.forEach((leaf, index) => level.write(leaf, SIZE * index, 'latin1'));
  return toHex(climbLevels(level));
}

/** Each level is written over the one below: a parent's place is never behind its children's. */
function climbLevels(level: Buffer): Buffer {
  const node = (index: number): Buffer => level.subarray(index * SIZE, (index + 1) * SIZE);
  for (let count = level.length / SIZE; count > 1; count = Math.ceil(count / 2)) {
    for (let index = 0; index < count; index += 2) {
      const parent = index + 1 < count ? parentOf(node(index), node(index + 1)) : node(index);
      parent.copy(level, (index / 2) * SIZE);
    }
  }
  return node(0);
}

export function parentOf(a: Buffer, b: Buffer): Buffer {
  return keccak(Buffer.concat(a.compare(b) <= 0 ? [a, b] : [b, a]));
}

/** The root that a leaf and its proof lead to. */
export function climb(leaf: string, proof: readonly string[]): string {
  return toHex(proof.reduce((node, sibling) => parentOf(node, fromHex(sibling)), fromHex(leaf)));
}
