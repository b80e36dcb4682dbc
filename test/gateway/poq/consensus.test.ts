import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import fc from 'fast-check';

import { consensus } from '../../../gateway/poq/consensus.ts';
import { consensusVectors, literalConsensus } from '../../../scripts/lib/vectors/consensus.ts';
import { bps, check, trust } from './arbitraries.ts';

const scores = fc.array(fc.record({ score: bps, trust }), { minLength: 1, maxLength: 9 });

describe('consensus', () => {
  const vectors = JSON.parse(
    readFileSync(new URL('../../vectors/consensus.json', import.meta.url), 'utf8'),
  ) as ReturnType<typeof consensusVectors>;

  it('returns the result of every golden vector', () => {
    assert.ok(vectors.length >= 200);
    for (const vector of vectors) assert.equal(consensus(vector.scores), vector.result, JSON.stringify(vector));
  });

  it('returns vectors that the generator still produces', () => {
    assert.deepEqual(vectors, consensusVectors());
  });

  it('returns what the definition says, taken literally', () => {
    const any = fc.array(fc.record({ score: bps, trust: fc.integer({ min: 0, max: 65_535 }) }), { maxLength: 12 });
    check(
      fc.property(any, (given) => consensus(given) === literalConsensus(given)),
      1_000,
    );
  });

  it('returns 0 for no scores', () => {
    assert.equal(consensus([]), 0);
  });

  it('returns a value between the lowest and the highest score', () => {
    check(
      fc.property(scores, (given) => {
        const result = consensus(given);
        const values = given.map(({ score }) => score);
        return result >= Math.min(...values) && result <= Math.max(...values);
      }),
    );
  });

  it('returns the same whatever the order', () => {
    const shuffled = scores.chain((given) =>
      fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length })),
    );
    check(fc.property(shuffled, ([given, other]) => consensus(given) === consensus(other)));
  });

  it('returns no less when one score rises', () => {
    check(
      fc.property(scores, bps, (given, rise) => {
        const [first, ...rest] = given;
        if (first === undefined) return true;
        const raised = { ...first, score: Math.min(10_000, first.score + rise) };
        return consensus([raised, ...rest]) >= consensus(given);
      }),
    );
  });

  it('returns a value between the others’ extremes when a liar holds less than a quarter', () => {
    const honest = fc.array(fc.record({ score: bps, trust: fc.constant(1_000) }), { minLength: 4, maxLength: 8 });
    check(
      fc.property(honest, bps, trust, (given, lie, weight) => {
        const liar = { score: lie, trust: Math.min(weight, Math.floor((given.length * 1_000 - 1) / 3)) };
        const values = given.map(({ score }) => score);
        const result = consensus([...given, liar]);
        return result >= Math.min(...values) && result <= Math.max(...values);
      }),
    );
  });

  it('returns a value that lies beyond a quarter of the trust cannot move further', () => {
    const base = [7_900, 8_000, 8_100, 8_200].map((score) => ({ score, trust: 1_000 }));
    const nearly = consensus([...base, { score: 7_899, trust: 1_000 }]);
    assert.equal(consensus([...base, { score: 0, trust: 1_000 }]), nearly);
  });

  it('returns for a lie beyond the clip what the clip itself would have given, below a quarter of the trust', () => {
    const others = fc.array(fc.record({ score: bps, trust }), { minLength: 3, maxLength: 8 });
    check(
      fc.property(others, trust, bps, (given, weight, lie) => {
        const total = given.reduce((sum, one) => sum + one.trust, 0) + weight;
        if (4 * weight > total) return true;
        const clip = [0, 10_000].map((extreme) => clipOf([...given, { score: extreme, trust: weight }]));
        const [lowest, highest] = [clip[0]?.low ?? 0, clip[1]?.high ?? 0];
        const said = (score: number): number => consensus([...given, { score, trust: weight }]);
        const within = said(lie) >= said(lowest) && said(lie) <= said(highest);
        return within && said(0) === said(lowest) && said(10_000) === said(highest);
      }),
      1_000,
    );
  });

  it('returns what one evaluator with more than a quarter of the trust is not clipped from', () => {
    const base = [8_000, 8_000, 8_000].map((score) => ({ score, trust: 1_000 }));
    assert.equal(consensus([...base, { score: 0, trust: 1_000 }]), 8_000);
    assert.equal(consensus([...base, { score: 0, trust: 1_001 }]), Math.floor(24_000_000 / 4_001));
  });
});

/** The scores that a committee's outer quarters are clipped to, by trying every one of them. */
function clipOf(given: readonly { readonly score: number; readonly trust: number }[]) {
  const total = given.reduce((sum, { trust: weight }) => sum + weight, 0);
  const trustWhere = (holds: (score: number) => boolean): number =>
    given.reduce((sum, one) => sum + (holds(one.score) ? one.trust : 0), 0);
  const values = given.map(({ score }) => score);
  return {
    low: Math.min(...values.filter((value) => 4 * trustWhere((score) => score <= value) > total)),
    high: Math.max(...values.filter((value) => 4 * trustWhere((score) => score >= value) > total)),
  };
}
