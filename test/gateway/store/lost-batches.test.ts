import assert from 'node:assert/strict';

import { statement } from '../../../gateway/store/store.ts';
import type { Store } from '../../../gateway/store/store.ts';
import { receipt, wipe } from '../background.fixtures.ts';
import { DATABASES } from './databases.fixtures.ts';
import { openLogs } from './world.fixtures.ts';
import type { Logs } from './world.fixtures.ts';

for (const { name, open } of DATABASES) {
  describe(`lost batches on ${name}`, () => {
    let store: Store;
    let logs: Logs;
    before(async function () {
      this.timeout(60_000);
      store = await open();
    });
    beforeEach(async () => {
      await wipe(store);
      logs = await openLogs(store);
      await logs.serve(0, 1);
      await logs.close();
      await logs.serve(2, 3);
      await logs.close();
    });
    after(() => store.close());

    const stateOf = async (serial: number) => (await logs.receipts.find(receipt(serial).id))?.state;
    const due = async () => (await logs.outbox.due(0, 100)).map(({ key, payload }) => [key, payload]);

    it('ends a batch as lost: its row is finished, its receipts say so, and their content goes', async () => {
      await logs.passed.lost('anchor:0', 0n);
      assert.deepEqual([await stateOf(0), await stateOf(1), await stateOf(2)], ['lost', 'lost', 'served']);
      assert.deepEqual(await due(), [['anchor:2', { fromSerial: '2' }]]);
      const kept = await store.read(statement<{ serial: bigint }>('SELECT serial FROM contents ORDER BY serial'));
      assert.deepEqual(
        kept.map(({ serial }) => serial),
        [2n, 3n],
      );
    });

    it('tells what was lost just before a batch, and nothing of what was not', async () => {
      assert.equal(await logs.passed.lostBefore(0n), undefined);
      assert.equal(await logs.passed.lostBefore(2n), undefined);
      await logs.passed.lost('anchor:0', 0n);
      assert.deepEqual(await logs.passed.lostBefore(2n), { fromSerial: 0n, toSerial: 2n });
      assert.equal(await logs.passed.lostBefore(4n), undefined, 'the one before it waits for its turn');
    });

    it('lets the next batch begin earlier, with the same receipts, root and serials, and go its whole way', async () => {
      await logs.passed.lost('anchor:0', 0n);
      const before = await logs.anchor.batch(2n);
      await logs.passed.beginAt(2n, 1n);
      assert.equal(await logs.anchor.batch(2n), undefined);
      assert.deepEqual(await logs.anchor.batch(1n), { ...before, fromSerial: 1n });
      assert.deepEqual(await due(), [['anchor:1', { fromSerial: '1' }]]);
      assert.equal(await logs.batch.nextFromSerial(), 4n);
      await logs.anchored(1n);
      assert.deepEqual([await stateOf(0), await stateOf(2), await stateOf(3)], ['lost', 'anchored', 'anchored']);
      await logs.seeded(1n, []);
      await logs.record(1n);
      assert.deepEqual(
        (await logs.facts(3n)).receipts.map(({ receipt: { serial } }) => serial),
        [],
        'not before its records are on chain',
      );
    });

    it('never takes an anchored batch for lost', async () => {
      await logs.anchored(0n);
      await logs.passed.lost('anchor:0', 0n);
      assert.equal(await stateOf(0), 'anchored');
      assert.equal(await logs.passed.lostBefore(2n), undefined);
    });
  });
}
