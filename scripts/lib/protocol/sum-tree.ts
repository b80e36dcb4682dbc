import { concat, keccak256, toBeHex } from 'ethers';

/** The reward tree: every node is (hash, sum); a parent hashes both children's hashes and sums and adds the sums. */
export type SumNode = { readonly hash: string; readonly sum: bigint };

const LIMIT = 1n << 128n;

function nodeBytes(node: SumNode): string {
  if (!/^0x[0-9a-f]{64}$/i.test(node.hash)) throw new RangeError(`not a 32-byte hash: ${node.hash.slice(0, 80)}`);
  if (node.sum < 0n || node.sum >= LIMIT) throw new RangeError(`a sum must stay below 2^128, got ${node.sum}`);
  return concat([node.hash, toBeHex(node.sum, 32)]);
}

export function sumParent(a: SumNode, b: SumNode): SumNode {
  const [left, right] = [nodeBytes(a), nodeBytes(b)];
  const node = { hash: keccak256(left <= right ? concat([left, right]) : concat([right, left])), sum: a.sum + b.sum };
  nodeBytes(node); // the running sum has to fit as well
  return node;
}

type Pair = typeof sumParent;

/**
 * @param parent replaced only by whoever builds many trees with common parts and remembers them.
 * @returns every level from the leaves to the root. Refuses an empty list, a zero weight and duplicates.
 */
export function sumLevels(leaves: readonly SumNode[], parent: Pair = sumParent): readonly (readonly SumNode[])[] {
  if (leaves.length === 0) throw new RangeError('an empty reward tree has no levels');
  if (leaves.some((leaf) => leaf.sum <= 0n)) throw new RangeError('a leaf without weight is not built');
  if (new Set(leaves.map((leaf) => leaf.hash.toLowerCase())).size !== leaves.length) {
    throw new RangeError('a leaf occurs twice');
  }
  let level = leaves.map(({ hash, sum }) => ({ hash: hash.toLowerCase(), sum }));
  const levels = [level];
  while (level.length > 1) {
    const above: SumNode[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const [left, right] = level.slice(index, index + 2);
      if (left !== undefined) above.push(right === undefined ? left : parent(left, right));
    }
    level = above;
    levels.push(level);
  }
  return levels;
}

/** @returns (root, total). Of no leaves: zero and zero, the one legal empty role. */
export function sumRoot(leaves: readonly SumNode[], parent: Pair = sumParent): SumNode {
  const empty = { hash: `0x${'00'.repeat(32)}`, sum: 0n };
  return leaves.length === 0 ? empty : (sumLevels(leaves, parent).at(-1)?.[0] ?? empty);
}

export function sumProof(leaves: readonly SumNode[], index: number): SumNode[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) throw new RangeError(`no leaf at ${index}`);
  const siblings = sumLevels(leaves).map((level, height) => level[(index >> height) ^ 1]);
  return siblings.filter((node) => node !== undefined);
}

/** @returns the (root, total) that the leaf and its proof lead to. Throws when a running sum leaves 128 bits. */
export function climbSum(leaf: SumNode, proof: readonly SumNode[]): SumNode {
  nodeBytes(leaf);
  return proof.reduce(sumParent, { hash: leaf.hash.toLowerCase(), sum: leaf.sum });
}
