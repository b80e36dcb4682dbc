import assert from 'node:assert/strict';

import { createMissedBook } from '../../../gateway/registry/missed-book.ts';

const A = `0x${'aa'.repeat(20)}` as const;

describe('the book of missed requests', () => {
  it('sums up what decisions meant for a node, over ten minutes and no longer', () => {
    let nowMs = 0;
    const book = createMissedBook(() => nowMs);
    const note = (outcome: string, shareBps?: number): void =>
      book.note({ entries: [{ account: A, outcome, ...(shareBps === undefined ? {} : { shareBps }) }] });
    note('price');
    note('price');
    note('breaker');
    note('lost', 1_400);
    nowMs = 300_000;
    note('lost', 3_100);
    note('lost');
    note('won', 2_000);
    const { keptOut, ...rest } = book.of(A);
    assert.deepEqual(rest, { windowMs: 600_000, seen: 7, won: 1, lost: 3, leastShareBps: 1_400, mostShareBps: 3_100 });
    assert.deepEqual(Object.entries(keptOut), [
      ['price', 2],
      ['breaker', 1],
    ]);
    nowMs = 600_000;
    assert.deepEqual([book.of(A).seen, book.of(A).keptOut], [3, {}]);
    nowMs = 1_300_000;
    assert.deepEqual([book.of(A).seen, book.of(A).leastShareBps], [0, undefined]);
  });

  it('knows no more nodes than it has room for', () => {
    const book = createMissedBook(() => 0);
    for (let index = 0; index < 20_010; index += 1)
      book.note({ entries: [{ account: `0x${index.toString(16).padStart(40, '0')}`, outcome: 'won' }] });
    assert.equal(book.of(`0x${(20_005).toString(16).padStart(40, '0')}`).seen, 0);
    assert.equal(book.of(`0x${'0'.repeat(40)}`).seen, 1);
  });
});
