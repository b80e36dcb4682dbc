import assert from 'node:assert/strict';

import fc from 'fast-check';

import { rankCommittee } from '../../gateway/poq/committee.ts';
import { consensus } from '../../gateway/poq/consensus.ts';
import { bytesToHex } from '../../gateway/protocol/bytes.ts';
import { consensusOf } from '../../scripts/lib/verify/consensus.ts';
import { committeeRank } from '../../scripts/lib/verify/record.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((raw) => bytesToHex(raw));

describe('scripts/verify against the gateway', () => {
  it('returns the consensus that the gateway computes', () => {
    const score = fc.record({ score: fc.integer({ min: 0, max: 10_000 }), trust: fc.integer({ min: 0, max: 4_000 }) });
    fc.assert(
      fc.property(fc.array(score, { minLength: 1, maxLength: 9 }), (scores) => {
        const own = consensusOf(scores.map((item) => ({ score: BigInt(item.score), trust: BigInt(item.trust) })));
        assert.equal(own, BigInt(consensus(scores)));
      }),
      { seed: 712, numRuns: 2_000 },
    );
  });

  it('returns the consensus by hand: one liar of five is clipped, equal weights without trust', () => {
    const of = (...scores: [number, number][]) =>
      consensusOf(scores.map(([score, trust]) => ({ score: BigInt(score), trust: BigInt(trust) })));
    // W = 5,000; clip to 8,800…9,000: (8,800·2 + 8,900 + 9,000·2) / 5
    assert.equal(of([9_000, 1_000], [8_800, 1_000], [9_100, 1_000], [8_900, 1_000], [2_000, 1_000]), 8_900n);
    assert.equal(of([4_000, 0], [8_000, 0]), 6_000n);
    assert.throws(() => consensusOf([]), RangeError);
  });

  it('orders a committee as the gateway does', () => {
    fc.assert(
      fc.property(
        bytes(32),
        bytes(32),
        fc.uniqueArray(bytes(20), { minLength: 1, maxLength: 12 }),
        (seed, leaf, list) => {
          const own = list.toSorted((a, b) => (committeeRank(seed, leaf, a) < committeeRank(seed, leaf, b) ? -1 : 1));
          assert.deepEqual(rankCommittee({ seed, receiptLeaf: leaf, evaluators: list, excluded: [] }), own);
        },
      ),
      { seed: 712, numRuns: 100 },
    );
  });
});
