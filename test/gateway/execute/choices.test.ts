import assert from 'node:assert/strict';

import { choicesAsked } from '../../../gateway/execute/choices.ts';

describe('choices', () => {
  it('returns how many a body asks for: one unless it says so, never more than any answer may have', () => {
    assert.deepEqual(
      [{}, { n: null }, { n: 1 }, { n: 3 }, { n: 128 }, { n: 1_000 }].map(choicesAsked),
      [1, 1, 1, 3, 128, 128],
    );
    assert.deepEqual([{ n: 0 }, { n: -2 }, { n: 1.5 }, { n: '2' }].map(choicesAsked), [1, 1, 1, 1]);
  });
});
