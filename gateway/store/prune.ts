import type { DatasetFiles } from '../epoch/ports.ts';
import type { Hex } from '../protocol/types.ts';
import type { Statement, Store } from './store.ts';

/**
 * What a store may forget, so that it does not grow for ever: the receipts of epochs that are final, with all that hangs
 * on them, and datasets. Nothing goes while its epoch can still be disputed, or before its time. What stays for good is
 * small: an epoch's result with its leaves (claims never expire), and golds (a task that was used must never be again).
 */
export type PruneDeps = {
  readonly store: Store;
  readonly files: Pick<DatasetFiles, 'list' | 'remove'>;
  /** For how many epochs after their own receipts, and datasets, are kept. */
  readonly retainEpochs: number;
  readonly retainDatasets: number;
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

export function createPruner(deps: PruneDeps): Pruner {
  const { store, files } = deps;
  const statements = { ...pruneReads(store), ...pruneWrites(store), ...otherWrites(store) };
  return {
    async removeStrayDatasets() {
      const known = new Set((await store.read(statements.datasets({}))).map((row) => row.data_hash));
      for (const dataHash of await files.list()) {
        if (!known.has(dataHash)) await files.remove(dataHash);
      }
    },
    async prune() {
      const [newest] = await store.read(statements.newest({}));
      if (newest === undefined || newest.epoch === null) return { batches: 0, datasets: 0 };
      const before = newest.epoch - BigInt(deps.retainEpochs);
      const batches = await store.read(statements.batches({ before, limit: BATCHES_AT_ONCE }));
      for (const batch of batches) await pruneBatch(store, statements, batch);
      await store.write([statements.attestations({})]);
      return { batches: batches.length, datasets: await pruneDatasets(deps, statements, newest.epoch) };
    },
  };
}

type Statements = ReturnType<typeof pruneReads> & ReturnType<typeof pruneWrites> & ReturnType<typeof otherWrites>;
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
    newest: prepare((db) => db.selectFrom('epochs').select((eb) => eb.fn.max('epoch').as('epoch'))),
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
    /** Never the last one: where its range ends is where the next begins. */
    batches: prepare((db, { before, limit }: { readonly before: bigint; readonly limit: number }) =>
      db
        .selectFrom('batches')
        .innerJoin('epochs', 'epochs.epoch', 'batches.epoch')
        .select(['from_serial', 'to_serial'])
        .where('epochs.final', '=', 1n)
        .where('batches.epoch', '<', before)
        .where((eb) => eb.or([eb('recorded', '=', 1n), eb('abandoned', '=', 1n)]))
        .where('to_serial', '<', (eb) =>
          eb.selectFrom('batches as all').select((inner) => inner.fn.max('all.to_serial').as('last')),
        )
        .orderBy('from_serial')
        .limit(limit),
    ),
  };
}

type Range = { readonly fromSerial: bigint; readonly from: bigint; readonly to: bigint };

function pruneWrites({ prepare }: Store) {
  return {
    /** What hangs on receipts first, then the receipts. */
    receipts: (['commit_sets', 'replays', 'examinations', 'records', 'outbox', 'answers'] as const)
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
    forgetDataset: prepare((db, { epoch }: { readonly epoch: bigint }) =>
      db.updateTable('epochs').set({ data_hash: NO_DATASET }).where('epoch', '=', epoch),
    ),
    forgetParts: prepare((db, { epoch }: { readonly epoch: bigint }) =>
      db.deleteFrom('dataset_parts').where('epoch', '=', epoch),
    ),
  };
}
