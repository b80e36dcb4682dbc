import { writeWord } from '../../protocol/bytes.ts';
import { keccak } from '../../protocol/keccak.ts';
import type { Address, Hex } from '../../protocol/types.ts';

/**
 * keccak256(abi.encode(address[], bytes32[])), as `protocol/commitments.ts` defines it. Encoded here by hand because
 * that file loads an ABI library, whose start costs more than everything else in this agent; a test holds the two equal.
 */
export function commitSetHash(evaluators: readonly Address[], commitments: readonly Hex[]): Hex {
  const second = 32 * (3 + evaluators.length);
  const bytes = new Uint8Array(second + 32 * (1 + commitments.length));
  writeWord(bytes, 0, 'uint64', 64);
  writeWord(bytes, 32, 'uint64', second);
  writeWord(bytes, 64, 'uint64', evaluators.length);
  evaluators.forEach((account, index) => writeWord(bytes, 96 + 32 * index, 'address', account));
  writeWord(bytes, second, 'uint64', commitments.length);
  commitments.forEach((hash, index) => writeWord(bytes, second + 32 * (1 + index), 'bytes32', hash));
  return keccak(bytes);
}
