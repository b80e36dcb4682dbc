import assert from 'node:assert/strict';

import { createCarry } from '../../../gateway/poq/carry.ts';
import { Flag, RecordStatus } from '../../../gateway/protocol/constants.ts';
import { address } from './arbitraries.ts';
import { GATEWAY, NODE, flat, receipt } from './receipts.ts';

describe('carry', () => {
  it('returns the work-weighted mean of the family, else of the node, else nothing', () => {
    const carry = createCarry(
      [
        receipt({ score: 6_000 }),
        receipt({ score: 9_001, units: 200n }),
        receipt({ family: 3, score: 3_000, units: 300n }),
      ],
      flat,
      flat,
    );
    assert.equal(carry({ gateway: GATEWAY, node: NODE, family: 0 }), 8_000);
    assert.equal(carry({ gateway: GATEWAY, node: NODE, family: 7 }), 5_500);
    assert.equal(carry({ gateway: GATEWAY, node: address(2), family: 0 }), undefined);
    assert.equal(carry({ gateway: address(901), node: NODE, family: 0 }), undefined);
  });

  it('returns golds by their exact score, and unscored receipts as zero', () => {
    const gold = receipt({ flags: Flag.gold, score: 9_000, exactScore: 2_000 });
    assert.equal(createCarry([gold], flat, flat)({ gateway: GATEWAY, node: NODE, family: 0 }), 2_000);
    const unscored = receipt({ status: RecordStatus.unscored, score: 0 });
    assert.equal(createCarry([gold, unscored], flat, flat)({ gateway: GATEWAY, node: NODE, family: 0 }), 1_000);
    const own = receipt({ flags: Flag.gold, node: GATEWAY, exactScore: 10_000 });
    assert.equal(createCarry([own], flat, flat)({ gateway: GATEWAY, node: GATEWAY, family: 0 }), undefined);
    const pinned = receipt({ flags: Flag.pinned });
    assert.equal(createCarry([pinned], flat, flat)({ gateway: GATEWAY, node: NODE, family: 0 }), undefined);
  });

  it('returns corrected scores of what committees judged, never above 10,000', () => {
    const gold = receipt({ flags: Flag.gold, score: 9_000, exactScore: 2_000 });
    const carry = createCarry([gold, receipt({ score: 6_000 })], flat, () => 5_000);
    assert.equal(carry(receipt()), 2_500);
    assert.equal(createCarry([receipt({ score: 6_000 })], flat, () => 20_000)(receipt()), 10_000);
  });

  it('hears nothing from a gold whose truth was lost: that is the gateway\u2019s affair, not the node\u2019s', () => {
    const live = receipt({ score: 8_000 });
    const lost = receipt({ flags: Flag.gold, score: 9_000 });
    const carryOf = createCarry([live, lost], flat, flat);
    assert.equal(carryOf(live), 8_000);
    assert.equal(createCarry([lost], flat, flat)(lost), undefined);
  });
});
