import assert from 'node:assert/strict';

import fc from 'fast-check';

import { effectiveMask, quality } from '../../../gateway/poq/quality.ts';
import { Flag } from '../../../gateway/protocol/constants.ts';
import { bps, check } from './arbitraries.ts';

describe('quality', () => {
  const weights = { accuracy: 7_000, consistency: 3_000, format: 0 };

  it('returns the weighted mean of what is active', () => {
    const z = { accuracy: 9_000, consistency: 6_001, format: 10_000 };
    assert.equal(quality(z, 1, weights), 9_000);
    assert.equal(quality(z, 3, weights), 8_100);
    assert.equal(quality(z, 7, { accuracy: 1, consistency: 1, format: 1 }), 8_333);
  });

  it('returns nothing when no active dimension has a weight', () => {
    assert.equal(quality({ accuracy: 1, consistency: 1, format: 1 }, 0, weights), undefined);
    assert.equal(quality({ accuracy: 1, consistency: 1, format: 1 }, 4, weights), undefined);
  });

  it('returns masks with format only where constrained and consistency only where comparable', () => {
    assert.equal(effectiveMask(7, 0, false), 1);
    assert.equal(effectiveMask(7, Flag.formatConstrained, false), 5);
    assert.equal(effectiveMask(7, Flag.formatConstrained, true), 7);
    assert.equal(effectiveMask(4, 0, true), 0);
  });

  it('returns no less when a dimension rises, and always a score in range', () => {
    const dims = fc.record({ accuracy: bps, consistency: bps, format: bps });
    check(
      fc.property(dims, dims, fc.nat(7), dims, (z, rise, mask, w) => {
        const more = {
          accuracy: Math.min(10_000, z.accuracy + rise.accuracy),
          consistency: Math.min(10_000, z.consistency + rise.consistency),
          format: Math.min(10_000, z.format + rise.format),
        };
        const [before, after] = [quality(z, mask, w), quality(more, mask, w)];
        if (before === undefined || after === undefined) return before === after;
        return before >= 0 && before <= after && after <= 10_000;
      }),
    );
  });
});
