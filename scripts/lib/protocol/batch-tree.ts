import { concat, keccak256 } from 'ethers';

/** The batch tree, level by level: sorted pairs, and an odd node at the end of a level is carried up unchanged. */

const HASH = /^0x[0-9a-f]{64}$/;

/** Parent of two nodes, whichever comes first. */
export function batchParent(a: string, b: string): string {
  return keccak256(a <= b ? concat([a, b]) : concat([b, a]));
}

function hashOf(text: string): string {
  const hash = text.toLowerCase();
  if (!HASH.test(hash)) throw new RangeError(`not a 32-byte hash: ${text.slice(0, 80)}`);
  return hash;
}

type Pair = typeof batchParent;

/**
 * @param parent replaced only by whoever builds many trees with common parts and remembers them.
 * @returns every level from the leaves to the root. Refuses an empty list and duplicates.
 */
export function batchLevels(leaves: readonly string[], parent: Pair = batchParent): readonly (readonly string[])[] {
  let level = leaves.map(hashOf);
  if (level.length === 0) throw new RangeError('an empty batch has no tree');
  if (new Set(level).size !== level.length) throw new RangeError('a leaf occurs twice');
  const levels = [level];
  while (level.length > 1) {
    const above: string[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const [left, right] = level.slice(index, index + 2);
      if (left !== undefined) above.push(right === undefined ? left : parent(left, right));
    }
    level = above;
    levels.push(level);
  }
  return levels;
}

export function batchRoot(leaves: readonly string[], parent: Pair = batchParent): string {
  const [root] = batchLevels(leaves, parent).at(-1) ?? [];
  if (root === undefined) throw new RangeError('an empty batch has no root');
  return root;
}

export function batchProof(leaves: readonly string[], index: number): string[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) throw new RangeError(`no leaf at ${index}`);
  const siblings = batchLevels(leaves).map((level, height) => level[(index >> height) ^ 1]);
  // No sibling: the top, or the odd node of a level, which goes up as it is.
  return siblings.filter((hash) => hash !== undefined);
}

/** @returns the root that `leaf` and `proof` lead to. */
export function climbBatch(leaf: string, proof: readonly string[]): string {
  return proof.reduce((node, sibling) => batchParent(node, hashOf(sibling)), hashOf(leaf));
}
