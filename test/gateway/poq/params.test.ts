import assert from 'node:assert/strict';

import { DEFAULT_PARAMS, parseParams } from '../../../gateway/poq/params.ts';

describe('parseParams', () => {
  it('rejects files whose values contradict each other', () => {
    assert.throws(() => parseParams({ ...DEFAULT_PARAMS, betaBps: 4_000 }), /betaBps/);
    assert.throws(() => parseParams({ ...DEFAULT_PARAMS, unknown: 1 }), TypeError);
    assert.throws(() => parseParams({ ...DEFAULT_PARAMS, minQualityBps: 4_000.5 }), TypeError);
    const chat = { ...DEFAULT_PARAMS.families.chat, weights: { accuracy: 0, consistency: 1, format: 0 } };
    const families = { ...DEFAULT_PARAMS.families, chat };
    assert.throws(() => parseParams({ ...DEFAULT_PARAMS, families }), /chat/);
    assert.throws(() => parseParams(undefined), TypeError);
  });

  it('returns the defaults, whose references rise with the size class', () => {
    for (const { priceRef, msRef } of Object.values(DEFAULT_PARAMS.families)) {
      assert.deepEqual(
        priceRef.toSorted((a, b) => a - b),
        priceRef,
      );
      assert.deepEqual(
        msRef.toSorted((a, b) => a - b),
        msRef,
      );
    }
  });
});
