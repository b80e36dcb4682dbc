import { AbiCoder, keccak256 } from 'ethers';

import { valuesInOrder } from './schema.ts';
import type { Fields, Scalar } from './schema.ts';

/** Hashes over lists and over a distribution: `keccak256(abi.encode(…))`, each with the bytes it hashes. */
export type ListHash = { readonly encoded: string; readonly hash: string };

const abi = AbiCoder.defaultAbiCoder();
const ZERO = `0x${'00'.repeat(32)}`;

const ENTRY_FIELDS = [
  { name: 'evaluator', type: 'address' },
  { name: 'accuracy', type: 'uint16' },
  { name: 'consistency', type: 'uint16' },
  { name: 'format', type: 'uint16' },
  { name: 'trust', type: 'uint16' },
  { name: 'scorerId', type: 'bytes32' },
  { name: 'salt', type: 'bytes32' },
  { name: 'signature', type: 'bytes' },
] as const;
const ENTRIES_TYPE = `tuple(${ENTRY_FIELDS.map((field) => `${field.type} ${field.name}`).join(', ')})[]`;

function hashed(types: readonly string[], values: readonly unknown[]): ListHash {
  const encoded = abi.encode(types, values);
  return { encoded, hash: keccak256(encoded) };
}

/** Revealed evaluations by committee rank. None at all hashes to zero, not to the hash of an empty array. */
export function evaluationsHash(entries: readonly Fields[]): ListHash {
  const result = hashed([ENTRIES_TYPE], [entries.map((entry) => valuesInOrder(ENTRY_FIELDS, entry))]);
  return entries.length === 0 ? { ...result, hash: ZERO } : result;
}

/** Commitments by committee rank, zero where one is missing. */
export function commitmentsHash(evaluators: readonly string[], commitments: readonly string[]): ListHash {
  if (evaluators.length !== commitments.length) throw new RangeError('one commitment per evaluator');
  return hashed(['address[]', 'bytes32[]'], [evaluators, commitments]);
}

/** Batch ids that an epoch counts, ascending. */
export function batchesHash(batchIds: readonly Scalar[]): ListHash {
  return hashed(['uint64[]'], [batchIds]);
}

export type Distribution = {
  readonly epoch: Scalar;
  readonly round: Scalar;
  readonly roots: readonly string[];
  readonly totals: readonly Scalar[];
  readonly counts: readonly Scalar[];
  readonly paramsHash: string;
  readonly tableRoot: string;
  readonly batchesHash: string;
  readonly dataHash: string;
};

export const DISTRIBUTION_TYPES = [
  'uint64',
  'uint32',
  'bytes32[3]',
  'uint128[3]',
  'uint32[3]',
  'bytes32',
  'bytes32',
  'bytes32',
  'bytes32',
] as const;

export function distributionHash(distribution: Distribution): ListHash {
  const { epoch, round, roots, totals, counts, paramsHash, tableRoot, batchesHash: batches, dataHash } = distribution;
  return hashed(DISTRIBUTION_TYPES, [epoch, round, roots, totals, counts, paramsHash, tableRoot, batches, dataHash]);
}
