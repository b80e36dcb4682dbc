import assert from 'node:assert/strict';

import { AbiCoder, id, keccak256 } from 'ethers';
import fc from 'fast-check';

import { countExaminable } from '../../../gateway/poq/rate.ts';
import { isDrawn, isExaminable, isReplayed, samplingRate } from '../../../gateway/poq/sampling.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import { address, check, hash, hashes } from './arbitraries.ts';

const abi = AbiCoder.defaultAbiCoder();

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
