import assert from 'node:assert/strict';

import { priceOf } from '../../../scripts/eval/cost/price.ts';

const ASSUMPTIONS = {
  nodes: 5,
  goldsPerEpoch: 64,
  evaluators: 20,
  escalatedShare: 0.2,
  inferenceMs: 1_000,
  evaluationMs: 2,
  judgeShare: 0,
} as const;

describe('price of Proof of Quality', () => {
  it('returns shares within the goals at default rates', () => {
    assert.ok(priceOf(1_000, ASSUMPTIONS).total <= 0.15);
    assert.ok(priceOf(100_000, ASSUMPTIONS).total <= 0.05);
    assert.ok(priceOf(1_000, { ...ASSUMPTIONS, judgeShare: 0.05 }).total <= 0.15);
  });

  it('returns the parts that the rates give', () => {
    // 1,000 receipts and no golds: a tenth is drawn, a tenth of that goes to two peers, five judge
    const { rateBps, golds, replays, committees } = priceOf(1_000, {
      ...ASSUMPTIONS,
      goldsPerEpoch: 0,
      escalatedShare: 0,
    });
    assert.deepEqual([rateBps, golds], [1_000, 0]);
    assert.ok(Math.abs(replays - 0.02) < 1e-9);
    assert.ok(Math.abs(committees - 0.1 * 5 * 0.002) < 1e-9);
  });

  it('returns less per receipt the more there are', () => {
    const totals = [100, 1_000, 10_000, 100_000].map((receipts) => priceOf(receipts, ASSUMPTIONS).total);
    assert.deepEqual(
      totals,
      totals.toSorted((a, b) => b - a),
    );
  });
});
