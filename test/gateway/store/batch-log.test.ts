import assert from 'node:assert/strict';

import { answerLeaf } from '../../../gateway/protocol/leaf.ts';
import { verifyBatchProof } from '../../../gateway/protocol/batch-tree.ts';
import { storedSerials } from '../../../gateway/store/batch-log.ts';
import { statement } from '../../../gateway/store/store.ts';
import type { Store } from '../../../gateway/store/store.ts';
import { LEAF_DOMAIN, NODE, address, answerTo, attest, dump, hash, receipt, wipe } from '../background.fixtures.ts';
import { DATABASES } from './databases.fixtures.ts';
import { openLogs } from './world.fixtures.ts';

for (const { name, open } of DATABASES) {
  describe(`batch and attestation logs on ${name}`, () => {
    let store: Store;
    before(async function () {
      this.timeout(60_000);
      store = await open();
    });
    beforeEach(() => wipe(store));
    after(() => store.close());

    const attestedSerials = async (logs: Awaited<ReturnType<typeof openLogs>>): Promise<number[]> =>
      (await logs.batch.openReceipts(100))
        .filter(({ answer }) => answer !== undefined)
        .map(({ receipt: { serial } }) => Number(serial));

    it('joins each answer with its receipt, whichever came first, with a proof under the signed root', async () => {
      const logs = await openLogs(store);
      // Asked, but not yet written down when the node's word comes; 9 was never asked.
      for (const serial of [0, 1]) await logs.receipts.reserve(receipt(serial).id);
      await logs.attestation.save(attest(1n, [answerTo(1), answerTo(0), answerTo(9)]));
      await logs.serve(0, 1, 2);
      assert.deepEqual(await attestedSerials(logs), [0, 1]);
      await logs.close();
      assert.equal((await logs.receipts.find(receipt(2).id))?.attestation, undefined);
      for (const serial of [0, 1]) {
        const attestation = (await logs.receipts.find(receipt(serial).id))?.attestation;
        assert.ok(attestation !== undefined);
        assert.equal(attestation.leaf, answerLeaf(LEAF_DOMAIN, answerTo(serial)));
        assert.ok(verifyBatchProof(attestation.attestation.root, attestation.leaf, attestation.proof));
      }
    });

    it('takes no answer of another node, or about other content, for an attestation', async () => {
      const logs = await openLogs(store);
      await logs.serve(0, 1, 2, 3, 4);
      const other = address(0x666);
      await logs.attestation.save(attest(1n, [answerTo(0)], other)); // somebody else's signature
      await logs.attestation.save(
        attest(1n, [
          answerTo(1, { responseHash: hash(1) }),
          answerTo(2, { requestHash: hash(1) }),
          answerTo(3, { model: hash(1) }),
          answerTo(4, { gateway: other }),
        ]),
      );
      assert.deepEqual(await attestedSerials(logs), []);
    });

    it('finds the answer that was used when a node attests two for one receipt, in either order', async () => {
      const logs = await openLogs(store);
      await logs.serve(0, 1);
      const lost = { responseHash: hash(0xdead) };
      await logs.attestation.save(attest(1n, [answerTo(0, lost)]));
      await logs.attestation.save(attest(2n, [answerTo(0), answerTo(1)]));
      await logs.attestation.save(attest(3n, [answerTo(1, lost)]));
      assert.deepEqual(await attestedSerials(logs), [0, 1]);
      await logs.close();
      assert.equal((await logs.receipts.find(receipt(0).id))?.attestation?.attestation.sequence, 2n);
    });

    it('counts a receipt once, and within the limit, however often it is attested', async () => {
      const logs = await openLogs(store);
      await logs.serve(0, 1, 2);
      await logs.attestation.save(attest(1n, [answerTo(0), answerTo(0, { promptTokens: 1 }), answerTo(1)]));
      const serials = (await logs.batch.openReceipts(2)).map(({ receipt: { serial } }) => serial);
      assert.deepEqual(serials, [0n, 1n]);
    });

    it('keeps no answers of a second attestation under a sequence that is taken: their proofs are of another root', async () => {
      const logs = await openLogs(store);
      await logs.serve(0, 1);
      await logs.attestation.save(attest(5n, [answerTo(0)]));
      await logs.attestation.save(attest(5n, [answerTo(0, { promptTokens: 3 }), answerTo(1)]));
      assert.deepEqual(await attestedSerials(logs), [0]);
      await logs.close();
      const attestation = (await logs.receipts.find(receipt(0).id))?.attestation;
      assert.ok(attestation !== undefined);
      assert.ok(verifyBatchProof(attestation.attestation.root, attestation.leaf, attestation.proof));
    });

    it('keeps no attestation of which no answer is kept: not asked for, batched, or attested before', async () => {
      const logs = await openLogs(store);
      const attestations = async (): Promise<bigint[]> =>
        (await store.read(statement<{ sequence: bigint }>('SELECT sequence FROM attestations ORDER BY sequence'))).map(
          ({ sequence }) => sequence,
        );
      await logs.serve(0);
      await logs.close();
      await logs.serve(1);
      await logs.attestation.save(attest(1n, [answerTo(0), answerTo(7)]));
      assert.deepEqual(await attestations(), []);
      await logs.attestation.save(attest(2n, [answerTo(7), answerTo(1)]));
      await logs.attestation.save(attest(3n, [answerTo(1)]));
      assert.deepEqual(await attestations(), [2n]);
    });

    it('returns the highest sequence per node, and saving twice changes nothing', async () => {
      const logs = await openLogs(store);
      assert.equal(await logs.attestation.lastSequence(NODE), 0n);
      await logs.serve(0, 1, 2);
      const second = attest(12n, [answerTo(0)]);
      await logs.attestation.save(attest(3n, [answerTo(1)]));
      await logs.attestation.save(second);
      await logs.attestation.save(attest(99n, [answerTo(2)], address(0x666)));
      assert.equal(await logs.attestation.lastSequence(NODE), 12n);
      const image = await dump(store);
      await logs.attestation.save(second);
      assert.equal(await dump(store), image);
    });

    it('closes a batch with the final flags, its signatures and the row of its anchor, and leaves the rest open', async () => {
      const logs = await openLogs(store, 7n);
      await logs.serve(0, 1, 2);
      const closed = await logs.close();
      assert.deepEqual([closed.fromSerial, closed.toSerial], [7n, 10n]);
      assert.equal(await logs.batch.nextFromSerial(), 10n);
      assert.deepEqual(await logs.batch.openReceipts(10), []);
      assert.deepEqual(
        (await logs.outbox.due(0, 10)).map(({ key }) => key),
        ['anchor:7'],
      );
      assert.equal((await logs.anchor.batch(7n))?.root, closed.root);
      assert.deepEqual(
        (await logs.anchor.receipts(7n)).map(({ receipt: value, leaf }) => [value, leaf]),
        closed.receipts.map(({ receipt: value, leaf }) => [value, leaf]),
      );
      await logs.serve(3);
      assert.equal((await logs.batch.openReceipts(10)).length, 1);
    });

    it('goes on from the chain when the store lost batches, without the receipts that fall into what was lost', async () => {
      const before = await openLogs(store);
      assert.equal(await storedSerials(store), 0n);
      await before.serve(0, 1);
      await before.close();
      await before.serve(2, 3);
      assert.equal(await storedSerials(store), 2n);
      const after = await openLogs(store, 9n);
      assert.deepEqual(await after.batch.openReceipts(10), []);
      await after.serve(4);
      const { fromSerial, toSerial, count } = await after.close();
      assert.deepEqual([fromSerial, toSerial, count], [9n, 10n, 1]);
    });

    it('rejects a batch that begins where another one does, and writes nothing of it', async () => {
      const logs = await openLogs(store);
      await logs.serve(0);
      const closed = await logs.close();
      await logs.serve(1);
      const image = await dump(store);
      await assert.rejects(logs.batch.close({ ...closed, root: hash(1) }));
      assert.equal(await dump(store), image);
    });
  });
}
