import type { Hex } from '../protocol/types.ts';
import { outboxStatements } from './outbox-log.ts';
import type { Builder, Store } from './store.ts';

/** The statements behind an epoch's facts and its result. */
type OfEpoch = { readonly epoch: bigint };

export type EpochStatements = ReturnType<typeof epochStatements>;

export function epochStatements(store: Store) {
  return {
    ...outboxStatements(store),
    ...batchReads(store),
    ...resultStatements(store),
    ...marks(store),
    ...partStatements(store),
  };
}

function batchReads({ prepare }: Store) {
  const batches = (db: Builder, epoch: bigint) => db.selectFrom('batches').where('epoch', '=', epoch);
  return {
    running: prepare((db, { epoch }: OfEpoch) =>
      batches(db, epoch)
        .select((eb) => eb.fn.countAll<bigint>().as('n'))
        .where('settled', '<', 2n),
    ),
    anchored: prepare((db, { epoch }: OfEpoch) => batches(db, epoch).select((eb) => eb.fn.countAll<bigint>().as('n'))),
    /** A batch counts whole or not at all: abandoned ones are left out with all their receipts. */
    batches: prepare((db, { epoch }: OfEpoch) =>
      batches(db, epoch)
        .selectAll()
        .where('recorded', '=', 1n)
        .where('abandoned', '=', 0n)
        .orderBy('batch_id')
        .$narrowType<RecordedBatch>(),
    ),
  };
}

/** What an anchored batch with its seed and records has beyond one that was only closed. */
type RecordedBatch = {
  readonly batch_id: bigint;
  readonly anchor_block: bigint;
  readonly anchored_at: bigint;
  readonly seed: Hex;
  readonly records_root: Hex;
  readonly records_data_hash: Hex;
};

export type EpochValues = {
  readonly epoch: bigint;
  readonly distribution: string;
  readonly signature: Hex;
  readonly leaves: string;
  readonly tableLeaves: string;
  readonly goldOutcomes: string;
  readonly dataHash: Hex;
};

function resultStatements({ prepare }: Store) {
  return {
    outcomes: prepare((db, { fromEpoch, toEpoch }: { readonly fromEpoch: bigint; readonly toEpoch: bigint }) =>
      db
        .selectFrom('epochs')
        .select('gold_outcomes')
        .where('epoch', '>=', fromEpoch)
        .where('epoch', '<=', toEpoch)
        .orderBy('epoch'),
    ),
    // A round after an overturned one takes the place of what was computed before, and is not final.
    save: prepare((db, values: EpochValues) =>
      db
        .insertInto('epochs')
        .values({
          epoch: values.epoch,
          distribution: values.distribution,
          signature: values.signature,
          leaves: values.leaves,
          table_leaves: values.tableLeaves,
          gold_outcomes: values.goldOutcomes,
          data_hash: values.dataHash,
        })
        .onConflict((conflict) =>
          conflict.column('epoch').doUpdateSet((eb) => ({
            distribution: eb.ref('excluded.distribution'),
            signature: eb.ref('excluded.signature'),
            leaves: eb.ref('excluded.leaves'),
            table_leaves: eb.ref('excluded.table_leaves'),
            gold_outcomes: eb.ref('excluded.gold_outcomes'),
            data_hash: eb.ref('excluded.data_hash'),
            final: 0,
          })),
        ),
    ),
    distribution: prepare((db, { epoch }: OfEpoch) =>
      db
        .selectFrom('epochs')
        .select(['distribution', 'signature', 'leaves', 'table_leaves', 'gold_outcomes'])
        .where('epoch', '=', epoch),
    ),
    dataHash: prepare((db, { epoch }: OfEpoch) =>
      db.selectFrom('epochs').select('data_hash').where('epoch', '=', epoch),
    ),
  };
}

function marks({ prepare }: Store) {
  return {
    finalized: prepare((db, { epoch }: OfEpoch) =>
      db.updateTable('epochs').set({ final: 1 }).where('epoch', '=', epoch),
    ),
    goldsAnchored: prepare((db, { epoch }: OfEpoch) =>
      db.updateTable('golds').set({ anchored: 1 }).where('epoch', '=', epoch),
    ),
    notFinal: prepare((db, { epoch }: OfEpoch) =>
      db.updateTable('epochs').set({ final: 0 }).where('epoch', '=', epoch),
    ),
    goldsNotAnchored: prepare((db, { epoch }: OfEpoch) =>
      db.updateTable('golds').set({ anchored: 0 }).where('epoch', '=', epoch),
    ),
  };
}

type PartValues = {
  readonly batchId: bigint;
  readonly epoch: bigint;
  readonly start: number;
  readonly end: number;
  readonly receipts: Hex;
  readonly records: Hex;
};

function partStatements({ prepare }: Store) {
  return {
    dropParts: prepare((db, { epoch }: OfEpoch) => db.deleteFrom('dataset_parts').where('epoch', '=', epoch)),
    savePart: prepare((db, { batchId, epoch, start, end, receipts, records }: PartValues) =>
      db.insertInto('dataset_parts').values({
        batch_id: batchId,
        epoch,
        part_start: start,
        part_end: end,
        receipts_data_hash: receipts,
        records_data_hash: records,
      }),
    ),
    part: prepare((db, { batchId }: { readonly batchId: bigint }) =>
      db
        .selectFrom('dataset_parts')
        .innerJoin('epochs', 'epochs.epoch', 'dataset_parts.epoch')
        .select(['part_start', 'part_end', 'receipts_data_hash', 'records_data_hash', 'data_hash'])
        .where('batch_id', '=', batchId),
    ),
  };
}
