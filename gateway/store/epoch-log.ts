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
import { enqueue, finish, reopen } from './outbox-log.ts';
import { readAttestation } from './receipt-log.ts';
import { statement } from './sqlite.ts';
import type { Store } from './sqlite.ts';

export type EpochLogDeps = {
  readonly store: Store;
  readonly gateway: Address;
  /** Keyed hash of an API key's hash. */
  readonly payerOf: (keyHash: string) => Hex;
};

export function createEpochLog(deps: EpochLogDeps): EpochLog {
  const { store } = deps;
  return {
    runningBatches: (epoch) => countBatches(store, epoch, 'AND recorded = 0 AND abandoned = 0'),
    anchoredBatches: (epoch) => countBatches(store, epoch, ''),
    async facts(epoch) {
      return { batches: await readBatches(deps, epoch), receipts: await readReceipts(deps, epoch) };
    },
    async goldOutcomes(fromEpoch, toEpoch) {
      const rows = await store.read<{ gold_outcomes: string }>(
        'SELECT gold_outcomes FROM epochs WHERE epoch BETWEEN ? AND ? ORDER BY epoch',
        [fromEpoch, toEpoch],
      );
      return rows.flatMap((row) => JSON.parse(row.gold_outcomes) as GoldOutcome[]);
    },
    save: (stored) => store.write([saveStatement(stored)]),
    distribution: (epoch) => readDistribution(store, epoch),
    async dataset(epoch) {
      const [row] = await store.read<{ dataset: string }>('SELECT dataset FROM epochs WHERE epoch = ?', [epoch]);
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
    finalized: (key, epoch) =>
      store.write([statement('UPDATE epochs SET final = 1 WHERE epoch = ?', epoch), finish(key)]),
    goldsAnchored: (key, epoch) =>
      store.write([statement('UPDATE golds SET anchored = 1 WHERE epoch = ?', epoch), finish(key)]),
    finish: (key) => store.write([finish(key)]),
  };
}

async function countBatches(store: Store, epoch: bigint, which: string): Promise<number> {
  const [row] = await store.read<{ n: bigint }>(`SELECT count(*) AS n FROM batches WHERE epoch = ? ${which}`, [epoch]);
  return Number(row?.n ?? 0n);
}

type BatchRow = {
  from_serial: bigint;
  to_serial: bigint;
  root: Hex;
  count: bigint;
  units: string;
  data_hash: Hex;
  batch_id: bigint;
  anchor_block: bigint;
  anchored_at: bigint;
  seed: Hex;
  records_root: Hex;
  records_data_hash: Hex;
};

/** A batch counts whole or not at all: abandoned ones are left out with all their receipts. */
async function readBatches({ store, gateway }: EpochLogDeps, epoch: bigint): Promise<readonly EpochBatch[]> {
  const rows = await store.read<BatchRow>(
    'SELECT * FROM batches WHERE epoch = ? AND recorded = 1 AND abandoned = 0 ORDER BY batch_id',
    [epoch],
  );
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

type ReceiptRow = {
  batch_id: bigint;
  id: Hex;
  receipt: string;
  signature: Hex;
  attestation: string | null;
  key_hash: string;
  record: string;
  entries: string;
};

async function readReceipts({ store, payerOf }: EpochLogDeps, epoch: bigint): Promise<readonly EpochReceipt[]> {
  const rows = await store.read<ReceiptRow>(
    `SELECT batch_id, receipts.id AS id, receipt, signature, attestation, key_hash, record, records.entries AS entries
     FROM receipts JOIN batches ON batches.from_serial = receipts.batch JOIN records ON records.receipt_id = receipts.id
     WHERE batches.epoch = ? AND recorded = 1 AND abandoned = 0 ORDER BY batch_id, serial`,
    [epoch],
  );
  const commitSets = await readCommitSets(store, epoch);
  const replays = await readReplays(store, epoch);
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

type CommitSetRow = { receipt_id: Hex; evaluators: string; commitments: string; commit_set: string; signature: Hex };

async function readCommitSets(store: Store, epoch: bigint): Promise<ReadonlyMap<Hex, readonly StoredCommitSet[]>> {
  const rows = await store.read<CommitSetRow>(
    `SELECT receipt_id, evaluators, commitments, commit_set, signature FROM commit_sets
     WHERE receipt_id IN (SELECT receipt_id FROM examinations JOIN batches ON from_serial = batch WHERE epoch = ?)
     ORDER BY receipt_id, size`,
    [epoch],
  );
  return groupBy(rows, ({ receipt_id, evaluators, commitments, commit_set, signature }) => [
    receipt_id,
    {
      commitSet: decodeStruct('commitSet', JSON.parse(commit_set)),
      signature,
      evaluators: JSON.parse(evaluators) as Address[],
      commitments: JSON.parse(commitments) as Hex[],
    },
  ]);
}

async function readReplays(store: Store, epoch: bigint): Promise<ReadonlyMap<Hex, readonly Hex[]>> {
  const rows = await store.read<{ receipt_id: Hex; replay_id: Hex }>(
    `SELECT receipt_id, replay_id FROM replays
     WHERE receipt_id IN (SELECT receipt_id FROM examinations JOIN batches ON from_serial = batch WHERE epoch = ?)
     ORDER BY receipt_id, node`,
    [epoch],
  );
  return groupBy(rows, ({ receipt_id, replay_id }) => [receipt_id, replay_id]);
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

function saveStatement(stored: StoredDistribution): ReturnType<typeof statement> {
  const bigintText = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);
  return statement(
    `INSERT OR REPLACE INTO epochs (epoch, distribution, signature, leaves, table_leaves, gold_outcomes, dataset)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    stored.distribution.epoch,
    JSON.stringify(stored.distribution, bigintText),
    stored.signature,
    JSON.stringify(stored.leaves.map((leaf) => encodeStruct('reward', leaf))),
    JSON.stringify(stored.tableLeaves.map((leaf) => encodeStruct('table', leaf))),
    JSON.stringify(stored.goldOutcomes),
    stored.dataset,
  );
}

type EpochRow = {
  distribution: string;
  signature: Hex;
  leaves: string;
  table_leaves: string;
  gold_outcomes: string;
};

async function readDistribution(store: Store, epoch: bigint): Promise<EpochResult | undefined> {
  const [row] = await store.read<EpochRow>(
    'SELECT distribution, signature, leaves, table_leaves, gold_outcomes FROM epochs WHERE epoch = ?',
    [epoch],
  );
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
