import assert from 'node:assert/strict';

import type { Hex } from '../../../gateway/protocol/types.ts';
import type { Drawn, StoredCommitSet } from '../../../gateway/evaluate/ports.ts';
import { statement } from '../../../gateway/store/store.ts';
import type { Store } from '../../../gateway/store/store.ts';
import { address, commitSetOf, dump, entry, hash, leafOf, receipt, wipe } from '../background.fixtures.ts';
import { DATABASES } from './databases.fixtures.ts';
import { SEED, openLogs, standing } from './world.fixtures.ts';
import type { Logs } from './world.fixtures.ts';

for (const { name, open } of DATABASES) {
  describe(`anchor and examination logs on ${name}`, () => {
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

    const id = (serial: number): Hex => receipt(serial).id;
    const keys = async (): Promise<string[]> => (await logs.outbox.due(0, 1_000)).map(({ key }) => key).sort();
    const contentOf = async (): Promise<number[]> =>
      (await store.read(statement<{ serial: bigint }>('SELECT serial FROM contents ORDER BY serial'))).map(
        ({ serial }) => Number(serial),
      );

    /** Four receipts in a batch, anchored; 1 drawn, 2 drawn and replayed. */
    async function drawn(): Promise<void> {
      await logs.serve(0, 1, 2, 3);
      await logs.close();
      await logs.anchored(0n);
      const receipts = await logs.anchor.receipts(0n);
      await logs.seeded(
        0n,
        [1, 2].map((serial) => ({
          receiptId: id(serial),
          receiptLeaf: receipts[serial]?.leaf ?? '0x',
          proof: [hash(serial), hash(0xff)],
          replayed: serial === 2,
        })),
      );
    }
    const of = (serial: number): Drawn => ({ receiptId: id(serial), seed: SEED });
    const examinationOf = async (serial: number) => {
      const found = await logs.examination.examination(id(serial));
      assert.ok(found !== undefined);
      return found;
    };

    it('walks from anchor to seed to examinations and records, one outbox row after the other', async () => {
      await logs.serve(0, 1, 2, 3);
      await logs.close();
      assert.deepEqual(await keys(), ['anchor:0']);
      await logs.anchored(0n);
      assert.deepEqual(await keys(), ['seed:0']);
      const stored = await logs.anchor.batch(0n);
      assert.deepEqual(stored?.anchored, {
        batchId: 1n,
        epoch: 3n,
        block: 50n,
        blockHash: hash(0xb10c),
        anchoredAt: 1_010n,
      });
      assert.equal(stored.seed, undefined);
      await logs.seeded(0n, [{ receiptId: id(1), receiptLeaf: leafOf(receipt(1)), proof: [], replayed: false }]);
      assert.deepEqual(await keys(), [`commit:${id(1)}:0`, 'records:0']);
      assert.equal((await logs.anchor.batch(0n))?.seed, SEED);
      assert.equal(await logs.anchor.batch(1n), undefined);
    });

    it('changes nothing when a transition is made twice', async () => {
      await drawn();
      const image = await dump(store);
      await logs.anchored(0n);
      await logs.seeded(0n, [
        { receiptId: id(1), receiptLeaf: hash(1), proof: [], replayed: true },
        { receiptId: id(2), receiptLeaf: hash(2), proof: [], replayed: false },
      ]);
      // The second draw differs, as if its rules had changed: the first one stands, but for the row it would have made.
      const later = await dump(store);
      assert.equal(
        later.replaceAll(/\["outbox".*/g, ''),
        image.replaceAll(/\["outbox".*/g, ''),
        'everything but the outbox is as it was',
      );
    });

    it('drops the content of what was not drawn once the seed is settled, the rest once the records are, and keeps golds', async () => {
      await logs.gold.save([
        {
          leaf: {
            epoch: 3n,
            index: 0,
            contentHash: hash(1),
            referenceHash: hash(2),
            checkerId: hash(3),
            salt: hash(4),
          },
          task: {},
        },
      ]);
      await logs.gold.used(3n, 0, id(3));
      await drawn();
      assert.deepEqual(await contentOf(), [0, 1, 2, 3], 'another seed may still draw it');
      await logs.anchor.settle(standing(0n), 1);
      assert.deepEqual(await contentOf(), [1, 2, 3]);
      assert.equal(await logs.gold.answerOf(id(3)), '{"a":3}');
      assert.equal(await logs.gold.answerOf(id(0)), undefined);
      await logs.anchor.giveUp(0n);
      await logs.record(0n);
      assert.deepEqual(await contentOf(), [1, 2, 3]);
      await logs.anchor.recorded('records:0', standing(0n));
      assert.deepEqual(await contentOf(), [1, 2, 3]);
      await logs.anchor.settle(standing(0n), 2);
      assert.deepEqual(await contentOf(), [3]);
      assert.equal(await logs.gold.answerOf(id(3)), '{"a":3}');
    });

    it('leaves no content and no running row behind an abandoned batch', async () => {
      await drawn();
      await logs.examination.saveReplays(
        `replay:${id(2)}`,
        of(2),
        [{ node: address(5), replayId: hash(5), modelId: 'm', response: '"other"' }],
        0,
      );
      await logs.anchor.abandoned('records:0', standing(0n));
      await logs.anchor.settle(standing(0n), 2);
      assert.deepEqual(await contentOf(), []);
      assert.deepEqual(await keys(), []);
      assert.equal(await logs.anchor.unfinished(0n), 0);
      const [kept] = await store.read(
        statement<{ n: bigint }>('SELECT count(*) AS n FROM replays WHERE response IS NOT NULL'),
      );
      assert.equal(kept?.n, 0n);
      assert.equal(await logs.epoch.runningBatches(3n), 0);
      assert.deepEqual(await logs.facts(3n), { batches: [], receipts: [] });
    });

    it('gives the committee the content, the place in the batch and the replays, and nothing once it is over', async () => {
      await drawn();
      await logs.examination.saveReplays(
        `replay:${id(2)}`,
        of(2),
        [
          { node: address(6), replayId: hash(6), modelId: 'b', response: '"second"' },
          { node: address(5), replayId: hash(5), modelId: 'a', response: '"first"' },
        ],
        0,
      );
      const examination = await examinationOf(2);
      assert.deepEqual(examination.content, { salt: `0x${'ab'.repeat(16)}`, request: '{"q":2}', response: '{"a":2}' });
      assert.deepEqual(
        examination.replays.map(({ node, response }) => [node, response]),
        [
          [address(5), '"first"'],
          [address(6), '"second"'],
        ],
      );
      assert.equal(examination.replayed, true);
      assert.deepEqual(examination.proof, [hash(2), hash(0xff)]);
      assert.deepEqual([examination.batchId, examination.epoch, examination.seed], [1n, 3n, SEED]);
      assert.deepEqual(await keys(), [`commit:${id(1)}:0`, `commit:${id(2)}:0`, 'records:0']);
      await logs.examination.finish('reveal', of(2), 5, []);
      assert.equal(await logs.examination.examination(id(2)), undefined);
      assert.equal(await logs.examination.examination(id(0)), undefined, 'not drawn');
    });

    it('lets the first commit set of a size stand, and adds its reveal once', async () => {
      await drawn();
      const members = [1, 2, 3, 4, 5].map((n) => address(0x200 + n));
      const first = commitSetOf(hash(1), SEED, members);
      const second: StoredCommitSet = {
        ...commitSetOf(hash(1), SEED, members.toReversed()),
        signature: `0x${'33'.repeat(65)}`,
      };
      await logs.examination.saveCommitSet(`commit:${id(1)}:0`, of(1), first);
      await logs.examination.saveCommitSet(`commit:${id(1)}:0`, of(1), second);
      assert.deepEqual(await logs.examination.commitSet(of(1), 5), first);
      assert.equal(await logs.examination.commitSet(of(1), 9), undefined);
      assert.deepEqual(await keys(), ['records:0', `replay:${id(2)}`, `reveal:${id(1)}:5`]);
      await logs.examination.escalate(`reveal:${id(1)}:5`, of(1), 9, undefined);
      assert.deepEqual(await keys(), [`commit:${id(1)}:9`, 'records:0', `replay:${id(2)}`]);
    });

    it('lets the first result of an examination stand, and a result after the giving up never in', async () => {
      await drawn();
      await logs.examination.finish(`commit:${id(1)}:0`, of(1), 5, [entry()]);
      await logs.examination.finish(`commit:${id(1)}:0`, of(1), 9, []);
      assert.equal(await logs.anchor.unfinished(0n), 1);
      await logs.anchor.giveUp(0n);
      assert.equal(await logs.anchor.unfinished(0n), 0);
      await logs.examination.finish('reveal:y', of(2), 5, [entry()]);
      const examined = await logs.anchor.examined(0n);
      assert.deepEqual(examined.get(id(1)), { committeeSize: 5, entries: [entry()], replays: 0 });
      assert.deepEqual(examined.get(id(2)), { committeeSize: 0, entries: [], replays: 0 });
      assert.deepEqual(await keys(), ['records:0']);
    });

    it('keeps what a first committee said when the larger one is given up, and forgets it when that one ends', async () => {
      await drawn();
      const first = { size: 5, entries: [entry(), entry({ evaluator: address(0x202) })] };
      await logs.examination.escalate('reveal:x', of(1), 9, first);
      await logs.examination.escalate('reveal:y', of(2), 9, first);
      assert.equal(await logs.anchor.unfinished(0n), 2);
      await logs.examination.finish('reveal:z', of(2), 9, [entry()]);
      await logs.anchor.giveUp(0n);
      const examined = await logs.anchor.examined(0n);
      assert.deepEqual(examined.get(id(1)), { committeeSize: 5, entries: first.entries, replays: 0 });
      assert.deepEqual(examined.get(id(2)), { committeeSize: 9, entries: [entry()], replays: 0 });
    });

    it('leaves the rows of other batches alone when one is given up', async () => {
      await drawn();
      await logs.serve(10);
      await logs.close();
      await logs.anchored(4n);
      await logs.seeded(4n, [{ receiptId: id(10), receiptLeaf: hash(9), proof: [], replayed: false }]);
      await logs.anchor.giveUp(0n);
      assert.deepEqual(await keys(), [`commit:${id(10)}:0`, 'records:0', 'records:4']);
    });

    it('returns the same records after a second build, and their entries as they were', async () => {
      await drawn();
      await logs.examination.finish('reveal:x', of(1), 5, [entry(), entry({ evaluator: address(0x202) })]);
      await logs.anchor.giveUp(0n);
      const first = await logs.record(0n);
      const image = await dump(store);
      assert.deepEqual(await logs.record(0n), first);
      assert.equal(await dump(store), image);
      await logs.anchor.recorded('records:0', standing(0n));
      const { receipts, batches } = await logs.facts(3n);
      assert.deepEqual(
        receipts.map(({ record }) => record),
        first.records.map(({ record }) => record),
      );
      assert.deepEqual(receipts[1]?.entries, [entry(), entry({ evaluator: address(0x202) })]);
      assert.deepEqual([batches[0]?.recordsRoot, batches[0]?.recordsDataHash], [first.root, first.dataHash]);
      assert.equal(receipts[0]?.payer, hash(0xbeef));
    });
  });
}
