import assert from 'node:assert/strict';

import fc from 'fast-check';

import { activeMask, doubledMidRanks, isRefuted, isReliable, spearmanBps } from '../../../gateway/poq/active.ts';
import type { GoldPair } from '../../../gateway/poq/active.ts';
import { bps, check } from './arbitraries.ts';

describe('active dimensions', () => {
  it('returns doubled mid-ranks', () => {
    assert.deepEqual(doubledMidRanks([30, 10, 20, 20, 20]), [10, 2, 6, 6, 6]);
  });

  it('returns Spearman’s rho in basis points', () => {
    const line = Array.from({ length: 10 }, (_, index) => ({ score: index, truth: index * index }));
    assert.equal(spearmanBps(line), 10_000);
    assert.equal(spearmanBps(line.map(({ score, truth }) => ({ score: -score, truth }))), -10_000);
    assert.equal(spearmanBps(line.map(({ score }) => ({ score, truth: 1 }))), undefined);
    // ranks 1 2 3 4 5 against 2 1 4 3 5: 1 − 6·4/(5·24) = 0.8
    const swapped = [2, 1, 4, 3, 5].map((truth, index) => ({ score: index, truth }));
    assert.equal(spearmanBps(swapped), 8_000);
  });

  it('returns the default below thirty golds and the measured answer from there on', () => {
    const good = Array.from({ length: 30 }, (_, index) => ({ score: index, truth: index }));
    const bad = good.map(({ score }) => ({ score: 30 - score, truth: score }));
    assert.equal(activeMask({ accuracy: [], consistency: [], format: [] }), 5);
    assert.equal(activeMask({ accuracy: bad.slice(1), consistency: good.slice(1), format: [] }), 5);
    assert.equal(activeMask({ accuracy: bad, consistency: good, format: [] }), 6);
    assert.equal(activeMask({ accuracy: good, consistency: good, format: bad }), 3);
  });

  it('returns accuracy active where golds cannot tell: everybody right, nearly everybody, or not enough of them', () => {
    const isActive = (golds: readonly GoldPair[]) => activeMask({ accuracy: golds, consistency: [], format: [] }) === 5;
    const right = Array.from({ length: 60 }, (_, index) => ({ score: 8_000 + index, truth: 10_000 }));
    assert.equal(spearmanBps(right), undefined);
    assert.ok(isActive(right));
    // nine wrong answers that evaluators took for the best: not enough to put a family out of pay
    const fooled = right.map((gold, index) => (index < 9 ? { score: 10_000, truth: 0 } : gold));
    assert.ok(isActive(fooled));
    // no correlation among thirty golds may be chance, among five hundred it is none
    const noise = (count: number): GoldPair[] =>
      Array.from({ length: count }, (_, index) => ({ score: (index >> 1) % 10, truth: index % 2 === 0 ? 0 : 10_000 }));
    assert.ok(isActive(noise(30)) && !isActive(noise(500)));
  });

  it('returns accuracy inactive where golds show that it misleads or that it never varies', () => {
    const pairs = (score: (index: number) => number, count: number): GoldPair[] =>
      Array.from({ length: count }, (_, index) => ({ score: score(index), truth: index % 3 === 0 ? 0 : 10_000 }));
    assert.ok(isRefuted(pairs((index) => (index % 3 === 0 ? 9_000 : 1_000), 30)));
    assert.ok(isRefuted(pairs(() => 10_000, 400)));
    assert.ok(!isRefuted(pairs(() => 10_000, 100)));
    // exactly ten wrong ones taken for the best among thirty
    assert.ok(isRefuted(pairs((index) => (index % 3 === 0 ? 10_000 : 8_000 + index), 30)));
  });

  it('returns no golds as both reliable and refuted', () => {
    const pair = fc.record({ score: bps, truth: fc.constantFrom(0, 5_000, 10_000) });
    check(
      fc.property(fc.array(pair, { maxLength: 400, size: 'max' }), (golds) => !(isReliable(golds) && isRefuted(golds))),
    );
  });

  it('rejects a correlation that may be chance', () => {
    // 30 golds: the margin is ⌊196,000,000 / isqrt(29·10⁸)⌋ = 3,639, so rho must exceed 4,639
    const chance = Array.from({ length: 30 }, (_, index) => ({ score: (index * 7) % 30, truth: index }));
    const rho = spearmanBps(chance) ?? 0;
    assert.ok(rho < 4_639 && !isReliable(chance));
    assert.equal(isReliable([]), false);
    assert.equal(isReliable([{ score: 1, truth: 1 }]), false);
  });

  it('returns rho within ±10,000 whatever the order of golds', () => {
    const pairs = fc.array(fc.record({ score: bps, truth: fc.constantFrom(0, 2_500, 5_000, 10_000) }), {
      minLength: 2,
      maxLength: 60,
    });
    check(
      fc.property(pairs, (golds) => {
        const rho = spearmanBps(golds);
        return rho === spearmanBps(golds.toReversed()) && (rho === undefined || Math.abs(rho) <= 10_000);
      }),
    );
  });
});
