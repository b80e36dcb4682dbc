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
import { isDrawn, isExaminable, isReplayed, samplingRate } from '../../../gateway/poq/sampling.ts';
import { countExaminable } from '../../../gateway/poq/rate.ts';
import { bytesToHex } from '../../../gateway/protocol/bytes.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import { address, check, hash } from './arbitraries.ts';

const abi = AbiCoder.defaultAbiCoder();
const hashes = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((b) => bytesToHex(b));

function expectedDraw(tag: string, seed: Hex, leaf: Hex): bigint {
  return BigInt(keccak256(abi.encode(['bytes32', 'bytes32', 'bytes32'], [id(tag), seed, leaf]))) % 10_000n;
}

describe('sampling', () => {
  it('returns the draw that ethers computes', () => {
    check(
      fc.property(hashes, hashes, fc.integer({ min: 0, max: 10_000 }), (seed, leaf, rate) => {
        assert.equal(isDrawn(seed, leaf, rate), expectedDraw('DGrid.sample.v1', seed, leaf) < BigInt(rate));
        assert.equal(isReplayed(seed, leaf, rate), expectedDraw('DGrid.replay.v1', seed, leaf) < BigInt(rate));
      }),
      100,
    );
  });

  it('returns always at rate 10,000 and never at rate 0', () => {
    assert.equal(isDrawn(hash(1), hash(2), 10_000), true);
    assert.equal(isDrawn(hash(1), hash(2), 0), false);
  });

  it('returns about the share that the rate asks for', () => {
    const drawn = Array.from({ length: 4_000 }, (_, index) => isDrawn(hash(7), hash(index), 2_500)).filter(Boolean);
    assert.ok(Math.abs(drawn.length - 1_000) < 120, `${drawn.length} of 4,000 at 25 %`);
  });

  it('returns a rate that draws about a hundred and never less than the floor', () => {
    assert.deepEqual(
      [0, 100, 101, 1_000, 3_000, 99_999, 1_000_000].map((n) => samplingRate(100, n)),
      [10_000, 10_000, 9_901, 1_000, 334, 100, 100],
    );
  });

  it('returns private, replayed and unattested receipts as never examined', () => {
    assert.deepEqual(
      [0, 1, 2, 4, 8, 16, 32, 64, 17, 68].map((flags) => isExaminable(flags)),
      [true, true, true, true, false, true, false, false, true, false],
    );
    const receipts = [0, 8, 32, 64, 4].map((flags) => ({ node: address(1), flags }));
    assert.deepEqual([...countExaminable(receipts)], [[address(1), 2]]);
  });
});

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
