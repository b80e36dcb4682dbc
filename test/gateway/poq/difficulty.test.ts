import assert from 'node:assert/strict';

import fc from 'fast-check';

import { createDifficulty } from '../../../gateway/poq/difficulty.ts';
import { RecordStatus } from '../../../gateway/protocol/constants.ts';
import { address, check } from './arbitraries.ts';
import { many, receipt, unexamined } from './receipts.ts';

describe('difficulty', () => {
  const easy = { complexity: 500, quality: 8_000 };
  const hard = { complexity: 9_500, quality: 0 };

  it('returns 10,000 without failures or without other accounts', () => {
    const of = createDifficulty([...many(50, easy), ...many(50, { node: address(2), ...easy })], 4_000);
    assert.equal(of(receipt()), 10_000);
    assert.equal(createDifficulty(many(50, hard), 4_000)(receipt(hard)), 10_000);
  });

  it('returns more where others fail more, by the shrunk ratio', () => {
    const receipts = [
      ...many(30, { node: address(2), ...hard }),
      ...many(30, { node: address(2), ...easy }),
      ...many(30, { node: address(3), complexity: 9_999, quality: 8_000 }),
    ];
    // p̄ = 30/90 = 333,333 ppm; the hard cell for NODE: mean of 1,000,000 and 0 = 500,000, n = 60
    // p = ⌊(60·500,000 + 20·333,333)/80⌋ = 458,333; ⌊10,000·458,333/333,333⌋ = 13,750
    assert.equal(createDifficulty(receipts, 4_000)(receipt(hard)), 13_750);
    // for account 2 only account 3 speaks, which never failed; for account 3 account 2, which always did: 10,000·800,000/500,000
    assert.equal(createDifficulty(receipts, 4_000)(receipt({ ...hard, node: address(2) })), 10_000);
    assert.equal(createDifficulty(receipts, 4_000)(receipt({ ...hard, node: address(3) })), 16_000);
  });

  it('returns 5,000 where others never fail, and 20,000 at most', () => {
    const receipts = [
      ...many(40, { node: address(2), ...easy }),
      ...many(1, { node: address(2), ...hard }),
      ...many(40, { node: address(3), ...easy }),
    ];
    assert.equal(createDifficulty(receipts, 4_000)(receipt(easy)), 5_000);
    const rare = [...many(400, { node: address(2), ...easy }), ...many(20, { node: address(3), ...hard })];
    assert.equal(createDifficulty(rare, 4_000)(receipt(hard)), 20_000);
  });

  it('returns the same whatever the node itself does', () => {
    const cell = fc.record({
      own: fc.nat(40),
      ownFailed: fc.nat(40),
      others: fc.integer({ min: 1, max: 40 }),
      failed: fc.nat(40),
    });
    check(
      fc.property(cell, ({ own, ownFailed, others, failed }) => {
        const rest = [
          ...many(others, { node: address(2), complexity: 9_000 }),
          ...many(failed, { node: address(2), ...hard }),
        ];
        const mine = many(own, { complexity: 9_000 });
        const before = createDifficulty(
          [...rest, ...mine, ...many(ownFailed, { complexity: 9_000 })],
          4_000,
        )(receipt(hard));
        const after = createDifficulty([...rest, ...mine, ...many(ownFailed, hard)], 4_000)(receipt(hard));
        return after === before;
      }),
      100,
    );
  });

  it('returns unscored receipts as failures and ignores the unexamined', () => {
    const unscored = many(20, { node: address(2), complexity: 9_000, status: RecordStatus.unscored, quality: 0 });
    const passed = many(20, { node: address(2), complexity: 0 });
    const ignored = Array.from({ length: 500 }, () => unexamined({ node: address(2) }));
    // p̄ = 500,000; p = ⌊(20·1,000,000 + 20·500,000)/40⌋ = 750,000
    assert.equal(createDifficulty([...unscored, ...passed, ...ignored], 4_000)(receipt({ complexity: 9_000 })), 15_000);
  });
});
