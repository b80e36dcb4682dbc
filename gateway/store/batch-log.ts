import type { BatchLog, ClosedBatch, OpenReceipt } from '../batch/ports.ts';
import { answersReceipt } from '../receipt/attestation.ts';
import { decodeStruct, structText } from '../protocol/struct-json.ts';
import type { AnswerLeaf, Hex, Receipt } from '../protocol/types.ts';
import { outboxStatements } from './outbox-log.ts';
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
    async openReceipts(limit, from = firstSerial) {
      return openReceipts(await store.read(statements.open({ from: from > firstSerial ? from : firstSerial, limit })));
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
    open: prepare((db, { from, limit }: { readonly from: bigint; readonly limit: number }) =>
      db
        .selectFrom(
          db
            .selectFrom('receipts')
            .select(['serial', 'id', 'node', 'receipt', 'served_at_ms'])
            .where('batch', 'is', null)
            .where('serial', '>=', from)
            .orderBy('serial')
            .limit(limit)
            .as('open'),
        )
        .leftJoin('answers', (join) =>
          join.onRef('answers.receipt_id', '=', 'open.id').onRef('answers.node', '=', 'open.node'),
        )
        .select(['open.serial as serial', 'open.receipt as receipt', 'open.served_at_ms as served_at_ms'])
        .select(['answer', 'answers.leaf as leaf'])
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
        .set({ signature: values.signature, leaf: values.leaf, answer: values.answer, batch: values.fromSerial })
        .where('serial', '=', values.serial)
        .where('batch', 'is', null),
    ),
    /** Whether its node attested it is part of a receipt, and known only now. */
    reflag: prepare((db, { serial, receipt }: { readonly serial: bigint; readonly receipt: string }) =>
      db.updateTable('receipts').set({ receipt }).where('serial', '=', serial),
    ),
  };
}

type BatchValues = Omit<ClosedBatch, 'units' | 'receipts'> & { readonly units: string };
type SealedValues = {
  readonly serial: bigint;
  readonly fromSerial: bigint;
  readonly signature: Hex;
  readonly leaf: Hex;
  readonly answer: Hex | null;
};

type OpenRow = RowOf<Statements['open']>;

/** Of several answers the first that is the receipt's counts: a node that was asked twice attests two. */
function openReceipts(rows: readonly OpenRow[]): readonly OpenReceipt[] {
  const open: OpenReceipt[] = [];
  for (const row of rows) {
    const last = open.at(-1);
    const isSame = last?.receipt.serial === row.serial;
    if (isSame && last.answer !== undefined) continue;
    const receipt = isSame ? last.receipt : decodeStruct('receipt', JSON.parse(row.receipt));
    const base = { receipt, servedAtMs: Number(row.served_at_ms) };
    if (isSame) open.pop();
    open.push(isAttested(row, receipt) ? { ...base, answer: row.leaf } : base);
  }
  return open;
}

/** What the store holds was checked when it came. */
function isAttested(row: OpenRow, receipt: Receipt): row is OpenRow & { readonly leaf: Hex } {
  return row.answer !== null && answersReceipt(JSON.parse(row.answer) as AnswerLeaf, receipt);
}

function closeStatements(statements: Statements, batch: ClosedBatch): readonly Statement[] {
  const { fromSerial, toSerial, root, count, dataHash } = batch;
  return [
    statements.insert({ fromSerial, toSerial, root, count, dataHash, units: batch.units.toString() }),
    ...batch.receipts.map(({ receipt: { serial }, signature, leaf, answer = null }) =>
      statements.seal({ serial, fromSerial, signature, leaf, answer }),
    ),
    ...batch.receipts
      .filter(({ answer }) => answer === undefined)
      .map(({ receipt }) => statements.reflag({ serial: receipt.serial, receipt: structText('receipt', receipt) })),
    statements.enqueue('anchor', fromSerial.toString(), { fromSerial: fromSerial.toString() }),
  ];
}
