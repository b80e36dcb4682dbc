import assert from 'node:assert/strict';

import { epochEnd, epochOf, epochStart } from '../../../gateway/protocol/epoch.ts';

const clock = { genesis: 1_000n, epochDuration: 8n };

describe('protocol/epoch', () => {
  it('returns no epoch before genesis, and epoch 0 from its first second', () => {
    assert.deepEqual(
      [0n, 999n].map((time) => epochOf(clock, time)),
      [undefined, undefined],
    );
    assert.deepEqual(
      [1_000n, 1_007n, 1_008n].map((time) => epochOf(clock, time)),
      [0n, 0n, 1n],
    );
  });

  it('returns starts and ends that belong to their epochs', () => {
    for (const epoch of [0n, 1n, 77n]) {
      assert.equal(epochOf(clock, epochStart(clock, epoch)), epoch);
      assert.equal(epochOf(clock, epochEnd(clock, epoch) - 1n), epoch);
      assert.equal(epochOf(clock, epochEnd(clock, epoch)), epoch + 1n);
    }
  });
});
