import assert from 'node:assert/strict';

import fc from 'fast-check';

import { createCorrection } from '../../../gateway/poq/correction.ts';
import { Flag, RecordStatus } from '../../../gateway/protocol/constants.ts';
import { address, bps, check } from './arbitraries.ts';
import { GATEWAY, NODE, receipt } from './receipts.ts';

const gold = (score: number, exactScore: number) => receipt({ flags: Flag.gold, score, exactScore });

describe('correction', () => {
  it('returns what golds were worth over what committees said, with one gold’s worth of agreement', () => {
    assert.equal(createCorrection([gold(8_000, 6_000), gold(9_000, 9_000)])(NODE), 9_259); // 25,000 / 27,000
    assert.equal(createCorrection([gold(9_000, 9_500)])(NODE), 10_263); // 19,500 / 19,000
    assert.equal(createCorrection([gold(8_000, 0)])(NODE), 5_555);
    assert.equal(createCorrection([gold(8_000, 6_000)])(address(2)), 10_000);
  });

  it('returns 10,500 at most: what committees miss on golds says little about what they see elsewhere', () => {
    assert.equal(createCorrection([gold(6_000, 8_000)])(NODE), 10_500);
    assert.equal(createCorrection(Array.from({ length: 50 }, () => gold(0, 10_000)))(NODE), 10_500);
  });

  it('returns 10,000 for golds that say nothing: undrawn, without truth, of the node’s own account, and for no golds', () => {
    const silent = [
      { ...gold(8_000, 0), status: RecordStatus.unexamined },
      receipt({ flags: Flag.gold, score: 8_000 }),
      receipt({ score: 8_000, exactScore: 0 }),
    ];
    assert.equal(createCorrection(silent)(NODE), 10_000);
    assert.equal(createCorrection([{ ...gold(8_000, 0), node: GATEWAY }])(GATEWAY), 10_000);
  });

  it('returns less the more committees praise, whatever the golds', () => {
    check(
      fc.property(fc.array(fc.tuple(bps, bps), { minLength: 1, maxLength: 40 }), bps, (list, praise) => {
        const told = list.map(([score, exact]) => gold(score, exact));
        const praised = list.map(([score, exact]) => gold(Math.min(10_000, score + praise), exact));
        return createCorrection(praised)(NODE) <= createCorrection(told)(NODE);
      }),
    );
  });
});
