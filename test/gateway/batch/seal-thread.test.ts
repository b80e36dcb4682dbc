import assert from 'node:assert/strict';

import { createSealThread } from '../../../gateway/batch/seal-thread.ts';
import { receiptDigest } from '../../../gateway/protocol/eip712.ts';
import { recoverSigner } from '../../../gateway/protocol/signature.ts';
import { GATEWAY_SIGNER, LEAF_DOMAIN, SIGNING_DOMAIN, hash, leafOf, receipt } from '../background.fixtures.ts';

describe('seal thread', () => {
  const deps = { signerKey: hash(9), leafDomain: LEAF_DOMAIN, signingDomain: SIGNING_DOMAIN };

  it('returns the signature and the leaf of each receipt, in their order', async () => {
    const { seal, close } = createSealThread(deps);
    const receipts = Array.from({ length: 300 }, (_, index) => receipt(index, { units: BigInt(index) ** 4n }));
    try {
      const sealed = await seal(receipts);
      assert.deepEqual(
        sealed.map(({ leaf }) => leaf),
        receipts.map(leafOf),
      );
      for (const [index, { signature }] of sealed.entries()) {
        const value = receipts[index] ?? receipt(0);
        assert.equal(recoverSigner(receiptDigest(SIGNING_DOMAIN, value), signature), GATEWAY_SIGNER.address);
      }
      assert.deepEqual(await seal([]), []);
    } finally {
      await close();
    }
  });

  it('rejects when its thread cannot sign, and what waits when it is closed', async () => {
    const broken = createSealThread({ ...deps, signerKey: hash(0) });
    await assert.rejects(broken.seal([receipt(0)]), /signing thread failed/);
    const closing = createSealThread(deps);
    const waiting = assert.rejects(closing.seal([receipt(0)]), /signing thread ended/);
    await closing.close();
    await waiting;
  });

  it('rejects a receipt that has no encoding, before anything is signed', async () => {
    const { seal, close } = createSealThread(deps);
    await assert.rejects(seal([receipt(0, { id: '0x12' })]), RangeError);
    await close();
  });
});
