import { AbiCoder, concat, id, keccak256, toBeHex, zeroPadValue } from 'ethers';

export type SumNode = { readonly hash: string; readonly sum: bigint };
export type RewardLeaf = {
  readonly epoch: number;
  readonly role: number;
  readonly account: string;
  readonly quality: number;
  readonly volume: number;
  readonly difficulty: number;
  readonly feedback: number;
};

const REWARD_TYPEHASH = id(
  'RewardLeaf(uint64 epoch,uint8 role,address account,uint16 quality,uint64 volume,uint16 difficulty,uint16 feedback)',
);
const FIELDS = ['uint64', 'uint8', 'address', 'uint16', 'uint64', 'uint16', 'uint16'];

/** `count` leaves of inference nodes, the first of them `account`'s. */
export function leavesOf(epoch: number, account: string, count: number): readonly RewardLeaf[] {
  return Array.from({ length: count }, (_, i) => ({
    epoch,
    role: 0,
    account: i === 0 ? account : zeroPadValue(toBeHex(0x1000 + i), 20),
    quality: 8_000 + (i % 1_000),
    volume: 100_000 + i,
    difficulty: 10_000,
    feedback: 10_000,
  }));
}

export function weightOf(leaf: RewardLeaf): bigint {
  return BigInt(leaf.quality) * BigInt(leaf.volume) * BigInt(leaf.difficulty) * BigInt(leaf.feedback);
}

export function leafHash(leaf: RewardLeaf, chainId: bigint, distributor: string): string {
  const { epoch, role, account, quality, volume, difficulty, feedback } = leaf;
  const encoded = AbiCoder.defaultAbiCoder().encode(
    ['bytes32', 'uint256', 'address', ...FIELDS],
    [REWARD_TYPEHASH, chainId, distributor, epoch, role, account, quality, volume, difficulty, feedback],
  );
  return keccak256(keccak256(encoded));
}

function parentOf(a: SumNode, b: SumNode): SumNode {
  const encode = (side: SumNode) => concat([side.hash, zeroPadValue(toBeHex(side.sum), 32)]);
  const [low = '', high = ''] = [encode(a), encode(b)].sort();
  return { hash: keccak256(concat([low, high])), sum: a.sum + b.sum };
}

/** Root of the sum tree and the proof of its first leaf. */
export function sumTree(leaves: readonly SumNode[]): { readonly root: SumNode; readonly proof: readonly SumNode[] } {
  const proof: SumNode[] = [];
  let level = leaves;
  while (level.length > 1) {
    const sibling = level[1];
    if (sibling !== undefined) proof.push(sibling);
    const next: SumNode[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [a, b] = [level[i], level[i + 1]];
      if (a !== undefined) next.push(b === undefined ? a : parentOf(a, b));
    }
    level = next;
  }
  const [root] = level;
  if (root === undefined) throw new Error('empty tree');
  return { root, proof };
}
