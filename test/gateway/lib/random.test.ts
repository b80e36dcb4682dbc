import assert from 'node:assert/strict';

import { createRandomBytes } from '../../../gateway/lib/random.ts';

describe('createRandomBytes', () => {
  it('returns every byte of the generator at most once, also across a refill', () => {
    let next = 0;
    const random = createRandomBytes((pool) => {
      for (let at = 0; at + 4 <= pool.length; at += 4) pool.writeUInt32BE(next++, at);
    });
    const seen = new Set<number>();
    for (let round = 0; round < 5_000; round += 1) {
      const bytes = random(16);
      for (let at = 0; at < 16; at += 4) seen.add(bytes.readUInt32BE(at));
    }
    assert.equal(seen.size, 4 * 5_000);
  });

  it('returns bytes of its own, which later calls leave alone', () => {
    const random = createRandomBytes();
    const first = random(32);
    const copy = Buffer.from(first);
    for (let round = 0; round < 500; round += 1) random(32);
    assert.deepEqual(first, copy);
    assert.notDeepEqual(random(32), random(32));
  });

  it('rejects more than it fetches at a time', () => {
    assert.throws(() => createRandomBytes()(5_000), RangeError);
  });
});
