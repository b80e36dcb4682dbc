import { sql } from 'kysely';
import type { ExpressionBuilder } from 'kysely';

import { dayOf } from '../account/account.ts';
import type { DatasetFiles } from '../epoch/ports.ts';
import type { Hex } from '../protocol/types.ts';
import type { Builder, Statement, Store } from './store.ts';
import type { Tables } from './tables.ts';

/**
 * What a store may forget, so that it does not grow for ever: the receipts of epochs that are over, with all that hangs on
 * them, and datasets. Nothing goes while its epoch can still be disputed, or before its time. What stays for good is
 * small: an epoch's result with its leaves (claims never expire), and golds (a task that was used must never be again).
 */
export type PruneDeps = {
  readonly store: Store;
  readonly files: Pick<DatasetFiles, 'list' | 'remove'>;
  /** For how many epochs after their own receipts, and datasets, are kept. */
  readonly retainEpochs: number;
  readonly retainDatasets: number;
  readonly nowMs: () => number;
};

export type Pruner = {
  /** Removes files that no epoch names: a process ended between a dataset and its epoch's row. To run before any epoch is computed. */
  readonly removeStrayDatasets: () => Promise<void>;
  /** @returns how many batches and datasets went. */
  readonly prune: () => Promise<{ readonly batches: number; readonly datasets: number }>;
};

/** Receipts in one transaction: few enough to hold up nobody's receipt. */
const STEP = 250n;
const BATCHES_AT_ONCE = 100;
/** What a key spent on a day is read on that day alone; a year of it stays for whoever looks into the file. */
const KEPT_DAYS = 366n;

export function createPruner(deps: PruneDeps): Pruner {
  const { store, files } = deps;
  const statements = statementsOf(store);
  return {
    async removeStrayDatasets() {
      const known = new Set((await store.read(statements.datasets({}))).map((row) => row.data_hash));
      for (const dataHash of await files.list()) {
        if (!known.has(dataHash)) await files.remove(dataHash);
      }
    },
    async prune() {
      const newest = await newestEpoch(store, statements);
      if (newest === undefined) return { batches: 0, datasets: 0 };
      const before = newest - BigInt(deps.retainEpochs);
      let batches = 0;
      for (let found = -1; found !== 0; batches += found) found = await pruneSome(store, statements, before);
      const day = BigInt(dayOf(deps.nowMs())) - KEPT_DAYS;
      await store.write([
        statements.attestations({}),
        ...statements.strays.map((of) => of({})),
        statements.days({ day }),
      ]);
      return { batches, datasets: await pruneDatasets(deps, statements, newest) };
    },
  };
}

/** A gateway that has no say in any epoch computes no result, and goes by what it anchored. */
async function newestEpoch(store: Store, statements: Statements): Promise<bigint | undefined> {
  const [row] = await store.read(statements.newest({}));
  return row?.result ?? row?.anchored ?? undefined;
}

/** Lost batches first: how old one is shows in those that were anchored after it. */
async function pruneSome(store: Store, statements: Statements, before: bigint): Promise<number> {
  const values = { before, limit: BATCHES_AT_ONCE };
  const found = [...(await store.read(statements.lost(values))), ...(await store.read(statements.batches(values)))];
  for (const batch of found) await pruneBatch(store, statements, batch);
  return found.length;
}

type Statements = ReturnType<typeof statementsOf>;

function statementsOf(store: Store) {
  return { ...pruneReads(store), ...batchReads(store), ...pruneWrites(store), ...otherWrites(store) };
}
type Batch = { readonly from_serial: bigint; readonly to_serial: bigint };

async function pruneBatch(store: Store, statements: Statements, batch: Batch): Promise<void> {
  const { from_serial: fromSerial, to_serial: toSerial } = batch;
  for (let from = fromSerial; from < toSerial; from += STEP) {
    const range = { fromSerial, from, to: from + STEP };
    await store.write(statements.receipts.map((statement) => statement(range)));
  }
  // The batch itself goes last: until then a process that died in between begins it again.
  const keys = ['anchor', 'seed', 'records'].map((kind) => `${kind}:${fromSerial}`);
  const rows: readonly Statement[] = keys.map((key) => statements.outboxRow({ key }));
  await store.write([...rows, statements.batch({ fromSerial })]);
}

async function pruneDatasets({ store, files, retainDatasets }: PruneDeps, statements: Statements, newest: bigint) {
  const old = await store.read(statements.oldDatasets({ before: newest - BigInt(retainDatasets) }));
  for (const { epoch, data_hash } of old) {
    await files.remove(data_hash);
    await store.write([statements.forgetDataset({ epoch }), statements.forgetParts({ epoch })]);
  }
  return old.length;
}

const NO_DATASET = '' as Hex;

function pruneReads({ prepare }: Store) {
  return {
    newest: prepare((db) =>
      db.selectNoFrom((eb) => [
        eb
          .selectFrom('epochs')
          .select((of) => of.fn.max('epoch').as('epoch'))
          .as('result'),
        eb
          .selectFrom('batches')
          .select((of) => of.fn.max('epoch').as('epoch'))
          .as('anchored'),
      ]),
    ),
    datasets: prepare((db) => db.selectFrom('epochs').select('data_hash')),
    oldDatasets: prepare((db, { before }: { readonly before: bigint }) =>
      db
        .selectFrom('epochs')
        .select(['epoch', 'data_hash'])
        .where('epoch', '<', before)
        .where('final', '=', 1n)
        .where('data_hash', '<>', NO_DATASET)
        .orderBy('epoch'),
    ),
  };
}

type Old = { readonly before: bigint; readonly limit: number };

function batchReads({ prepare }: Store) {
  // Never the last one: where its range ends is where the next begins.
  const rangesOf = (db: Builder) =>
    db
      .selectFrom('batches')
      .select(['batches.from_serial as from_serial', 'batches.to_serial as to_serial'])
      .where('batches.to_serial', '<', (eb) =>
        eb.selectFrom('batches as all').select((of) => of.fn.max('all.to_serial').as('last')),
      );
  return {
    batches: prepare((db, { before, limit }: Old) =>
      rangesOf(db)
        .leftJoin('epochs', 'epochs.epoch', 'batches.epoch')
        .where('batches.epoch', '<', before)
        .where((eb) => eb.or([eb('recorded', '=', 1n), eb('abandoned', '=', 1n)]))
        .where((eb) => eb.or([eb('epochs.final', '=', 1n), endedWithoutResult(eb)]))
        .orderBy('batches.epoch')
        .orderBy('batches.from_serial')
        .limit(limit),
    ),
    lost: prepare((db, { before, limit }: Old) =>
      rangesOf(db)
        .where('batches.epoch', 'is', null)
        .where('batches.abandoned', '=', 1n)
        .where((eb) =>
          eb.exists(
            eb
              .selectFrom('batches as later')
              .select('later.from_serial')
              .whereRef('later.from_serial', '>', 'batches.from_serial')
              .where('later.epoch', '<', before),
          ),
        )
        .orderBy('batches.from_serial')
        .limit(limit),
    ),
  };
}

/**
 * An epoch that nobody will make final any more: it is void, or this gateway has no say in it. Nothing is left to be done
 * for it then.
 */
function endedWithoutResult(eb: ExpressionBuilder<Tables, 'batches'>) {
  const epoch = sql<string>`cast(${eb.ref('batches.epoch')} as text)`;
  const rows = eb.selectFrom('outbox').select('outbox.position');
  return eb.and([
    eb.exists(rows.where('outbox.key', '=', sql<string>`'propose:' || ${epoch}`).where('outbox.done', '=', 1n)),
    eb.not(
      eb.exists(
        rows.where('outbox.done', '=', 0n).where('outbox.key', 'like', sql<string>`'finalize:' || ${epoch} || ':%'`),
      ),
    ),
  ]);
}

type Range = { readonly fromSerial: bigint; readonly from: bigint; readonly to: bigint };

function pruneWrites({ prepare }: Store) {
  return {
    /** What hangs on receipts first, then the receipts. */
    receipts: (['commit_sets', 'replays', 'examinations', 'records', 'outbox', 'answers', 'votes'] as const)
      .map((table) =>
        prepare((db, { fromSerial, from, to }: Range) =>
          db
            .deleteFrom(table)
            .where('receipt_id', 'in', (eb) =>
              eb
                .selectFrom('receipts')
                .select('id')
                .where('batch', '=', fromSerial)
                .where('serial', '>=', from)
                .where('serial', '<', to),
            ),
        ),
      )
      .concat([
        prepare((db, { fromSerial, from, to }: Range) =>
          db
            .deleteFrom('contents')
            .where('serial', 'in', (eb) =>
              eb
                .selectFrom('receipts')
                .select('serial')
                .where('batch', '=', fromSerial)
                .where('serial', '>=', from)
                .where('serial', '<', to),
            ),
        ),
        prepare((db, { fromSerial, from, to }: Range) =>
          db
            .deleteFrom('receipts')
            .where('batch', '=', fromSerial)
            .where('serial', '>=', from)
            .where('serial', '<', to),
        ),
      ]),
    outboxRow: prepare((db, { key }: { readonly key: string }) =>
      db.deleteFrom('outbox').where('key', '=', key).where('done', '=', 1n),
    ),
    batch: prepare((db, { fromSerial }: { readonly fromSerial: bigint }) =>
      db.deleteFrom('batches').where('from_serial', '=', fromSerial),
    ),
  };
}

/** Receipts left behind where a store went on after it had lost batches: no batch will ever hold them. */
const strays = (db: Builder) =>
  db
    .selectFrom('receipts')
    .where('batch', 'is', null)
    .where('serial', '<', (eb) => eb.selectFrom('batches').select((of) => of.fn.min('from_serial').as('first')));

function otherWrites({ prepare }: Store) {
  return {
    // Of each node the last one stays, to go on after it.
    attestations: prepare((db) =>
      db
        .deleteFrom('attestations')
        .where((eb) =>
          eb.not(
            eb.exists(
              eb
                .selectFrom('answers')
                .select('leaf')
                .whereRef('answers.node', '=', 'attestations.node')
                .whereRef('answers.sequence', '=', 'attestations.sequence'),
            ),
          ),
        )
        .where('sequence', '<', (eb) =>
          eb
            .selectFrom('attestations as own')
            .select((inner) => inner.fn.max('own.sequence').as('last'))
            .whereRef('own.node', '=', 'attestations.node'),
        ),
    ),
    strays: [
      prepare((db) => db.deleteFrom('answers').where('receipt_id', 'in', strays(db).select('id'))),
      prepare((db) => db.deleteFrom('contents').where('serial', 'in', strays(db).select('serial'))),
      prepare((db) => db.deleteFrom('receipts').where('serial', 'in', strays(db).select('serial'))),
    ],
    days: prepare((db, { day }: { readonly day: bigint }) =>
      db.deleteFrom('spending').where('day', '>=', 0n).where('day', '<', day),
    ),
    forgetDataset: prepare((db, { epoch }: { readonly epoch: bigint }) =>
      db.updateTable('epochs').set({ data_hash: NO_DATASET }).where('epoch', '=', epoch),
    ),
    forgetParts: prepare((db, { epoch }: { readonly epoch: bigint }) =>
      db.deleteFrom('dataset_parts').where('epoch', '=', epoch),
    ),
  };
}
