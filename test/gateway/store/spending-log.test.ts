import assert from 'node:assert/strict';

import type { Charge } from '../../../gateway/account/ports.ts';
import { createSpendingLog } from '../../../gateway/store/spending-log.ts';
import { createVoteLog } from '../../../gateway/store/vote-log.ts';
import { statement } from '../../../gateway/store/store.ts';
import type { Store } from '../../../gateway/store/store.ts';
import { address, receipt, served, wipe } from '../background.fixtures.ts';
import { DATABASES } from './databases.fixtures.ts';
import { openLogs } from './world.fixtures.ts';

const charge = (microUsd: bigint, day = 7, keyHash = 'k'): Charge => ({ keyHash, day, microUsd, tokens: 5n });

for (const { name, open } of DATABASES) {
  describe(`what keys have spent, on ${name}`, () => {
    let store: Store;
    before(async function () {
      this.timeout(60_000);
      store = await open();
    });
    beforeEach(() => wipe(store));
    after(() => store.close());

    it('returns in all and today what receipts and unfinished streams have cost, key by key', async () => {
      const { receipts } = await openLogs(store);
      await receipts.commit({ ...served(0), charge: charge(2n ** 40n) });
      await receipts.commit({ ...served(1), charge: charge(5n, 8) });
      await receipts.release(receipt(2).id, charge(3n, 8));
      await receipts.release(receipt(3).id);
      await receipts.commit({ ...served(4), charge: charge(1n, 8, 'other') });
      const totals = await createSpendingLog(store).totals(8);
      assert.deepEqual(
        totals.toSorted((a, b) => (a.keyHash < b.keyHash ? -1 : 1)),
        [
          { keyHash: 'k', microUsd: 2n ** 40n + 8n, todayMicroUsd: 8n, requests: 3n },
          { keyHash: 'other', microUsd: 1n, todayMicroUsd: 1n, requests: 1n },
        ],
      );
    });

    it('charges a receipt once, or not at all: with the row of the receipt itself', async () => {
      const { receipts } = await openLogs(store);
      await receipts.commit({ ...served(0), charge: charge(4n) });
      await assert.rejects(receipts.commit({ ...served(0), charge: charge(4n) }));
      assert.equal((await createSpendingLog(store).totals(7))[0]?.microUsd, 4n);
    });

    it('charges nothing for what a crash interrupted', async () => {
      const { receipts } = await openLogs(store);
      await receipts.reserve(receipt(0).id);
      await openLogs(store);
      assert.deepEqual(await createSpendingLog(store).totals(7), []);
      assert.deepEqual(await store.read(statement('SELECT * FROM reservations')), []);
    });

    it('keeps one vote for each payer, node and day: the last', async () => {
      const votes = createVoteLog(store);
      const vote = { keyHash: 'k', node: address(1), day: 3n, receiptId: receipt(0).id, good: true };
      await votes.cast(vote);
      await votes.cast({ ...vote, good: false });
      await votes.cast({ ...vote, receiptId: receipt(1).id });
      await votes.cast({ ...vote, receiptId: receipt(2).id, day: 4n, good: false });
      const rows = await store.read(
        statement<{ receipt_id: string; good: bigint }>('SELECT receipt_id, good FROM votes ORDER BY day'),
      );
      assert.deepEqual(
        rows.map(({ receipt_id, good }) => [receipt_id, good]),
        [
          [receipt(1).id, 1n],
          [receipt(2).id, 0n],
        ],
      );
    });
  });
}
