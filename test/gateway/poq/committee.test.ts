import assert from 'node:assert/strict';

import { AbiCoder, id, keccak256 } from 'ethers';
import fc from 'fast-check';

import {
  committeeSize,
  escalatedSize,
  needsEscalation,
  rankCommittee,
  revealQuorum,
} from '../../../gateway/poq/committee.ts';
import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import { address, check, hash, hashes } from './arbitraries.ts';

const abi = AbiCoder.defaultAbiCoder();

describe('committee', () => {
  const evaluators = Array.from({ length: 12 }, (_, index) => address(index + 1));

  it('returns the eligible in the order of the hashes that ethers computes', () => {
    check(
      fc.property(hashes, hashes, (seed, receiptLeaf) => {
        const rank = (account: string): bigint =>
          BigInt(
            keccak256(
              abi.encode(
                ['bytes32', 'bytes32', 'bytes32', 'address'],
                [id('DGrid.committee.v1'), seed, receiptLeaf, account],
              ),
            ),
          );
        const expected = evaluators.slice(2).sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
        const excluded = [address(1), address(2)];
        assert.deepEqual(rankCommittee({ seed, receiptLeaf, evaluators, excluded }), expected);
      }),
      30,
    );
  });

  it('returns nobody twice and nobody excluded, whatever the case of the address', () => {
    const mixed = [...evaluators, `0x${'0'.repeat(39)}C`, `0x${'0'.repeat(39)}c`] as Hex[];
    const ranked = rankCommittee({
      seed: hash(1),
      receiptLeaf: hash(2),
      evaluators: mixed,
      excluded: [`0x${'0'.repeat(39)}B`],
    });
    assert.equal(ranked.length, 11);
    assert.ok(!ranked.includes(address(11)));
  });

  it('returns the sizes and the quorum', () => {
    assert.deepEqual(
      [0, 3, 5, 8, 40].map((n) => committeeSize(n, DEFAULT_PARAMS)),
      [0, 3, 5, 5, 5],
    );
    assert.deepEqual(
      [3, 8, 40].map((n) => escalatedSize(n, DEFAULT_PARAMS)),
      [3, 8, 9],
    );
    assert.deepEqual([0, 3, 4, 5, 6, 7, 8, 9].map(revealQuorum), [4, 4, 4, 4, 4, 5, 6, 6]);
  });

  it('returns escalation for few reveals or a wide spread, when a larger committee exists', () => {
    const outcome = { size: 5, eligible: 7, accuracies: [5_000, 6_000, 7_000, 8_000, 8_000] };
    assert.equal(needsEscalation(outcome, DEFAULT_PARAMS), false);
    assert.equal(needsEscalation({ ...outcome, accuracies: [4_999, 6_000, 7_000, 8_000] }, DEFAULT_PARAMS), true);
    assert.equal(needsEscalation({ ...outcome, accuracies: [1, 1, 1] }, DEFAULT_PARAMS), true);
    assert.equal(needsEscalation({ ...outcome, eligible: 5, accuracies: [] }, DEFAULT_PARAMS), false);
    assert.equal(needsEscalation({ size: 7, eligible: 7, accuracies: [0, 10_000] }, DEFAULT_PARAMS), false);
  });
});
