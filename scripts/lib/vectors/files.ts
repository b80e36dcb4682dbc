import { AbiCoder, SigningKey, TypedDataEncoder, Wallet, id } from 'ethers';

import { batchParent, batchProof, batchRoot } from '../protocol/batch-tree.ts';
import { encodeLeafFields, leafHash, leafTypeString } from '../protocol/leaf.ts';
import { batchesHash, commitmentsHash, distributionHash, evaluationsHash } from '../protocol/lists.ts';
import { LEAF_TYPES, SIGNED_TYPES } from '../protocol/schema.ts';
import type { LeafType, SignedType } from '../protocol/schema.ts';
import { climbSum, sumParent, sumProof, sumRoot } from '../protocol/sum-tree.ts';
import type { SumNode } from '../protocol/sum-tree.ts';
import { digestOf, signingDomain, structHashOf, typesOf } from '../protocol/typed-data.ts';
import { toJson } from '../command.ts';
import { consensusText } from './consensus.ts';
import { seededAddress, seededFields, seededHash } from './seeded.ts';

/** Golden vectors, computed with ethers and the trees of `scripts/lib/protocol`. Shapes: test/vectors/README.md. */

const FILLINGS = ['zero', 'max', 'a', 'b', 'c', 'd'] as const;
const CHAINS = ['31337', '1', '18446744073709551615'] as const;
const TREE_SIZE = 257;
const PROOF_SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 13, 31, 32, 33, 100, 255, 256, 257] as const;

export type VectorFile = { readonly name: string; readonly text: () => string };

export function vectorFiles(): readonly VectorFile[] {
  return [
    { name: 'leaves.json', text: () => indented(leaves()) },
    { name: 'eip712.json', text: () => indented(eip712()) },
    { name: 'hashes.json', text: () => indented(hashes()) },
    { name: 'batch-tree.json', text: () => indented(batchTree()) },
    { name: 'sum-tree.json', text: () => indented(sumTree()) },
    { name: 'consensus.json', text: consensusText },
  ];
}

const indented = (content: unknown): string => `${toJson(content, 1)}\n`;

function leaves() {
  const types = Object.keys(LEAF_TYPES) as LeafType[];
  const cases = types.flatMap((type) =>
    FILLINGS.map((filling, index) => {
      const value = seededFields(LEAF_TYPES[type], filling.length > 1 ? filling : `${type} ${filling}`);
      const domain = { chainId: CHAINS[index % CHAINS.length] ?? '1', contract: seededAddress(`contract ${index}`) };
      const encoded = encodeLeafFields(type, value);
      return { type, ...domain, value, encoded, leaf: leafHash(type, domain, value) };
    }),
  );
  const typeStrings = types.map((type) => ({
    type,
    typeString: leafTypeString(type),
    typeHash: id(leafTypeString(type)),
  }));
  return { types: typeStrings, cases };
}

function eip712() {
  const domain = signingDomain(31337, seededAddress('NodeStaking'));
  const types = Object.keys(SIGNED_TYPES) as SignedType[];
  const key = new SigningKey(seededHash('signing key'));
  const cases = types.flatMap((type) =>
    FILLINGS.map((filling) => {
      const value = seededFields(SIGNED_TYPES[type], filling.length > 1 ? filling : `${type} ${filling}`);
      const digest = digestOf(type, domain, value);
      const encoded = AbiCoder.defaultAbiCoder().encode(
        SIGNED_TYPES[type].map((field) => field.type),
        SIGNED_TYPES[type].map((field) => value[field.name]),
      );
      const signature = key.sign(digest).serialized;
      return { type, value, encoded, structHash: structHashOf(type, value), digest, signature };
    }),
  );
  return {
    domain: { ...domain, chainId: domain.chainId.toString() },
    domainSeparator: TypedDataEncoder.hashDomain(domain),
    signer: new Wallet(key).address.toLowerCase(),
    types: types.map((type) => {
      const typeString = new TypedDataEncoder(typesOf(type)).encodeType(type);
      return { type, typeString, typeHash: id(typeString) };
    }),
    cases,
  };
}

const ENTRY = [
  { name: 'evaluator', type: 'address' },
  { name: 'accuracy', type: 'uint16' },
  { name: 'consistency', type: 'uint16' },
  { name: 'format', type: 'uint16' },
  { name: 'trust', type: 'uint16' },
  { name: 'scorerId', type: 'bytes32' },
  { name: 'salt', type: 'bytes32' },
] as const;

function hashes() {
  const range = (count: number) => Array.from({ length: count }, (_item, index) => index);
  const key = new SigningKey(seededHash('signing key'));
  const entry = (index: number) => ({
    ...seededFields(ENTRY, `entry ${index}`),
    signature: key.sign(seededHash(`entry ${index}`)).serialized,
  });
  return {
    evaluations: [0, 1, 4, 9].map((size) => {
      const entries = range(size).map(entry);
      return { size, entries, ...evaluationsHash(entries) };
    }),
    commitments: [1, 5, 9].map((size) => {
      const evaluators = range(size).map((index) => seededAddress(`evaluator ${index}`));
      // The second of every set never sent one.
      const commitments = range(size).map((index) =>
        index === 1 ? `0x${'00'.repeat(32)}` : seededHash(`commitment ${index}`),
      );
      return { size, evaluators, commitments, ...commitmentsHash(evaluators, commitments) };
    }),
    batches: [[], ['1'], ['3', '5', '6', '18446744073709551615']].map((ids) => ({ ids, ...batchesHash(ids) })),
    distributions: range(3).map(distributionCase),
  };
}

function distributionCase(index: number) {
  const label = `distribution ${index}`;
  const seeded = seededFields(
    [
      { name: 'epoch', type: 'uint64' },
      { name: 'round', type: 'uint32' },
    ],
    label,
  );
  const byRole = [0, 1, 2];
  const integers = (name: string, type: string) =>
    byRole.map((role) => String(seededFields([{ name, type }], `${label} ${role}`)[name]));
  const value = {
    epoch: String(seeded['epoch']),
    round: String(seeded['round']),
    roots: byRole.map((role) => seededHash(`${label} root ${role}`)),
    totals: integers('total', 'uint128'),
    counts: integers('count', 'uint32'),
    paramsHash: seededHash(`${label} params`),
    tableRoot: index === 0 ? `0x${'00'.repeat(32)}` : seededHash(`${label} table`),
    batchesHash: seededHash(`${label} batches`),
    dataHash: seededHash(`${label} data`),
  };
  return { value, ...distributionHash(value) };
}

/** Trees over the first n of the same leaves share most of their nodes; without this every one is hashed n times. */
function remember<Node>(parent: (a: Node, b: Node) => Node, keyOf: (node: Node) => string) {
  const known = new Map<string, Node>();
  return (a: Node, b: Node): Node => {
    const key = `${keyOf(a)} ${keyOf(b)}`;
    const found = known.get(key) ?? parent(a, b);
    known.set(key, found);
    return found;
  };
}

function batchTree() {
  const parent = remember(batchParent, (hash) => hash);
  const all = Array.from({ length: TREE_SIZE }, (_leaf, index) => seededHash(`batch leaf ${index}`));
  const proofs = PROOF_SIZES.flatMap((size) => {
    const subset = all.slice(0, size);
    return someIndexes(size).map((index) => ({
      size,
      index,
      leaf: subset[index],
      root: batchRoot(subset),
      proof: batchProof(subset, index),
    }));
  });
  return { leaves: all, roots: all.map((_leaf, index) => batchRoot(all.slice(0, index + 1), parent)), proofs };
}

/** First, last, middle and the two before the end: where an odd node is carried up, it is at the end. */
function someIndexes(size: number): number[] {
  return [...new Set([0, 1, Math.floor(size / 2), size - 2, size - 1])].filter((index) => index >= 0 && index < size);
}

function sumTree() {
  const all: SumNode[] = Array.from({ length: TREE_SIZE }, (_leaf, index) => ({
    hash: seededHash(`reward leaf ${index}`),
    // Weights stay below 2^106, as quality × volume × difficulty × feedback does; the first are 1 and the largest.
    sum: index === 0 ? 1n : index === 1 ? (1n << 106n) - 1n : 1n + (BigInt(seededHash(`weight ${index}`)) >> 160n),
  }));
  const parent = remember(sumParent, ({ hash, sum }) => `${hash} ${sum}`);
  const roots = all.map((_leaf, index) => sumRoot(all.slice(0, index + 1), parent));
  const proofs = PROOF_SIZES.flatMap((size) => {
    const subset = all.slice(0, size);
    return someIndexes(size).map((index) => sumCase(subset, index));
  });
  return {
    leafHashes: all.map((leaf) => leaf.hash),
    leafSums: all.map((leaf) => leaf.sum.toString()),
    roots: roots.map((node) => node.hash),
    totals: roots.map((node) => node.sum.toString()),
    proofs,
    rejected: rejectedSums(all),
  };
}

function sumCase(leaves: readonly SumNode[], index: number) {
  const leaf = leaves[index];
  if (leaf === undefined) throw new RangeError(`no leaf at ${index}`);
  const proof = sumProof(leaves, index);
  const top = climbSum(leaf, proof);
  return flatSum({ size: leaves.length, index }, leaf, proof, top);
}

function flatSum(head: object, leaf: SumNode, proof: readonly SumNode[], top: SumNode) {
  return {
    ...head,
    leaf: leaf.hash,
    sum: leaf.sum.toString(),
    root: top.hash,
    total: top.sum.toString(),
    proofHashes: proof.map((node) => node.hash),
    proofSums: proof.map((node) => node.sum.toString()),
  };
}

/** Claims that must fail although something about them is right. */
function rejectedSums(all: readonly SumNode[]) {
  const leaves = all.slice(0, 5);
  const [leaf, next] = leaves;
  if (leaf === undefined || next === undefined) throw new RangeError('five leaves are there');
  const proof = sumProof(leaves, 0);
  const top = climbSum(leaf, proof);
  const [sibling, ...rest] = proof;
  if (sibling === undefined) throw new RangeError('a tree of five has proofs');
  const huge = { ...sibling, sum: (1n << 128n) - leaf.sum };
  return [
    flatSum({ reason: 'the total is one less' }, leaf, proof, { ...top, sum: top.sum - 1n }),
    flatSum({ reason: 'the leaf claims one unit more' }, { ...leaf, sum: leaf.sum + 1n }, proof, top),
    flatSum(
      { reason: 'weight moved from the sibling to the leaf' },
      { ...leaf, sum: leaf.sum + 1n },
      [{ ...sibling, sum: sibling.sum - 1n }, ...rest],
      top,
    ),
    flatSum({ reason: 'a running sum reaches 2^128' }, leaf, [huge, ...rest], top),
    flatSum({ reason: 'empty proof, the root hash as leaf with another weight' }, { hash: top.hash, sum: 1n }, [], top),
    flatSum({ reason: 'a leaf without weight' }, { ...leaf, sum: 0n }, proof, top),
    flatSum({ reason: 'the proof is in the wrong order' }, leaf, proof.toReversed(), top),
    flatSum({ reason: 'zero root and zero total' }, { hash: `0x${'00'.repeat(32)}`, sum: 0n }, [], {
      hash: `0x${'00'.repeat(32)}`,
      sum: 0n,
    }),
  ];
}
