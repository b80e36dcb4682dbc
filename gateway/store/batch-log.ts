import type { BatchLog, ClosedBatch, OpenReceipt } from '../batch/ports.ts';
import { decodeStruct, encodeStruct } from '../protocol/struct-json.ts';
import { enqueue } from './outbox-log.ts';
import { statement } from './sqlite.ts';
import type { Store } from './sqlite.ts';

type OpenRow = { receipt: string; served_at_ms: bigint; attested: bigint };

export type BatchLogDeps = { readonly store: Store; readonly firstSerial: bigint };

export function createBatchLog({ store, firstSerial }: BatchLogDeps): BatchLog {
  return {
    async openReceipts(limit) {
      const rows = await store.read<OpenRow>(
        `SELECT receipt, served_at_ms, attestation IS NOT NULL AS attested FROM receipts
         WHERE batch IS NULL ORDER BY serial LIMIT ?`,
        [limit],
      );
      return rows.map(
        (row): OpenReceipt => ({
          receipt: decodeStruct('receipt', JSON.parse(row.receipt)),
          servedAtMs: Number(row.served_at_ms),
          attested: row.attested === 1n,
        }),
      );
    },
    async nextFromSerial() {
      const [row] = await store.read<{ next: bigint | null }>('SELECT max(to_serial) AS next FROM batches');
      return row?.next ?? firstSerial;
    },
    close: (batch) => store.write(closeStatements(batch)),
  };
}

function closeStatements(batch: ClosedBatch): readonly ReturnType<typeof statement>[] {
  return [
    statement(
      `INSERT INTO batches (from_serial, to_serial, root, count, units, data_hash) VALUES (?, ?, ?, ?, ?, ?)`,
      batch.fromSerial,
      batch.toSerial,
      batch.root,
      batch.count,
      batch.units.toString(),
      batch.dataHash,
    ),
    ...batch.receipts.map(({ receipt, signature, leaf }) =>
      statement(
        'UPDATE receipts SET receipt = ?, signature = ?, leaf = ?, batch = ? WHERE serial = ? AND batch IS NULL',
        JSON.stringify(encodeStruct('receipt', receipt)),
        signature,
        leaf,
        batch.fromSerial,
        receipt.serial,
      ),
    ),
    enqueue('anchor', batch.fromSerial.toString(), { fromSerial: batch.fromSerial.toString() }),
  ];
}
