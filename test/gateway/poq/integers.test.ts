import assert from 'node:assert/strict';

import fc from 'fast-check';

import { floorDiv, isqrt, lowerMedian, lowerQuartile } from '../../../gateway/poq/integers.ts';
import { check } from './arbitraries.ts';

describe('integers', () => {
  it('returns the integer square root', () => {
    check(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 200n }), (n) => {
        const root = isqrt(n);
        return root * root <= n && (root + 1n) * (root + 1n) > n;
      }),
    );
    assert.deepEqual([0n, 1n, 2n, 3n, 4n, 8n, 9n].map(isqrt), [0n, 1n, 1n, 1n, 2n, 2n, 3n]);
    assert.throws(() => isqrt(-1n), RangeError);
  });

  it('returns quotients rounded down and the lower of two medians', () => {
    assert.deepEqual([floorDiv(-1n, 8n), floorDiv(-8n, 8n), floorDiv(7n, 8n), floorDiv(-9n, 8n)], [-1n, -1n, 0n, -2n]);
    assert.equal(lowerMedian([4n, 1n, 3n, 2n]), 2n);
    assert.equal(lowerMedian([]), undefined);
  });

  it('returns the lower quartile: of up to four values the least', () => {
    assert.equal(lowerQuartile([4n, 1n, 3n, 2n]), 1n);
    assert.equal(lowerQuartile([5n, 4n, 1n, 3n, 2n]), 2n);
    assert.equal(lowerQuartile([9n]), 9n);
    assert.equal(lowerQuartile([]), undefined);
  });
});
