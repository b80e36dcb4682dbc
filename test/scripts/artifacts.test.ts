import assert from 'node:assert/strict';

import { isCurrent } from '../../scripts/lib/artifacts.ts';

describe('scripts/lib/artifacts', () => {
  it('takes artifacts for current only when they are there and belong to the stamp', () => {
    assert.equal(isCurrent('a', 'a'), true);
    assert.equal(isCurrent('a', 'b'), false);
    assert.equal(isCurrent(undefined, 'a'), false);
    assert.equal(isCurrent('a', undefined), false);
    assert.equal(isCurrent(undefined, undefined), false);
  });
});
