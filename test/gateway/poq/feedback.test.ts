import assert from 'node:assert/strict';

import fc from 'fast-check';

import { feedbackBps, feedbackOf } from '../../../gateway/poq/feedback.ts';
import { check } from './arbitraries.ts';
import { NODE } from './receipts.ts';

describe('feedback', () => {
  it('returns neutral without votes or with an undecided interval', () => {
    assert.equal(feedbackBps(0, 0), 10_000);
    assert.equal(feedbackBps(3, 3), 10_000); // [0.438, 1]
    assert.equal(feedbackBps(50, 100), 10_000);
  });

  it('returns the Wilson bounds that a float computes, to one basis point', () => {
    const counts = fc.integer({ min: 1, max: 5_000 }).chain((n) => fc.tuple(fc.nat(n), fc.constant(n)));
    check(
      fc.property(counts, ([k, n]) => {
        const z = 1.96;
        const p = k / n;
        const spread = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
        const low = (p + (z * z) / (2 * n) - spread) / (1 + (z * z) / n);
        const high = (p + (z * z) / (2 * n) + spread) / (1 + (z * z) / n);
        const expected = low > 0.5 ? 10_000 + (low - 0.5) * 2_000 : high < 0.5 ? 10_000 - (0.5 - high) * 2_000 : 10_000;
        const result = feedbackBps(k, n);
        return Math.abs(result - expected) <= 1.01 && result >= 9_000 && result <= 11_000;
      }),
      1_000,
    );
  });

  it('returns one vote per payer, node and day, the last one', () => {
    const vote = (payer: string, good: boolean, servedAt = 0n) => ({ payer, node: NODE, servedAt, good });
    const flood = Array.from({ length: 100 }, () => vote('one', true));
    assert.equal(feedbackOf(flood).get(NODE), 10_000);
    const crowd = Array.from({ length: 10 }, (_, index) => vote(`p${index}`, true));
    assert.equal(feedbackOf(crowd).get(NODE), feedbackBps(10, 10));
    assert.ok(feedbackBps(10, 10) > 10_000);
    const changed = crowd.map(({ payer }) => vote(payer, false));
    assert.equal(feedbackOf([...crowd, ...changed]).get(NODE), feedbackBps(0, 10));
    const days = crowd.map(({ payer }) => vote(payer, false, 86_400n));
    assert.equal(feedbackOf([...crowd, ...days]).get(NODE), feedbackBps(10, 20));
  });
});
