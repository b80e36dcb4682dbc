import assert from 'node:assert/strict';

import type { GoldOutcome, StoredDistribution } from '../../../gateway/epoch/ports.ts';
import type { PreparedGold } from '../../../gateway/gold/ports.ts';
import { Flag } from '../../../gateway/protocol/constants.ts';
import { wakeOutbox } from '../../../gateway/store/outbox-log.ts';
import { statement } from '../../../gateway/store/store.ts';
import type { Store } from '../../../gateway/store/store.ts';
import {
  GATEWAY,
  NODE,
  address,
  commitSetOf,
  dump,
  entry,
  hash,
  receipt,
  served,
  wipe,
} from '../background.fixtures.ts';
import { DATABASES } from './databases.fixtures.ts';
import { SEED, openLogs, standing, watchOf } from './world.fixtures.ts';
import type { Logs } from './world.fixtures.ts';

const outcome = (truth: number): GoldOutcome => ({
  gateway: GATEWAY,
  node: NODE,
  family: 2,
  flags: Flag.gold,
  truth,
  comparable: false,
  consensus: { accuracy: 1, consistency: 2, format: 3 },
  entries: [{ evaluator: address(0x201), accuracy: 9 }],
});

const stored = (epoch: bigint, round: number, truths: readonly number[] = []): StoredDistribution => ({
  distribution: {
    epoch,
    round,
    roots: [hash(1), hash(2), hash(3)],
    totals: [2n ** 106n, 0n, 1n],
    counts: [3, 0, 1],
    paramsHash: hash(4),
    tableRoot: hash(5),
    batchesHash: hash(6),
    dataHash: hash(7),
  },
  signature: `0x${'44'.repeat(65)}`,
  leaves: [{ epoch, role: 0, account: NODE, quality: 9_999, volume: 2n ** 63n, difficulty: 20_000, feedback: 9_000 }],
  tableLeaves: [{ kind: 0, account: address(0x201), family: 255, value: 4_000 }],
  goldOutcomes: truths.map(outcome),
  parts: [],
});

for (const { name, open } of DATABASES) {
  describe(`epoch, gold and outbox logs on ${name}`, () => {
    let store: Store;
    let logs: Logs;
    before(async function () {
      this.timeout(60_000);
      store = await open();
    });
    beforeEach(async () => {
      await wipe(store);
      logs = await openLogs(store);
    });
    after(() => store.close());
    const keys = async (): Promise<string[]> => (await logs.outbox.due(0, 1_000)).map(({ key }) => key).sort();

    it('returns a distribution exactly as it was saved, and the outcomes of a range of epochs in order', async () => {
      for (const epoch of [4n, 2n, 3n]) await logs.epoch.save(stored(epoch, 0, [Number(epoch), 100]));
      const { parts: _parts, ...result } = stored(3n, 0, [3, 100]);
      assert.deepEqual(await logs.epoch.distribution(3n), result);
      assert.equal(await logs.epoch.dataHash(3n), hash(7));
      assert.equal(await logs.epoch.dataHash(9n), undefined);
      assert.equal(await logs.epoch.distribution(9n), undefined);
      const truths = (await logs.epoch.goldOutcomes(2n, 3n)).map(({ truth }) => truth);
      assert.deepEqual(truths, [2, 100, 3, 100]);
      assert.deepEqual(await logs.epoch.goldOutcomes(0n, 1n), []);
      assert.deepEqual(await logs.epoch.goldOutcomes(0n, -1n), []);
      await logs.epoch.save(stored(3n, 1));
      assert.equal((await logs.epoch.distribution(3n))?.distribution.round, 1);
    });

    it('plans each row once, and leaves a finished one finished', async () => {
      const rows = [
        { kind: 'gold', epoch: 1n },
        { kind: 'open', epoch: 1n },
        { kind: 'propose', epoch: 1n },
      ] as const;
      await logs.epoch.plan(rows);
      assert.deepEqual(await keys(), ['gold:1', 'open:1', 'propose:1:0']);
      await logs.epoch.finish('gold:1');
      await logs.epoch.plan(rows);
      assert.deepEqual(await keys(), ['open:1', 'propose:1:0']);
    });

    it('goes from a proposal to its finalisation, and through an overturned round to the next', async () => {
      await logs.epoch.plan([{ kind: 'propose', epoch: 1n }]);
      await logs.epoch.proposed('propose:1:0', 1n, 0);
      assert.deepEqual(await keys(), ['finalize:1:0']);
      await logs.epoch.overturned('finalize:1:0', 1n, 1);
      assert.deepEqual(await keys(), ['propose:1:1']);
      await logs.epoch.proposed('propose:1:1', 1n, 1);
      await logs.epoch.finalized('finalize:1:1', 1n, watchOf('finalize', 1n));
      assert.deepEqual(await keys(), ['watch:finalize:1:1:99']);
      await logs.epoch.vanished('watch:finalize:1:1:99', watchOf('finalize', 1n));
      assert.deepEqual(await keys(), ['finalize:1:1']);
    });

    it('proposes again when a proposal vanished and its round is the same', async () => {
      await logs.epoch.plan([{ kind: 'propose', epoch: 1n }]);
      await logs.epoch.proposed('propose:1:0', 1n, 0);
      await logs.epoch.overturned('finalize:1:0', 1n, 0);
      assert.deepEqual(await keys(), ['propose:1:0']);
      await logs.epoch.proposed('propose:1:0', 1n, 0);
      assert.deepEqual(await keys(), ['finalize:1:0']);
    });

    it('counts as running what is anchored but not settled', async () => {
      await logs.serve(0);
      await logs.close();
      assert.equal(await logs.epoch.runningBatches(3n), 0);
      await logs.anchored(0n);
      assert.equal(await logs.epoch.runningBatches(3n), 1);
      assert.equal(await logs.epoch.runningBatches(2n), 0);
      await logs.seeded(0n, []);
      await logs.record(0n);
      assert.equal(await logs.epoch.runningBatches(3n), 1);
      assert.deepEqual((await logs.facts(3n)).receipts, []);
      await logs.anchor.recorded('records:0', standing(0n));
      assert.equal(await logs.epoch.runningBatches(3n), 1, 'a reorganisation may still change it');
      await logs.anchor.settle(standing(0n), 2);
      assert.equal(await logs.epoch.runningBatches(3n), 0);
      assert.deepEqual([await logs.epoch.anchoredBatches(3n), await logs.epoch.anchoredBatches(2n)], [1, 0]);
    });

    it('returns the facts of one epoch only: batches by id, receipts by serial, with commit sets and replays', async () => {
      for (const serial of [0, 1, 2]) {
        await logs.serve(2 * serial, 2 * serial + 1);
        await logs.close();
      }
      await logs.anchored(0n, 7n, 3n);
      await logs.anchored(2n, 5n, 3n); // anchored first, by another order of blocks
      await logs.anchored(4n, 6n, 4n);
      const id = receipt(2).id;
      const drawn = { receiptId: id, seed: SEED };
      const set = commitSetOf(hash(1), SEED, [address(1), address(2)]);
      for (const from of [0n, 2n, 4n]) {
        await logs.seeded(
          from,
          from === 2n ? [{ receiptId: id, receiptLeaf: hash(1), proof: [], replayed: true }] : [],
        );
        if (from === 2n) {
          const replay = { node: address(8), replayId: hash(8), modelId: 'm', response: '1' };
          await logs.examination.saveReplays('replay', drawn, [replay], 0);
          await logs.examination.saveCommitSet('commit', drawn, set);
          await logs.examination.finish('reveal', drawn, 2, [entry()]);
        }
        await logs.record(from);
        await logs.anchor.recorded(`records:${from}`, standing(from));
      }
      const { batches, receipts } = await logs.facts(3n);
      assert.deepEqual(
        batches.map(({ batchId }) => batchId),
        [5n, 7n],
      );
      assert.deepEqual(
        receipts.map(({ batchId, receipt: { serial } }) => [batchId, serial]),
        [
          [5n, 2n],
          [5n, 3n],
          [7n, 0n],
          [7n, 1n],
        ],
      );
      assert.deepEqual([receipts[0]?.commitSets, receipts[0]?.replays], [[set], [hash(8)]]);
      assert.deepEqual([receipts[1]?.commitSets, receipts[1]?.replays], [[], []]);
    });

    const gold = (index: number, task: PreparedGold['task'] = { n: index }): PreparedGold => ({
      leaf: { epoch: 3n, index, contentHash: hash(1), referenceHash: hash(2), checkerId: hash(3), salt: hash(index) },
      task,
    });

    it('keeps the first preparation of golds, encrypted, and shows them as usable only once they are anchored', async () => {
      await logs.gold.save([gold(1), gold(0)]);
      await logs.gold.save([gold(0, { n: 'second' }), gold(1)]);
      assert.deepEqual(await logs.gold.ofEpoch(3n), []);
      const prepared = await logs.gold.prepared(3n);
      assert.deepEqual(
        prepared.map(({ leaf, task, sent }) => [leaf, task, sent]),
        [0, 1].map((index) => [gold(index).leaf, { n: index }, false]),
      );
      assert.deepEqual(await logs.gold.everPrepared(), [{ n: 0 }, { n: 1 }]);
      await logs.epoch.goldsAnchored('gold:3', 3n, watchOf('gold', 3n));
      assert.deepEqual(await logs.gold.ofEpoch(3n), prepared);
      assert.deepEqual(await logs.gold.ofEpoch(4n), []);
      await logs.epoch.vanished('watch:gold:3:99', watchOf('gold', 3n));
      assert.deepEqual([await logs.gold.ofEpoch(3n), await keys()], [[], ['gold:3']]);
      const [row] = await store.read(statement<{ task: Uint8Array }>('SELECT task FROM golds'));
      assert.ok(row !== undefined && !Buffer.from(row.task).toString('latin1').includes('"n"'));
    });

    it('notes that a gold was sent, its first receipt, and the epoch of its batch once that has records', async () => {
      await logs.gold.save([gold(0), gold(1)]);
      await logs.epoch.goldsAnchored('gold:3', 3n, watchOf('gold', 3n));
      await logs.gold.sending(3n, 0);
      assert.deepEqual(
        (await logs.gold.ofEpoch(3n)).map(({ sent, receiptId }) => [sent, receiptId]),
        [
          [true, undefined],
          [false, undefined],
        ],
      );
      await logs.gold.used(3n, 0, receipt(0).id);
      assert.equal((await logs.gold.ofEpoch(3n))[0]?.receiptId, undefined, 'no receipt, no use');
      await logs.receipts.commit(served(0));
      await logs.gold.used(3n, 0, hash(0xbad));
      assert.equal((await logs.gold.ofEpoch(3n))[0]?.receiptId, receipt(0).id);
      assert.equal((await logs.gold.ofEpoch(3n))[0]?.anchoredEpoch, undefined);
      await logs.close();
      await logs.anchored(0n, 1n, 4n);
      assert.equal((await logs.gold.ofEpoch(3n))[0]?.anchoredEpoch, undefined, 'no records, in no dataset');
      await logs.anchor.recorded('records:0', standing(0n));
      assert.equal((await logs.gold.ofEpoch(3n))[0]?.anchoredEpoch, 4n);
      assert.equal(await logs.gold.answerOf(hash(0xbad)), undefined);
    });

    it('returns due rows only, chain steps and examinations in turns, each in order of time', async () => {
      await logs.serve(0, 1, 2);
      await logs.close();
      await logs.anchored(0n);
      await logs.seeded(
        0n,
        [0, 1, 2].map((serial) => ({
          receiptId: receipt(serial).id,
          receiptLeaf: hash(serial),
          proof: [],
          replayed: false,
        })),
      );
      await logs.outbox.postpone('records:0', 4, 500);
      const ofKind = (kinds: readonly { kind: string }[]): string[] => kinds.map(({ kind }) => kind);
      assert.deepEqual(ofKind(await logs.outbox.due(499, 10)), ['commit', 'commit', 'commit']);
      const [first] = await logs.outbox.due(500, 1);
      assert.deepEqual(first, { key: 'records:0', kind: 'records', payload: { fromSerial: '0' }, attempts: 4 });
      for (const epoch of [1n, 2n, 3n]) await logs.epoch.plan([{ kind: 'open', epoch }]);
      assert.deepEqual(ofKind(await logs.outbox.due(500, 5)), ['open', 'commit', 'open', 'commit', 'open']);
      assert.deepEqual(ofKind(await logs.outbox.due(500, 10)).slice(5), ['commit', 'records']);
    });

    it('makes every open row due at the start of a process, whatever time it was postponed to', async () => {
      await logs.epoch.plan([{ kind: 'open', epoch: 1n }]);
      await logs.epoch.plan([{ kind: 'open', epoch: 2n }]);
      await logs.epoch.finish('open:1');
      await logs.outbox.postpone('open:2', 3, 9_000_000);
      assert.deepEqual(await logs.outbox.due(10, 10), []);
      await wakeOutbox(store);
      assert.deepEqual(await logs.outbox.due(10, 10), [
        { key: 'open:2', kind: 'open', payload: { epoch: '2' }, attempts: 3 },
      ]);
    });

    it('does not bring a finished row back by postponing it', async () => {
      await logs.epoch.plan([{ kind: 'open', epoch: 1n }]);
      await logs.epoch.finish('open:1');
      const image = await dump(store);
      await logs.outbox.postpone('open:1', 1, 0);
      assert.equal(await dump(store), image);
      assert.deepEqual(await keys(), []);
    });
  });
}
