import assert from 'node:assert/strict';

import { isCounted } from '../../../gateway/poq/counting.ts';

describe('isCounted', () => {
  const clock = { genesis: 1_000n, epochDuration: 100n };

  it('returns false for what was served after its anchor or more than one epoch before', () => {
    assert.equal(isCounted({ servedAt: 1_250n, anchoredAt: 1_250n }, clock), true);
    assert.equal(isCounted({ servedAt: 1_251n, anchoredAt: 1_250n }, clock), false);
    assert.equal(isCounted({ servedAt: 1_100n, anchoredAt: 1_299n }, clock), true);
    assert.equal(isCounted({ servedAt: 1_099n, anchoredAt: 1_200n }, clock), false);
    assert.equal(isCounted({ servedAt: 999n, anchoredAt: 1_000n }, clock), true);
    assert.equal(isCounted({ servedAt: 899n, anchoredAt: 1_000n }, clock), false);
  });
});
