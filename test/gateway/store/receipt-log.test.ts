import assert from 'node:assert/strict';

import { verifyBatchProof } from '../../../gateway/protocol/batch-tree.ts';
import { receiptDigest } from '../../../gateway/protocol/eip712.ts';
import { recordLeaf } from '../../../gateway/protocol/leaf.ts';
import { recoverSigner } from '../../../gateway/protocol/signature.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import type { StoredReceipt } from '../../../gateway/receipt/ports.ts';
import { statement } from '../../../gateway/store/store.ts';
import type { Store } from '../../../gateway/store/store.ts';
import {
  GATEWAY_SIGNER,
  LEAF_DOMAIN,
  SIGNING_DOMAIN,
  answerTo,
  attest,
  dump,
  hash,
  leafOf,
  receipt,
  served,
  wipe,
} from '../background.fixtures.ts';
import { DATABASES } from './databases.fixtures.ts';
import { openLogs, standing, watchOf } from './world.fixtures.ts';
import type { Logs } from './world.fixtures.ts';

for (const { name, open } of DATABASES) {
  describe(`receipt log on ${name}`, () => {
    let store: Store;
    before(async function () {
      this.timeout(60_000);
      store = await open();
    });
    beforeEach(() => wipe(store));
    after(() => store.close());

    const count = async (table: string): Promise<bigint> =>
      (await store.read(statement<{ n: bigint }>(`SELECT count(*) AS n FROM ${table}`)))[0]?.n ?? -1n;
    const id = (serial: number): Hex => receipt(serial).id;
    async function view(
      { receipts }: Logs,
      serial: number,
      spelled = (text: Hex): Hex => text,
    ): Promise<StoredReceipt> {
      const found = await receipts.find(spelled(id(serial)));
      assert.ok(found !== undefined);
      return found;
    }
    it('writes nothing for a request before it has an answer', async () => {
      const { receipts } = await openLogs(store);
      const before = await dump(store);
      await Promise.all([receipts.reserve(id(0)), receipts.reserve(id(1))]);
      await receipts.release(id(1));
      assert.equal(await dump(store), before);
      await receipts.reserve(id(1)); // free again
      assert.equal(await receipts.find(id(0)), undefined);
    });

    it('keeps what a node attested early with the receipt it is about, and not what has no receipt in the end', async () => {
      const logs = await openLogs(store);
      await Promise.all([0, 1, 2].map((serial) => logs.receipts.reserve(id(serial))));
      const early = attest(1n, [answerTo(0), answerTo(1), answerTo(2)]);
      await logs.attestation.save(early);
      assert.deepEqual([await count('answers'), await count('attestations')], [0n, 0n]);
      await logs.receipts.commit(served(0));
      await logs.receipts.release(id(1));
      assert.deepEqual([await count('answers'), await count('attestations')], [1n, 1n]);
      await logs.close();
      assert.deepEqual((await logs.receipts.find(id(0)))?.attestation?.proof, early.answers[0]?.proof);
      await openLogs(store);
      assert.deepEqual(await store.read(statement<object>('SELECT receipt_id FROM answers')), [{ receipt_id: id(0) }]);
    });

    it('asks for no answer after a write that failed, until one works again', async () => {
      let fails = false;
      const refused = (): Promise<void> => Promise.reject(new Error('the disk is full'));
      const { receipts } = await openLogs({ ...store, write: (...all) => (fails ? refused() : store.write(...all)) });
      fails = true;
      await receipts.reserve(id(0)); // nothing has gone wrong yet
      await assert.rejects(receipts.commit(served(0)), /disk is full/);
      await assert.rejects(receipts.reserve(id(1)), /disk is full/);
      fails = false;
      await receipts.reserve(id(1));
      assert.equal(await count('reservations'), 0n);
      assert.deepEqual(await receipts.commit(served(1)), { serial: 1n });
    });

    it('rejects a second reservation and a second receipt of one id', async () => {
      const { receipts } = await openLogs(store);
      await receipts.reserve(id(0));
      await assert.rejects(receipts.reserve(id(0)));
      assert.deepEqual(await receipts.commit(served(0)), { serial: 0n });
      await assert.rejects(receipts.commit(served(0, { keyHash: 'somebody else' })));
      assert.equal((await receipts.find(id(0)))?.keyHash, served(0).keyHash);
      // The serial of the refused one is a gap, and never used twice.
      assert.deepEqual(await receipts.commit(served(1)), { serial: 2n });
    });

    it("gives serials from the chain's next one, without a hole or a double under concurrency, and goes on after a restart", async () => {
      const { receipts } = await openLogs(store, 40n);
      const serials = await Promise.all(Array.from({ length: 20 }, (_, n) => receipts.commit(served(n))));
      assert.deepEqual(
        serials.map(({ serial }) => serial),
        Array.from({ length: 20 }, (_, n) => 40n + BigInt(n)),
      );
      const again = await openLogs(store, 40n);
      assert.deepEqual(await again.receipts.commit(served(20)), { serial: 60n });
      // The chain may know more than the store, never the other way round.
      const ahead = await openLogs(store, 100n);
      assert.deepEqual(await ahead.receipts.commit(served(21)), { serial: 100n });
      const behind = await openLogs(store, 5n);
      assert.deepEqual(await behind.receipts.commit(served(22)), { serial: 101n });
    });

    it('never gives a serial again that a batch has covered, even if its receipt is gone', async () => {
      const logs = await openLogs(store);
      await logs.serve(0, 1, 2);
      await logs.close();
      await store.write([statement('DELETE FROM receipts')]);
      const again = await openLogs(store);
      assert.deepEqual(await again.receipts.commit(served(3)), { serial: 3n });
    });

    it('shows a closed batch as served still, signed, and an anchored one with a proof that verifies', async () => {
      const logs = await openLogs(store);
      await logs.serve(0, 1, 2, 3, 4);
      const first = await view(logs, 3);
      assert.deepEqual(
        [first.state, first.signature, first.batch, first.receipt.serial],
        ['served', null, undefined, 3n],
      );
      const { root } = await logs.close();
      const closed = await view(logs, 3);
      assert.equal(closed.state, 'served', 'closed is not anchored');
      const digest = receiptDigest(SIGNING_DOMAIN, closed.receipt);
      assert.equal(recoverSigner(digest, closed.signature as Hex), GATEWAY_SIGNER.address);
      await logs.anchored(0n);
      const anchored = await view(logs, 3, (text) => text.toUpperCase().replace('0X', '0x') as Hex);
      assert.ok(anchored.batch !== undefined);
      assert.deepEqual(
        [anchored.state, anchored.batch.leaf, anchored.batch.root],
        ['anchored', leafOf(closed.receipt), root],
      );
      assert.ok(verifyBatchProof(root, anchored.batch.leaf, anchored.batch.proof));
    });

    it('shows a record only once it is on chain, with a proof that verifies, and final once its epoch is', async () => {
      const logs = await openLogs(store);
      await logs.serve(0, 1, 2, 3, 4);
      await logs.close();
      await logs.anchored(0n);
      await logs.seeded(0n, [{ receiptId: id(3), receiptLeaf: hash(1), proof: [], replayed: false }]);
      assert.equal((await view(logs, 3)).state, 'anchored');
      const built = await logs.record(0n);
      const evaluated = await view(logs, 3);
      assert.deepEqual([evaluated.state, evaluated.record], ['evaluated', undefined]);
      await logs.anchor.recorded('records:0', standing(0n));
      const { state, record, receipt: value } = await view(logs, 3);
      assert.ok(record !== undefined);
      assert.deepEqual([state, record.root, record.record.receiptLeaf], ['recorded', built.root, leafOf(value)]);
      assert.equal(record.leaf, recordLeaf(LEAF_DOMAIN, record.record));
      assert.ok(verifyBatchProof(built.root, record.leaf, record.proof));
      await store.write([
        statement(
          "INSERT INTO epochs (epoch, distribution, signature, leaves, table_leaves, gold_outcomes, data_hash) VALUES (3, '', '', '', '', '', '')",
        ),
      ]);
      assert.equal((await view(logs, 3)).state, 'recorded');
      await logs.epoch.finalized('finalize:3:0', 3n, watchOf('finalize', 3n));
      assert.equal((await view(logs, 3)).state, 'final');
    });

    it('reads the leaves of a batch and of its records once, however often their receipts are looked up', async () => {
      const reads: string[] = [];
      const counting: Store = {
        ...store,
        read: (query) => {
          if (/order by "serial"/.test(query.sql)) reads.push(query.sql);
          return store.read(query);
        },
      };
      const logs = await openLogs(counting);
      await logs.serve(0, 1, 2);
      await logs.close();
      await logs.anchored(0n);
      await logs.record(0n);
      await logs.anchor.recorded('records:0', standing(0n));
      reads.length = 0;
      const states = [await view(logs, 0), await view(logs, 1), await view(logs, 2), await view(logs, 1)];
      assert.ok(states.every(({ batch, record }) => batch !== undefined && record !== undefined));
      assert.equal(reads.length, 2);
    });

    it('returns nothing for an id it does not know', async () => {
      const { receipts } = await openLogs(store);
      assert.equal(await receipts.find(hash(77)), undefined);
    });

    it('keeps no prompt or answer on disk in clear', async () => {
      const { receipts } = await openLogs(store);
      await receipts.commit(
        served(0, { content: { salt: '0x00', request: '"the secret prompt"', response: '"the secret answer"' } }),
      );
      const rows = [
        ...(await store.read(statement<object>('SELECT * FROM contents'))),
        ...(await store.read(statement<object>('SELECT * FROM receipts'))),
      ];
      assert.equal(rows.length, 2);
      for (const value of rows.flatMap((row) => Object.values(row) as unknown[])) {
        const text = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);
        assert.ok(!text.includes('secret'));
      }
    });
  });
}
