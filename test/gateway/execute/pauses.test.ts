import assert from 'node:assert/strict';

import { createPauses } from '../../../gateway/execute/pauses.ts';

describe('pauses', () => {
  it('returns the sum of those that ended and of the one under way', () => {
    let nowMs = 100;
    const pauses = createPauses(() => nowMs);
    const after = (ms: number): number => {
      nowMs += ms;
      return pauses.totalMs();
    };
    assert.equal(after(10), 0);
    pauses.begin();
    assert.equal(after(20), 20);
    pauses.begin(); // already paused: the same pause goes on
    assert.equal(after(5), 25);
    pauses.end();
    assert.equal(after(1_000), 25);
    pauses.end();
    assert.equal(after(1_000), 25);
    pauses.begin();
    assert.equal(after(7), 32);
  });
});
