import assert from 'node:assert/strict';

import type { StoredDistribution } from '../../../gateway/epoch/ports.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import { createPruner } from '../../../gateway/store/prune.ts';
import { statement } from '../../../gateway/store/store.ts';
import { createVoteLog } from '../../../gateway/store/vote-log.ts';
import type { Store } from '../../../gateway/store/store.ts';
import { answerTo, attest, hash, receipt, wipe } from '../background.fixtures.ts';
import { DATABASES } from './databases.fixtures.ts';
import { openLogs } from './world.fixtures.ts';
import type { Logs } from './world.fixtures.ts';

/** What anchoring, drawing, judging and recording a batch of two leave behind, of which pruning reads only where it is. */
const examined = (from: number, id: Hex, epoch: number): readonly string[] => [
  `UPDATE batches SET batch_id = ${epoch}, epoch = ${epoch}, recorded = 1, seed = '0x', records_root = '0x', records_data_hash = '0x' WHERE from_serial = ${from}`,
  `INSERT INTO examinations (receipt_id, batch, receipt_leaf, proof, seed, replayed) VALUES ('${id}', ${from}, '0x', '[]', '0x', 1)`,
  `INSERT INTO commit_sets (receipt_id, seed, size, evaluators, commitments, commit_set, signature) VALUES ('${id}', '0x', 5, '', '', '', '0x')`,
  `INSERT INTO replays (receipt_id, seed, node, replay_id, model_id) VALUES ('${id}', '0x', '0x', '0x', 'm')`,
  `INSERT INTO records (receipt_id, batch, record, leaf, entries) SELECT id, ${from}, '{}', '0x', '[]' FROM receipts WHERE batch = ${from}`,
  `INSERT INTO outbox (key, kind, payload, receipt_id, done, next_at_ms) VALUES ('commit:${id}:0', 'commit', '{}', '${id}', 1, 0)`,
  `UPDATE outbox SET done = 1 WHERE key = 'anchor:${from}'`,
];

const result = (epoch: bigint): StoredDistribution => ({
  distribution: {
    epoch,
    round: 0,
    roots: [hash(1), hash(2), hash(3)],
    totals: [0n, 0n, 0n],
    counts: [0, 0, 0],
    paramsHash: hash(4),
    tableRoot: hash(5),
    batchesHash: hash(6),
    dataHash: hash(0xd000 + Number(epoch)),
  },
  signature: `0x${'44'.repeat(65)}`,
  leaves: [],
  tableLeaves: [],
  goldOutcomes: [],
  parts: [{ batchId: epoch, start: 0, end: 1 }],
});

for (const { name, open } of DATABASES) {
  describe(`pruning on ${name}`, () => {
    let store: Store;
    let logs: Logs;
    let removed: Hex[];
    before(async function () {
      this.timeout(60_000);
      store = await open();
    });
    beforeEach(async () => {
      await wipe(store);
      logs = await openLogs(store);
      removed = [];
    });
    after(() => store.close());

    const prunerOf = (retainEpochs: number, retainDatasets: number, kept: readonly Hex[] = []) =>
      createPruner({
        store,
        files: {
          list: () => Promise.resolve(kept),
          remove: (dataHash) => {
            removed.push(dataHash);
            return Promise.resolve();
          },
        },
        retainEpochs,
        retainDatasets,
        nowMs: () => 1_000 * 86_400_000,
      });

    /** Epochs 1 to `count`, one batch of two receipts in each, the second of them drawn; all final but the last. */
    async function history(count: number): Promise<void> {
      for (let epoch = 1; epoch <= count; epoch += 1) {
        const from = 2 * (epoch - 1);
        await logs.serve(from, from + 1);
        await logs.attestation.save(attest(BigInt(epoch), [answerTo(from), answerTo(from + 1)]));
        await logs.close();
        await store.write(examined(from, receipt(from + 1).id, epoch).map((sql) => statement(sql)));
        await logs.epoch.save(result(BigInt(epoch)));
        if (epoch < count) await store.write([statement(`UPDATE epochs SET final = 1 WHERE epoch = ${epoch}`)]);
      }
    }
    const rows = async (table: string): Promise<number> =>
      Number((await store.read(statement<{ n: bigint }>(`SELECT count(*) AS n FROM ${table}`)))[0]?.n ?? -1n);
    const serials = async (): Promise<number[]> =>
      (await store.read(statement<{ serial: bigint }>('SELECT serial FROM receipts ORDER BY serial'))).map(
        ({ serial }) => Number(serial),
      );

    it('forgets the receipts of final epochs whose time is over, with all that hangs on them', async () => {
      await history(6);
      assert.deepEqual(await prunerOf(3, 1_000).prune(), { batches: 2, datasets: 0 });
      assert.deepEqual(await serials(), [4, 5, 6, 7, 8, 9, 10, 11]);
      for (const [table, left] of [
        ['batches', 4],
        ['records', 8],
        ['examinations', 4],
        ['commit_sets', 4],
        ['replays', 4],
        ['attestations', 4],
        ['answers', 8],
        ['contents', 8],
      ] as const) {
        assert.equal(await rows(table), left, table);
      }
      assert.equal(await rows("outbox WHERE kind = 'anchor'"), 4);
      assert.equal(await rows("outbox WHERE kind = 'commit'"), 4);
      assert.equal(await rows('epochs'), 6, 'what claims need stays');
      assert.deepEqual(await prunerOf(3, 1_000).prune(), { batches: 0, datasets: 0 });
    });

    it('keeps what is not final, however old, and the batch that the next one follows on', async () => {
      await history(4);
      await store.write([statement('UPDATE epochs SET final = 0 WHERE epoch = 1')]);
      await prunerOf(0, 0).prune();
      assert.deepEqual(await serials(), [0, 1, 6, 7]);
      assert.deepEqual(removed, [hash(0xd002), hash(0xd003)]);
      await store.write([statement('UPDATE epochs SET final = 1')]);
      await store.write([statement('DELETE FROM epochs WHERE epoch > 4')]);
      await logs.epoch.save(result(9n));
      await prunerOf(0, 0).prune();
      assert.deepEqual(await serials(), [6, 7]);
      const again = await openLogs(store);
      assert.equal(await again.batch.nextFromSerial(), 8n);
      await again.serve(8);
      assert.deepEqual(await serials(), [6, 7, 8]);
    });

    it('forgets batches of epochs that ended without a result of ours, once nothing is left to be done for them', async () => {
      await history(6);
      const row = (kind: string, epoch: number | string, done: number) =>
        statement(
          `INSERT INTO outbox (key, kind, payload, done, next_at_ms) VALUES ('${kind}:${epoch}', '${kind}', '{}', ${done}, 0)`,
        );
      // 1 is void, 2 was never ours to judge, 3 is still disputed, of 4 nothing is planned.
      await store.write([
        statement('UPDATE epochs SET final = 0 WHERE epoch IN (1, 3, 4)'),
        statement('DELETE FROM epochs WHERE epoch = 2'),
        ...[row('propose', 1, 1), row('finalize', '1:0', 1)],
        row('propose', 2, 1),
        ...[row('propose', 3, 1), row('finalize', '3:0', 1), row('finalize', '3:1', 0)],
        ...[row('propose', 13, 1), row('finalize', '31:0', 0)], // of other epochs
      ]);
      assert.equal((await prunerOf(0, 0).prune()).batches, 3); // 5 is final
      assert.deepEqual(await serials(), [4, 5, 6, 7, 10, 11]);
    });

    it('goes by what was anchored where no result was ever computed', async () => {
      await history(4);
      await store.write([
        statement('DELETE FROM epochs'),
        statement(
          "INSERT INTO outbox (key, kind, payload, done, next_at_ms) VALUES ('propose:1', 'propose', '{}', 1, 0)",
        ),
      ]);
      assert.equal((await prunerOf(2, 0).prune()).batches, 1);
      assert.deepEqual(await serials(), [2, 3, 4, 5, 6, 7]);
    });

    it('forgets a lost batch when one that was anchored after it is old enough, and all there is at once', async () => {
      await logs.serve(0, 1);
      await logs.close();
      await logs.passed.lost('anchor:0', 0n);
      for (let serial = 2; serial < 2 + 130; serial += 1) {
        await logs.serve(serial);
        await logs.close();
      }
      const all = 'recorded = 1, batch_id = from_serial, epoch = CASE WHEN from_serial > 129 THEN 9 ELSE 3 END';
      await store.write([statement(`UPDATE batches SET ${all} WHERE from_serial > 0`)]);
      for (const epoch of [3n, 9n]) await logs.epoch.save({ ...result(epoch), parts: [] });
      await store.write([statement('UPDATE epochs SET final = 1')]);
      assert.equal((await prunerOf(6, 0).prune()).batches, 0, 'epoch 3 is kept, and so is what was lost before it');
      assert.equal((await prunerOf(5, 0).prune()).batches, 129);
      assert.deepEqual(await serials(), [130, 131]);
      assert.equal(await rows('contents'), 2);
    });

    it('forgets receipts that no batch will ever hold, old votes, and what was spent on days of long ago', async () => {
      await history(3);
      const vote = (serial: number) => ({
        ...{ keyHash: 'k', node: receipt(0).node, good: true },
        receiptId: receipt(serial).id,
      });
      await createVoteLog(store).cast({ ...vote(0), day: 1n });
      await createVoteLog(store).cast({ ...vote(5), day: 2n });
      await store.write([
        statement('UPDATE receipts SET batch = NULL WHERE serial = 2'),
        ...[-1, 5, 633, 634].map((day) => statement(`INSERT INTO spending VALUES ('k', ${day}, 1, 1, 1)`)),
      ]);
      await prunerOf(0, 0).prune();
      assert.deepEqual(await serials(), [4, 5]);
      assert.deepEqual([await rows('votes'), await rows('contents')], [1, 2]);
      const days = await store.read(statement<{ day: bigint }>('SELECT day FROM spending ORDER BY day'));
      assert.deepEqual(
        days.map(({ day }) => day),
        [-1n, 634n],
      );
    });

    it('forgets datasets by a time of their own, and files that no epoch names', async () => {
      await history(5);
      assert.deepEqual(await prunerOf(1_000, 2).prune(), { batches: 0, datasets: 2 });
      assert.deepEqual(removed, [hash(0xd001), hash(0xd002)]);
      assert.equal(await logs.epoch.publishedBatch(1n), undefined);
      assert.notEqual(await logs.epoch.publishedBatch(3n), undefined);
      removed = [];
      await prunerOf(1_000, 2, [hash(0xd003), hash(0xbad)]).removeStrayDatasets();
      assert.deepEqual(removed, [hash(0xbad)]);
    });
  });
}
