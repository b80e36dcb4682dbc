import assert from 'node:assert/strict';

import { generateVectors } from '../../scripts/generate-vectors.ts';
import { batchLevels, batchProof, climbBatch } from '../../scripts/lib/protocol/batch-tree.ts';
import { sumLevels, sumProof, sumRoot } from '../../scripts/lib/protocol/sum-tree.ts';
import { run } from './support/run.ts';

const HASH = `0x${'ab'.repeat(32)}`;

describe('scripts/generate-vectors', () => {
  it('would write what is committed (class 14)', async () => {
    const outcome = await run(generateVectors, ['--check']);
    assert.equal(outcome.code, 0, outcome.err);
  });

  it('rejects a folder whose files are stale', async () => {
    assert.equal((await run(generateVectors, ['--check', '--out', '/nowhere'])).code, 1);
  });
});

describe('scripts/lib/protocol trees', () => {
  it('reject empty lists, duplicates, short hashes and places that are not there', () => {
    assert.throws(() => batchLevels([]), RangeError);
    assert.throws(() => batchLevels([HASH, HASH.toUpperCase().replace('0X', '0x')]), RangeError);
    assert.throws(() => batchLevels(['0x12']), RangeError);
    for (const index of [-1, 1, 0.5]) assert.throws(() => batchProof([HASH], index), RangeError);
    assert.throws(() => climbBatch(HASH, ['0x12']), RangeError);
    assert.throws(() => sumLevels([]), RangeError);
    assert.throws(() => sumLevels([{ hash: HASH, sum: 0n }]), RangeError);
    assert.throws(() => sumProof([{ hash: HASH, sum: 1n }], 1), RangeError);
  });

  it('give the one legal empty role', () => {
    assert.deepEqual(sumRoot([]), { hash: `0x${'00'.repeat(32)}`, sum: 0n });
  });
});
