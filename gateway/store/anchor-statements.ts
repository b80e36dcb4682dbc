import { sql } from 'kysely';
import type { ExpressionBuilder } from 'kysely';

import type { Anchored, Settled, Standing } from '../anchor/ports.ts';
import type { Hex } from '../protocol/types.ts';
import { EXAMINATION_KINDS, outboxStatements } from './outbox-log.ts';
import type { Store } from './store.ts';
import type { Tables } from './tables.ts';

/** The statements behind the life of a batch. */
type OfBatch = { readonly fromSerial: bigint };

export type AnchorReads = ReturnType<typeof anchorReads>;
export type AnchorWrites = ReturnType<typeof anchorWrites>;

export function anchorReads({ prepare }: Store) {
  return {
    batch: prepare((db, { fromSerial }: OfBatch) =>
      db.selectFrom('batches').selectAll().where('from_serial', '=', fromSerial),
    ),
    receipts: prepare((db, { fromSerial, next, limit }: OfBatch & { readonly next: bigint; readonly limit: number }) =>
      db
        .selectFrom('receipts')
        .select(['receipt', 'leaf'])
        .where('batch', '=', fromSerial)
        .where('serial', '>=', next)
        .orderBy('serial')
        .limit(limit)
        .$narrowType<{ leaf: Hex }>(),
    ),
    unfinished: prepare((db, { fromSerial }: OfBatch) =>
      db
        .selectFrom('examinations')
        .select((eb) => eb.fn.countAll<bigint>().as('n'))
        .where('batch', '=', fromSerial)
        .where('finished', '=', 0n),
    ),
    examined: prepare((db, { fromSerial }: OfBatch) =>
      db
        .selectFrom('examinations')
        .select(['receipt_id', 'committee_size', 'entries'])
        .select((eb) =>
          eb
            .selectFrom('replays')
            .select((inner) => inner.fn.countAll<bigint>().as('n'))
            .whereRef('replays.receipt_id', '=', 'examinations.receipt_id')
            .whereRef('replays.seed', '=', 'examinations.seed')
            .as('replays'),
        )
        .where('batch', '=', fromSerial),
    ),
    recentScores: prepare((db, { status, limit }: { readonly status: bigint; readonly limit: number }) =>
      db
        .selectFrom('records')
        .innerJoin('receipts', 'receipts.id', 'records.receipt_id')
        .innerJoin('batches', 'batches.from_serial', 'records.batch')
        .select(['receipt', 'record'])
        .where('recorded', '=', 1n)
        .where('records.status', '=', status)
        .orderBy('serial', 'desc')
        .limit(limit),
    ),
  };
}

export type WatchReads = ReturnType<typeof watchReads>;

export function watchReads({ prepare }: Pick<Store, 'prepare'>) {
  return {
    /** Of one state at a time, or the index would not bring them in order and all batches there ever were would be read. */
    unsettled: prepare((db, { settled, limit }: { readonly settled: bigint; readonly limit: number }) =>
      db
        .selectFrom('batches')
        .select(['from_serial', 'root', 'batch_id', 'epoch', 'anchor_block', 'anchor_hash', 'anchored_at', 'seed'])
        .select(['recorded', 'abandoned', 'settled'])
        .where('settled', '=', settled)
        .where('batch_id', 'is not', null)
        .orderBy('from_serial')
        .limit(limit),
    ),
  };
}

type ExaminationValues = OfBatch & {
  readonly receiptId: Hex;
  readonly receiptLeaf: Hex;
  readonly proof: string;
  readonly seed: Hex;
  readonly replayed: number;
};
type RecordValues = OfBatch & {
  readonly receiptId: Hex;
  readonly record: string;
  readonly leaf: Hex;
  readonly entries: string;
  readonly status: number;
};

export function anchorWrites(store: Store) {
  return {
    ...outboxStatements(store),
    ...batchWrites(store),
    ...forkWrites(store),
    ...examinationWrites(store),
    ...contentWrites(store),
  };
}

/** What a reorganisation of the chain undoes. */
function forkWrites({ prepare }: Store) {
  return {
    // Breaks a constraint, and with it the whole write, when the batch does not stand on this block any more.
    requireAnchor: prepare((db, { fromSerial, blockHash }: Standing) =>
      db
        .updateTable('batches')
        .set({ root: sql<Hex>`NULL` })
        .where('from_serial', '=', fromSerial)
        .where((eb) => eb.or([eb('anchor_hash', 'is', null), eb('anchor_hash', '<>', blockHash)])),
    ),
    unanchored: prepare((db, { fromSerial }: OfBatch) =>
      db
        .updateTable('batches')
        .set({ batch_id: null, epoch: null, anchor_block: null, anchor_hash: null, anchored_at: null, ...UNDRAWN })
        .where('from_serial', '=', fromSerial),
    ),
    unseeded: prepare((db, { fromSerial }: OfBatch) =>
      db.updateTable('batches').set(UNDRAWN).where('from_serial', '=', fromSerial),
    ),
    unrecorded: prepare((db, { fromSerial }: OfBatch) =>
      db.updateTable('batches').set({ recorded: 0 }).where('from_serial', '=', fromSerial),
    ),
    settle: prepare((db, { fromSerial, settled }: OfBatch & { readonly settled: Settled }) =>
      db.updateTable('batches').set({ settled }).where('from_serial', '=', fromSerial),
    ),
    endAllExaminationRows: prepare((db, { fromSerial }: OfBatch) =>
      db
        .updateTable('outbox')
        .set({ done: 1 })
        .where('done', '=', 0n)
        .where('kind', 'in', EXAMINATION_KINDS)
        .where('receipt_id', 'in', (eb) =>
          eb.selectFrom('examinations').select('receipt_id').where('batch', '=', fromSerial),
        ),
    ),
    dropExaminations: prepare((db, { fromSerial }: OfBatch) =>
      db.deleteFrom('examinations').where('batch', '=', fromSerial),
    ),
  };
}

const UNDRAWN = { seed: null, records_root: null, records_data_hash: null, recorded: 0, abandoned: 0, settled: 0 };

function batchWrites({ prepare }: Store) {
  return {
    anchored: prepare((db, { fromSerial, batchId, epoch, block, blockHash, anchoredAt }: Anchored & OfBatch) =>
      db
        .updateTable('batches')
        .set({ batch_id: batchId, epoch, anchor_block: block, anchor_hash: blockHash, anchored_at: anchoredAt })
        .where('from_serial', '=', fromSerial),
    ),
    seeded: prepare((db, { fromSerial, seed }: OfBatch & { readonly seed: Hex }) =>
      db.updateTable('batches').set({ seed }).where('from_serial', '=', fromSerial),
    ),
    recordsBuilt: prepare(
      (db, { fromSerial, root, dataHash }: OfBatch & { readonly root: Hex; readonly dataHash: Hex }) =>
        db
          .updateTable('batches')
          .set({ records_root: root, records_data_hash: dataHash })
          .where('from_serial', '=', fromSerial),
    ),
    recorded: prepare((db, { fromSerial }: OfBatch) =>
      db.updateTable('batches').set({ recorded: 1 }).where('from_serial', '=', fromSerial),
    ),
    abandoned: prepare((db, { fromSerial }: OfBatch) =>
      db.updateTable('batches').set({ abandoned: 1 }).where('from_serial', '=', fromSerial),
    ),
    record: prepare((db, { receiptId, fromSerial, record, leaf, entries, status }: RecordValues) =>
      db
        .insertInto('records')
        .values({ receipt_id: receiptId, batch: fromSerial, record, leaf, entries, status })
        .onConflict((conflict) =>
          conflict.column('receipt_id').doUpdateSet((eb) => ({
            batch: eb.ref('excluded.batch'),
            record: eb.ref('excluded.record'),
            leaf: eb.ref('excluded.leaf'),
            entries: eb.ref('excluded.entries'),
            status: eb.ref('excluded.status'),
          })),
        ),
    ),
  };
}

function examinationWrites({ prepare }: Store) {
  return {
    examine: prepare((db, { receiptId, fromSerial, receiptLeaf, proof, seed, replayed }: ExaminationValues) =>
      db
        .insertInto('examinations')
        .values({ receipt_id: receiptId, batch: fromSerial, receipt_leaf: receiptLeaf, proof, seed, replayed })
        .onConflict((conflict) => conflict.column('receipt_id').doNothing()),
    ),
    endExaminationRows: prepare((db, { fromSerial }: OfBatch) =>
      db
        .updateTable('outbox')
        .set({ done: 1 })
        .where('done', '=', 0n)
        .where('kind', 'in', EXAMINATION_KINDS)
        .where('receipt_id', 'in', (eb) =>
          eb.selectFrom('examinations').select('receipt_id').where('batch', '=', fromSerial).where('finished', '=', 0n),
        ),
    ),
    endExaminations: prepare((db, { fromSerial }: OfBatch) =>
      db.updateTable('examinations').set({ finished: 1 }).where('batch', '=', fromSerial).where('finished', '=', 0n),
    ),
  };
}

export function contentWrites({ prepare }: Store) {
  return {
    // What was not drawn is nobody's to read any more; golds keep theirs, they are published with the epoch.
    dropUndrawn: prepare((db, { fromSerial }: OfBatch) =>
      db.deleteFrom('contents').where('serial', 'in', (eb) =>
        eb
          .selectFrom('receipts')
          .select('serial')
          .where('batch', '=', fromSerial)
          .where((inner) => inner.not(inner.exists(drawnOf(fromSerial, inner))))
          .where((inner) => inner.not(inner.exists(goldOf(inner)))),
      ),
    ),
    dropContent: prepare((db, { fromSerial }: OfBatch) =>
      db.deleteFrom('contents').where('serial', 'in', (eb) =>
        eb
          .selectFrom('receipts')
          .select('serial')
          .where('batch', '=', fromSerial)
          .where((inner) => inner.not(inner.exists(goldOf(inner)))),
      ),
    ),
    dropReplays: prepare((db, { fromSerial }: OfBatch) =>
      db
        .updateTable('replays')
        .set({ response: null })
        .where('receipt_id', 'in', (eb) =>
          eb.selectFrom('examinations').select('receipt_id').where('batch', '=', fromSerial),
        ),
    ),
  };
}

type OfReceipt = ExpressionBuilder<Tables, 'receipts'>;

const goldOf = (eb: OfReceipt) => eb.selectFrom('golds').select('idx').whereRef('golds.receipt_id', '=', 'receipts.id');

const drawnOf = (fromSerial: bigint, eb: OfReceipt) =>
  eb
    .selectFrom('examinations')
    .select('batch')
    .whereRef('examinations.receipt_id', '=', 'receipts.id')
    .where('examinations.batch', '=', fromSerial);
