import type {
  EpochBatch,
  EpochLog,
  EpochReceipt,
  EpochResult,
  GoldOutcome,
  StoredDistribution,
} from '../epoch/ports.ts';
import { decodeStruct, encodeStruct } from '../protocol/struct-json.ts';
import type { Address, Distribution, EvaluationEntry, Hex } from '../protocol/types.ts';
import type { StoredCommitSet } from '../evaluate/ports.ts';
import { outboxStatements } from './outbox-log.ts';
import { readAttestation } from './receipt-log.ts';
import type { Builder, Query, RowOf, Store } from './store.ts';

export type EpochLogDeps = {
  readonly store: Store;
  readonly gateway: Address;
  /** Keyed hash of an API key's hash. */
  readonly payerOf: (keyHash: string) => Hex;
};

export function createEpochLog(deps: EpochLogDeps): EpochLog {
  const { store } = deps;
  const statements = statementsOf(store);
  const { enqueue, reopen, finish } = statements;
  const reads = { ...deps, statements };
  return {
    runningBatches: (epoch) => count(store, statements.running({ epoch })),
    anchoredBatches: (epoch) => count(store, statements.anchored({ epoch })),
    async facts(epoch) {
      return { batches: await readBatches(reads, epoch), receipts: await readReceipts(reads, epoch) };
    },
    async goldOutcomes(fromEpoch, toEpoch) {
      const rows = await store.read(statements.outcomes({ fromEpoch, toEpoch }));
      return rows.flatMap((row) => JSON.parse(row.gold_outcomes) as GoldOutcome[]);
    },
    save: (stored) => store.write([statements.save(epochValues(stored))]),
    distribution: (epoch) => readDistribution(reads, epoch),
    async dataset(epoch) {
      const [row] = await store.read(statements.dataset({ epoch }));
      return row?.dataset;
    },
    plan: (rows) =>
      store.write(
        rows.map(({ kind, epoch }) =>
          enqueue(kind, kind === 'propose' ? `${epoch}:0` : epoch.toString(), { epoch: epoch.toString() }),
        ),
      ),
    // A proposal can vanish with a reorganised block, and its round then starts over: both rows may have run before.
    proposed: (key, epoch, round) =>
      store.write([finish(key), reopen('finalize', `${epoch}:${round}`, { epoch: epoch.toString() })]),
    overturned: (key, epoch, round) =>
      store.write([finish(key), reopen('propose', `${epoch}:${round}`, { epoch: epoch.toString() })]),
    finalized: (key, epoch) => store.write([statements.finalized({ epoch }), finish(key)]),
    goldsAnchored: (key, epoch) => store.write([statements.goldsAnchored({ epoch }), finish(key)]),
    finish: (key) => store.write([finish(key)]),
  };
}

type Statements = ReturnType<typeof statementsOf>;
type Reads = EpochLogDeps & { readonly statements: Statements };
type OfEpoch = { readonly epoch: bigint };

function statementsOf(store: Store) {
  return { ...outboxStatements(store), ...batchReads(store), ...factReads(store), ...resultStatements(store) };
}

function batchReads({ prepare }: Store) {
  const batches = (db: Builder, epoch: bigint) => db.selectFrom('batches').where('epoch', '=', epoch);
  return {
    running: prepare((db, { epoch }: OfEpoch) =>
      batches(db, epoch)
        .select((eb) => eb.fn.countAll<bigint>().as('n'))
        .where('recorded', '=', 0n)
        .where('abandoned', '=', 0n),
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

function factReads({ prepare }: Store) {
  const examined = (db: Builder, epoch: bigint) =>
    db
      .selectFrom('examinations')
      .innerJoin('batches', 'batches.from_serial', 'examinations.batch')
      .select('examinations.receipt_id')
      .where('batches.epoch', '=', epoch);
  return {
    receipts: prepare((db, { epoch }: OfEpoch) =>
      db
        .selectFrom('receipts')
        .innerJoin('batches', 'batches.from_serial', 'receipts.batch')
        .innerJoin('records', 'records.receipt_id', 'receipts.id')
        .select(['batch_id', 'receipts.id as id', 'receipt', 'receipts.signature as signature', 'attestation'])
        .select(['key_hash', 'record', 'records.entries as entries'])
        .where('batches.epoch', '=', epoch)
        .where('recorded', '=', 1n)
        .where('abandoned', '=', 0n)
        .orderBy('batch_id')
        .orderBy('serial')
        .$narrowType<{ batch_id: bigint; signature: Hex }>(),
    ),
    commitSets: prepare((db, { epoch }: OfEpoch) =>
      db
        .selectFrom('commit_sets')
        .select(['receipt_id', 'evaluators', 'commitments', 'commit_set', 'signature'])
        .where('receipt_id', 'in', examined(db, epoch))
        .orderBy('receipt_id')
        .orderBy('size'),
    ),
    replays: prepare((db, { epoch }: OfEpoch) =>
      db
        .selectFrom('replays')
        .select(['receipt_id', 'replay_id'])
        .where('receipt_id', 'in', examined(db, epoch))
        .orderBy('receipt_id')
        .orderBy('node'),
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

type EpochValues = {
  readonly epoch: bigint;
  readonly distribution: string;
  readonly signature: Hex;
  readonly leaves: string;
  readonly tableLeaves: string;
  readonly goldOutcomes: string;
  readonly dataset: string;
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
          dataset: values.dataset,
        })
        .onConflict((conflict) =>
          conflict.column('epoch').doUpdateSet((eb) => ({
            distribution: eb.ref('excluded.distribution'),
            signature: eb.ref('excluded.signature'),
            leaves: eb.ref('excluded.leaves'),
            table_leaves: eb.ref('excluded.table_leaves'),
            gold_outcomes: eb.ref('excluded.gold_outcomes'),
            dataset: eb.ref('excluded.dataset'),
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
    dataset: prepare((db, { epoch }: OfEpoch) => db.selectFrom('epochs').select('dataset').where('epoch', '=', epoch)),
    finalized: prepare((db, { epoch }: OfEpoch) =>
      db.updateTable('epochs').set({ final: 1 }).where('epoch', '=', epoch),
    ),
    goldsAnchored: prepare((db, { epoch }: OfEpoch) =>
      db.updateTable('golds').set({ anchored: 1 }).where('epoch', '=', epoch),
    ),
  };
}

async function count(store: Store, query: Query<{ readonly n: bigint }>): Promise<number> {
  const [row] = await store.read(query);
  return Number(row?.n ?? 0n);
}

async function readBatches({ store, statements, gateway }: Reads, epoch: bigint): Promise<readonly EpochBatch[]> {
  const rows = await store.read(statements.batches({ epoch }));
  return rows.map((row) => ({
    batchId: row.batch_id,
    gateway,
    fromSerial: row.from_serial,
    toSerial: row.to_serial,
    root: row.root,
    count: Number(row.count),
    units: BigInt(row.units),
    dataHash: row.data_hash,
    anchorBlock: row.anchor_block,
    anchoredAt: row.anchored_at,
    seed: row.seed,
    recordsRoot: row.records_root,
    recordsDataHash: row.records_data_hash,
  }));
}

async function readReceipts({ store, statements, payerOf }: Reads, epoch: bigint): Promise<readonly EpochReceipt[]> {
  const rows = await store.read(statements.receipts({ epoch }));
  const commitSets = groupBy(await store.read(statements.commitSets({ epoch })), commitSetEntry);
  const replays = groupBy(await store.read(statements.replays({ epoch })), (row) => [row.receipt_id, row.replay_id]);
  return rows.map((row) => ({
    batchId: row.batch_id,
    receipt: decodeStruct('receipt', JSON.parse(row.receipt)),
    signature: row.signature,
    ...(row.attestation === null ? {} : { attestation: readAttestation(row.attestation) }),
    record: decodeStruct('record', JSON.parse(row.record)),
    entries: JSON.parse(row.entries) as EvaluationEntry[],
    commitSets: commitSets.get(row.id) ?? [],
    replays: replays.get(row.id) ?? [],
    payer: payerOf(row.key_hash),
  }));
}

function commitSetEntry(row: RowOf<Statements['commitSets']>): readonly [Hex, StoredCommitSet] {
  return [
    row.receipt_id,
    {
      commitSet: decodeStruct('commitSet', JSON.parse(row.commit_set)),
      signature: row.signature,
      evaluators: JSON.parse(row.evaluators) as Address[],
      commitments: JSON.parse(row.commitments) as Hex[],
    },
  ];
}

function groupBy<Row, Value>(
  rows: readonly Row[],
  entry: (row: Row) => readonly [Hex, Value],
): ReadonlyMap<Hex, readonly Value[]> {
  const groups = new Map<Hex, Value[]>();
  for (const row of rows) {
    const [key, value] = entry(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

function epochValues(stored: StoredDistribution): EpochValues {
  const bigintText = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);
  return {
    epoch: stored.distribution.epoch,
    distribution: JSON.stringify(stored.distribution, bigintText),
    signature: stored.signature,
    leaves: JSON.stringify(stored.leaves.map((leaf) => encodeStruct('reward', leaf))),
    tableLeaves: JSON.stringify(stored.tableLeaves.map((leaf) => encodeStruct('table', leaf))),
    goldOutcomes: JSON.stringify(stored.goldOutcomes),
    dataset: stored.dataset,
  };
}

async function readDistribution({ store, statements }: Reads, epoch: bigint): Promise<EpochResult | undefined> {
  const [row] = await store.read(statements.distribution({ epoch }));
  if (row === undefined) return undefined;
  return {
    distribution: parseDistribution(row.distribution),
    signature: row.signature,
    leaves: (JSON.parse(row.leaves) as unknown[]).map((leaf) => decodeStruct('reward', leaf)),
    tableLeaves: (JSON.parse(row.table_leaves) as unknown[]).map((leaf) => decodeStruct('table', leaf)),
    goldOutcomes: JSON.parse(row.gold_outcomes) as GoldOutcome[],
  };
}

function parseDistribution(text: string): Distribution {
  const json = JSON.parse(text) as Omit<Distribution, 'epoch' | 'totals'> & {
    epoch: string;
    totals: [string, string, string];
  };
  const [inference, evaluator, gateway] = json.totals;
  return { ...json, epoch: BigInt(json.epoch), totals: [BigInt(inference), BigInt(evaluator), BigInt(gateway)] };
}
