import assert from 'node:assert/strict';

import fc from 'fast-check';

import { costScore } from '../../../gateway/poq/cost.ts';
import { check } from './arbitraries.ts';

describe('costScore', () => {
  const refs = { priceRef: 200, msRef: 2_000 };

  it('returns 10,000 for nothing, 5,000 at both references, and approaches 0', () => {
    assert.equal(costScore({ ...refs, priceMicroUsd: 0n, totalMs: 0 }), 10_000);
    assert.equal(costScore({ ...refs, priceMicroUsd: 200n, totalMs: 2_000 }), 5_000);
    assert.equal(costScore({ ...refs, priceMicroUsd: 2n ** 128n - 1n, totalMs: 2 ** 32 - 1 }), 0);
  });

  it('returns each part rounded down before the division', () => {
    // ⌊5,000·333/200⌋ = 8,325 and ⌊5,000·777/2,000⌋ = 1,942: ⌊10⁸ / 20,267⌋ = 4,934
    assert.equal(costScore({ ...refs, priceMicroUsd: 333n, totalMs: 777 }), 4_934);
  });

  it('returns no more when price or time rises', () => {
    const inputs = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 9n }), fc.nat(10 ** 7), fc.nat(10 ** 6), fc.nat(10 ** 6));
    check(
      fc.property(inputs, ([priceMicroUsd, totalMs, more, later]) => {
        const before = costScore({ ...refs, priceMicroUsd, totalMs });
        const after = costScore({ ...refs, priceMicroUsd: priceMicroUsd + BigInt(more), totalMs: totalMs + later });
        return after <= before && after >= 0 && before <= 10_000;
      }),
    );
  });
});
