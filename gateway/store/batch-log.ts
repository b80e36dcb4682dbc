import type { BatchLog, ClosedBatch, OpenReceipt } from '../batch/ports.ts';
import { answersReceipt } from '../receipt/attestation.ts';
import type { ReceiptAttestation } from '../receipt/ports.ts';
import { decodeStruct, encodeStruct } from '../protocol/struct-json.ts';
import type { Hex, Receipt } from '../protocol/types.ts';
import { outboxStatements } from './outbox-log.ts';
import { attestationText } from './receipt-log.ts';
import type { RowOf, Statement, Store } from './store.ts';

export type BatchLogDeps = {
  readonly store: Store;
  /** Next serial of this gateway on chain at the start: what is below it was anchored, by this store or a lost one. */
  readonly firstSerial: bigint;
};

/** Where the store's last batch ends; 0 when it has none. */
export async function storedSerials(store: Store): Promise<bigint> {
  const end = store.prepare((db) => db.selectFrom('batches').select((eb) => eb.fn.max('to_serial').as('next')));
  const [row] = await store.read(end({}));
  return row?.next ?? 0n;
}

export function createBatchLog({ store, firstSerial }: BatchLogDeps): BatchLog {
  const statements = statementsOf(store);
  return {
    async openReceipts(limit) {
      return openReceipts(await store.read(statements.open({ firstSerial, limit })));
    },
    async nextFromSerial() {
      const stored = await storedSerials(store);
      return stored > firstSerial ? stored : firstSerial;
    },
    close: (batch) => store.write(closeStatements(statements, batch)),
  };
}

type Statements = ReturnType<typeof statementsOf>;

function statementsOf(store: Store) {
  return { ...outboxStatements(store), ...openReads(store), ...closeWrites(store) };
}

function openReads({ prepare }: Store) {
  return {
    /** One row per answer that a receipt's node attested for it, or one without an answer. */
    open: prepare((db, { firstSerial, limit }: { readonly firstSerial: bigint; readonly limit: number }) =>
      db
        .selectFrom(
          db
            .selectFrom('receipts')
            .select(['serial', 'id', 'node', 'receipt', 'served_at_ms'])
            .where('batch', 'is', null)
            .where('serial', '>=', firstSerial)
            .orderBy('serial')
            .limit(limit)
            .as('open'),
        )
        .leftJoin('answers', (join) =>
          join.onRef('answers.receipt_id', '=', 'open.id').onRef('answers.node', '=', 'open.node'),
        )
        .leftJoin('attestations', (join) =>
          join.onRef('attestations.node', '=', 'answers.node').onRef('attestations.sequence', '=', 'answers.sequence'),
        )
        .select(['open.serial as serial', 'open.receipt as receipt', 'open.served_at_ms as served_at_ms'])
        .select(['answer', 'attestations.attestation as attestation', 'attestations.signature as signature'])
        .select(['answers.leaf as leaf', 'answers.proof as proof'])
        .orderBy('open.serial')
        .orderBy('answers.sequence')
        .orderBy('answers.leaf'),
    ),
  };
}

function closeWrites({ prepare }: Store) {
  return {
    insert: prepare((db, batch: BatchValues) =>
      db.insertInto('batches').values({
        from_serial: batch.fromSerial,
        to_serial: batch.toSerial,
        root: batch.root,
        count: batch.count,
        units: batch.units,
        data_hash: batch.dataHash,
      }),
    ),
    seal: prepare((db, values: SealedValues) =>
      db
        .updateTable('receipts')
        .set({
          receipt: values.receipt,
          signature: values.signature,
          leaf: values.leaf,
          attestation: values.attestation,
          batch: values.fromSerial,
        })
        .where('serial', '=', values.serial)
        .where('batch', 'is', null),
    ),
    dropAnswers: prepare((db, { id }: { readonly id: Hex }) => db.deleteFrom('answers').where('receipt_id', '=', id)),
  };
}

type BatchValues = Omit<ClosedBatch, 'units' | 'receipts'> & { readonly units: string };
type SealedValues = {
  readonly serial: bigint;
  readonly fromSerial: bigint;
  readonly receipt: string;
  readonly signature: Hex;
  readonly leaf: Hex;
  readonly attestation: string | null;
};

type OpenRow = RowOf<Statements['open']>;

/** Of several answers the first that is the receipt's counts: a node that was asked twice attests two. */
function openReceipts(rows: readonly OpenRow[]): readonly OpenReceipt[] {
  const open = new Map<bigint, OpenReceipt>();
  for (const row of rows) {
    const known = open.get(row.serial);
    if (known?.attestation !== undefined) continue;
    const receipt = known?.receipt ?? decodeStruct('receipt', JSON.parse(row.receipt));
    const attestation = attestationOf(row, receipt);
    const base = { receipt, servedAtMs: Number(row.served_at_ms) };
    open.set(row.serial, attestation === undefined ? base : { ...base, attestation });
  }
  return [...open.values()];
}

function attestationOf(row: OpenRow, receipt: Receipt): ReceiptAttestation | undefined {
  const { signature, leaf, proof } = row;
  if (row.answer === null || row.attestation === null) return undefined;
  if (signature === null || leaf === null || proof === null) return undefined;
  const answer = decodeStruct('answer', JSON.parse(row.answer));
  if (!answersReceipt(answer, receipt)) return undefined;
  return {
    attestation: decodeStruct('nodeAttestation', JSON.parse(row.attestation)),
    signature,
    answer,
    leaf,
    proof: JSON.parse(proof) as Hex[],
  };
}

function closeStatements(statements: Statements, batch: ClosedBatch): readonly Statement[] {
  const { fromSerial, toSerial, root, count, dataHash } = batch;
  return [
    statements.insert({ fromSerial, toSerial, root, count, dataHash, units: batch.units.toString() }),
    ...batch.receipts.flatMap(({ receipt, signature, leaf, attestation }) => [
      statements.seal({
        serial: receipt.serial,
        fromSerial,
        receipt: JSON.stringify(encodeStruct('receipt', receipt)),
        signature,
        leaf,
        attestation: attestation === undefined ? null : attestationText(attestation),
      }),
      statements.dropAnswers({ id: receipt.id }),
    ]),
    statements.enqueue('anchor', fromSerial.toString(), { fromSerial: fromSerial.toString() }),
  ];
}
