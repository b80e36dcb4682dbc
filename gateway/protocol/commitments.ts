import { encodeAbiParameters } from 'viem';

import { writeWord } from './bytes.ts';
import { keccak, keccakHex, keccakText } from './keccak.ts';
import { canonicalJson } from './canonical-json.ts';
import type { JsonValue } from './canonical-json.ts';
import { ZERO_HASH } from './types.ts';
import type { Address, Distribution, EvaluationEntry, Hex } from './types.ts';

/** Hashes over lists: what a record, a commit set and a distribution say about things too long to carry. */

const ENTRIES = [
  {
    type: 'tuple[]',
    components: [
      { name: 'evaluator', type: 'address' },
      { name: 'accuracy', type: 'uint16' },
      { name: 'consistency', type: 'uint16' },
      { name: 'format', type: 'uint16' },
      { name: 'trust', type: 'uint16' },
      { name: 'scorerId', type: 'bytes32' },
      { name: 'salt', type: 'bytes32' },
      { name: 'signature', type: 'bytes' },
    ],
  },
] as const;

/** keccak256(abi.encode(Entry[])) of the revealed evaluations in committee order; zero when there is none. */
export function evaluationsHash(entries: readonly EvaluationEntry[]): Hex {
  return entries.length === 0 ? ZERO_HASH : keccakHex(encodeAbiParameters(ENTRIES, [entries]));
}

/** keccak256(abi.encode(address[], bytes32[])) by committee rank; a missing commitment is zero. */
export function commitmentsHash(evaluators: readonly Address[], commitments: readonly Hex[]): Hex {
  if (evaluators.length !== commitments.length) throw new RangeError('one commitment slot per evaluator');
  return keccakHex(encodeAbiParameters([{ type: 'address[]' }, { type: 'bytes32[]' }], [evaluators, commitments]));
}

/** keccak256(abi.encode(uint64[])) of the batch ids that an epoch counts, ascending. */
export function batchesHash(batchIds: readonly bigint[]): Hex {
  batchIds.forEach((id, index) => {
    const previous = batchIds[index - 1];
    if (previous !== undefined && previous >= id) throw new RangeError('batch ids must be strictly ascending');
  });
  return keccakHex(encodeAbiParameters([{ type: 'uint64[]' }], [batchIds]));
}

/** keccak256 of the RFC 8785 form of the parameters file. */
export function paramsHash(params: JsonValue): Hex {
  return keccakText(canonicalJson(params));
}

/** keccak256(abi.encode(epoch, round, roots, totals, counts, paramsHash, tableRoot, batchesHash, dataHash)). */
export function distributionHash(distribution: Distribution): Hex {
  const bytes = new Uint8Array(15 * 32);
  writeWord(bytes, 0, 'uint64', distribution.epoch);
  writeWord(bytes, 32, 'uint32', distribution.round);
  distribution.roots.forEach((root, role) => writeWord(bytes, 32 * (2 + role), 'bytes32', root));
  distribution.totals.forEach((total, role) => writeWord(bytes, 32 * (5 + role), 'uint128', total));
  distribution.counts.forEach((count, role) => writeWord(bytes, 32 * (8 + role), 'uint32', count));
  const tail = [distribution.paramsHash, distribution.tableRoot, distribution.batchesHash, distribution.dataHash];
  tail.forEach((hash, index) => writeWord(bytes, 32 * (11 + index), 'bytes32', hash));
  return keccak(bytes);
}
