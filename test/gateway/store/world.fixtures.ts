import { buildRecords } from '../../../gateway/batch/build-records.ts';
import { batchable, sealBatch } from '../../../gateway/batch/close-batch.ts';
import type { ClosedBatch } from '../../../gateway/batch/ports.ts';
import type { DrawnReceipt, Standing } from '../../../gateway/anchor/ports.ts';
import type { EpochWatch } from '../../../gateway/epoch/ports.ts';
import { RecordStatus } from '../../../gateway/protocol/constants.ts';
import type { ReceiptLog } from '../../../gateway/receipt/ports.ts';
import { createAnchorLog } from '../../../gateway/store/anchor-log.ts';
import { createLostBatches } from '../../../gateway/store/lost-batches.ts';
import { createAttestationLog } from '../../../gateway/store/attestation-log.ts';
import { createBatchLog } from '../../../gateway/store/batch-log.ts';
import { createEpochLog } from '../../../gateway/store/epoch-log.ts';
import { createExaminationLog } from '../../../gateway/store/examination-log.ts';
import { createGoldLog } from '../../../gateway/store/gold-log.ts';
import { createInFlight } from '../../../gateway/store/in-flight.ts';
import { createOutboxLog } from '../../../gateway/store/outbox-log.ts';
import { createReceiptLog } from '../../../gateway/store/receipt-log.ts';
import type { Store } from '../../../gateway/store/store.ts';
import type { WholeFacts } from '../epoch/facts.fixtures.ts';
import { CIPHER, GATEWAY, GATEWAY_SIGNER, LEAF_DOMAIN, SIGNING_DOMAIN, hash, served } from '../background.fixtures.ts';

export type Logs = Awaited<ReturnType<typeof openLogs>>;

/** Every log over one store, and the steps of a batch's life without a chain. */
export async function openLogs(store: Store, firstSerial = 0n) {
  const inFlight = createInFlight();
  const receipts: ReceiptLog = await createReceiptLog({ store, cipher: CIPHER, firstSerial, inFlight });
  const batch = createBatchLog({ store, firstSerial });
  const anchor = createAnchorLog(store);
  const epoch = createEpochLog({ store, gateway: GATEWAY, payerOf: () => hash(0xbeef) });
  return {
    receipts,
    batch,
    anchor,
    passed: createLostBatches(store),
    outbox: createOutboxLog(store),
    attestation: createAttestationLog(store, inFlight),
    examination: createExaminationLog(store, CIPHER),
    epoch,
    gold: createGoldLog(store, CIPHER),

    /** What the store says happened in an epoch. */
    async facts(number: bigint): Promise<Pick<WholeFacts, 'batches' | 'receipts'>> {
      const batches = await epoch.batches(number);
      const pages = await Promise.all(batches.map((batch) => Array.fromAsync(epoch.receiptsOf(batch))));
      return { batches, receipts: pages.flat(2) };
    },
    async serve(...serials: readonly number[]): Promise<void> {
      for (const serial of serials) await receipts.commit(served(serial));
    },
    /** Batches everything that is open, as unattested where no attestation is in. */
    async close(): Promise<ClosedBatch> {
      const open = await batch.openReceipts(1_000);
      const ready = batchable(open, { nowMs: 1e9, attestationGraceMs: 0, maxReceipts: 1_000 });
      const closed = sealBatch(await batch.nextFromSerial(), ready, {
        signer: GATEWAY_SIGNER,
        leafDomain: LEAF_DOMAIN,
        signingDomain: SIGNING_DOMAIN,
      });
      await batch.close(closed);
      return closed;
    },
    anchored: (fromSerial: bigint, batchId = fromSerial + 1n, epoch = 3n) =>
      anchor.anchored(`anchor:${fromSerial}`, fromSerial, {
        batchId,
        epoch,
        block: 50n,
        blockHash: BLOCK_HASH,
        anchoredAt: 1_010n,
      }),
    seeded: (fromSerial: bigint, drawn: readonly DrawnReceipt[]) =>
      anchor.seeded(`seed:${fromSerial}`, standing(fromSerial), SEED, drawn),
    async record(fromSerial: bigint) {
      const built = buildRecords(await anchor.receipts(fromSerial), await anchor.examined(fromSerial), {
        leafDomain: LEAF_DOMAIN,
        scoreOf: (_receipt, examined) => ({
          status: examined === undefined ? RecordStatus.unexamined : RecordStatus.scored,
          committeeSize: examined?.committeeSize ?? 0,
          activeMask: 0,
          accuracy: 0,
          consistency: 0,
          format: 0,
          cost: 9_000,
          quality: 0,
          score: 0,
        }),
      });
      await anchor.saveRecords(standing(fromSerial), built);
      return built;
    },
  };
}

export const SEED = hash(0x5eed);
const BLOCK_HASH = hash(0xb10c);

/** Where `anchored` puts a batch. */
export const standing = (fromSerial: bigint): Standing => ({ fromSerial, blockHash: BLOCK_HASH });

export const watchOf = (of: EpochWatch['of'], epoch: bigint): EpochWatch => ({
  ...{ of, epoch, row: of === 'finalize' ? `finalize:${epoch}:1` : `${of}:${epoch}`, untilBlock: 99n },
});
