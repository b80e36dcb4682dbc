import type { BatchLog, ClosedBatch, OpenReceipt } from '../batch/ports.ts';
import { decodeStruct, encodeStruct } from '../protocol/struct-json.ts';
import { answersReceipt } from '../receipt/attestation.ts';
import type { Hex } from '../protocol/types.ts';
import { enqueue } from './outbox-log.ts';
import { statement } from './sqlite.ts';
import { attestationText } from './receipt-log.ts';
import type { Store } from './sqlite.ts';

type OpenRow = {
  receipt: string;
  served_at_ms: bigint;
  answer: string | null;
  attestation: string | null;
  signature: Hex;
  leaf: Hex;
  proof: string;
};

export type BatchLogDeps = {
  readonly store: Store;
  /** Next serial of this gateway on chain at the start: what is below it was anchored, by this store or a lost one. */
  readonly firstSerial: bigint;
};

/** Where the store's last batch ends; 0 when it has none. */
export async function storedSerials(store: Store): Promise<bigint> {
  const [row] = await store.read<{ next: bigint | null }>('SELECT max(to_serial) AS next FROM batches');
  return row?.next ?? 0n;
}

export function createBatchLog({ store, firstSerial }: BatchLogDeps): BatchLog {
  return {
    async openReceipts(limit) {
      const rows = await store.read<OpenRow>(
        `SELECT receipt, served_at_ms, answer, attestations.attestation AS attestation,
           attestations.signature AS signature, answers.leaf AS leaf, proof
         FROM receipts
         LEFT JOIN answers ON answers.rowid = (
           SELECT min(rowid) FROM answers AS own WHERE own.receipt_id = receipts.id AND own.node = receipts.node
             AND json_extract(own.answer, '$.requestHash') = json_extract(receipt, '$.requestHash')
             AND json_extract(own.answer, '$.responseHash') = json_extract(receipt, '$.responseHash')
             AND json_extract(own.answer, '$.model') = json_extract(receipt, '$.model'))
         LEFT JOIN attestations ON attestations.node = answers.node AND attestations.sequence = answers.sequence
         WHERE batch IS NULL AND serial >= ? ORDER BY serial LIMIT ?`,
        [firstSerial, limit],
      );
      return rows.map(openReceipt);
    },
    async nextFromSerial() {
      const stored = await storedSerials(store);
      return stored > firstSerial ? stored : firstSerial;
    },
    close: (batch) => store.write(closeStatements(batch)),
  };
}

function openReceipt(row: OpenRow): OpenReceipt {
  const receipt = decodeStruct('receipt', JSON.parse(row.receipt));
  const servedAtMs = Number(row.served_at_ms);
  if (row.answer === null || row.attestation === null) return { receipt, servedAtMs };
  const answer = decodeStruct('answer', JSON.parse(row.answer));
  if (!answersReceipt(answer, receipt)) return { receipt, servedAtMs };
  const attestation = {
    attestation: decodeStruct('nodeAttestation', JSON.parse(row.attestation)),
    signature: row.signature,
    answer,
    leaf: row.leaf,
    proof: JSON.parse(row.proof) as Hex[],
  };
  return { receipt, servedAtMs, attestation };
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
    ...batch.receipts.flatMap(({ receipt, signature, leaf, attestation }) => [
      statement(
        'UPDATE receipts SET receipt = ?, signature = ?, leaf = ?, attestation = ?, batch = ? WHERE serial = ? AND batch IS NULL',
        JSON.stringify(encodeStruct('receipt', receipt)),
        signature,
        leaf,
        attestation === undefined ? null : attestationText(attestation),
        batch.fromSerial,
        receipt.serial,
      ),
      statement('DELETE FROM answers WHERE receipt_id = ?', receipt.id),
    ]),
    enqueue('anchor', batch.fromSerial.toString(), { fromSerial: batch.fromSerial.toString() }),
  ];
}
