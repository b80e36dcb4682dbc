import type {
  EpochBatch,
  EpochLog,
  EpochResult,
  EpochWatch,
  GoldOutcome,
  PublishedBatch,
  StoredDistribution,
} from '../epoch/ports.ts';
import { decodeStruct, encodeStruct } from '../protocol/struct-json.ts';
import type { Address, Distribution, Hex } from '../protocol/types.ts';
import { createReceiptPages } from './epoch-receipts.ts';
import { epochStatements } from './epoch-statements.ts';
import type { EpochStatements, EpochValues } from './epoch-statements.ts';
import type { Query, Statement, Store } from './store.ts';

export type EpochLogDeps = {
  readonly store: Store;
  readonly gateway: Address;
  /** Keyed hash of an API key's hash. */
  readonly payerOf: (keyHash: string) => Hex;
};

export function createEpochLog(deps: EpochLogDeps): EpochLog {
  const { store } = deps;
  const statements = epochStatements(store);
  const { enqueue, reopen, finish } = statements;
  const reads = { ...deps, statements };
  return {
    runningBatches: (epoch) => count(store, statements.running({ epoch })),
    anchoredBatches: (epoch) => count(store, statements.anchored({ epoch })),
    batches: (epoch) => readBatches(reads, epoch),
    receiptsOf: createReceiptPages(deps),
    async goldOutcomes(fromEpoch, toEpoch) {
      const rows = await store.read(statements.outcomes({ fromEpoch, toEpoch }));
      return rows.flatMap((row) => JSON.parse(row.gold_outcomes) as GoldOutcome[]);
    },
    save: async (stored) => store.write(saveStatements(statements, stored, await readBatches(reads, epochOf(stored)))),
    distribution: (epoch) => readDistribution(reads, epoch),
    async dataHash(epoch) {
      const [row] = await store.read(statements.dataHash({ epoch }));
      return row?.data_hash;
    },
    publishedBatch: (batchId) => readPublishedBatch(reads, batchId),
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
    finalized: (key, epoch, watch) =>
      store.write([statements.finalized({ epoch }), finish(key), watchStatement(statements, watch)]),
    goldsAnchored: (key, epoch, watch) =>
      store.write([statements.goldsAnchored({ epoch }), finish(key), watchStatement(statements, watch)]),
    opened: (key, _epoch, watch) => store.write([finish(key), watchStatement(statements, watch)]),
    vanished: (key, { of, epoch, row }) =>
      store.write([
        ...(of === 'gold' ? [statements.goldsNotAnchored({ epoch })] : []),
        ...(of === 'finalize' ? [statements.notFinal({ epoch })] : []),
        reopen(of, row.slice(of.length + 1), { epoch: epoch.toString() }),
        finish(key),
      ]),
    finish: (key) => store.write([finish(key)]),
  };
}

function watchStatement({ reopen }: EpochStatements, { of, epoch, row, untilBlock }: EpochWatch): Statement {
  const payload = { of, epoch: epoch.toString(), row, untilBlock: untilBlock.toString() };
  return reopen('watch', `${row}:${untilBlock}`, payload);
}

type Reads = EpochLogDeps & { readonly statements: EpochStatements };

const epochOf = ({ distribution }: StoredDistribution): bigint => distribution.epoch;

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

async function readPublishedBatch({ store, statements }: Reads, batchId: bigint): Promise<PublishedBatch | undefined> {
  const [row] = await store.read(statements.part({ batchId }));
  if (row === undefined) return undefined;
  return {
    batchId,
    start: Number(row.part_start),
    end: Number(row.part_end),
    dataHash: row.data_hash,
    receiptsDataHash: row.receipts_data_hash,
    recordsDataHash: row.records_data_hash,
  };
}

/** A result takes the place of an earlier round's, with all its parts. */
function saveStatements(
  statements: EpochStatements,
  stored: StoredDistribution,
  batches: readonly EpochBatch[],
): readonly Statement[] {
  const { epoch } = stored.distribution;
  const byId = new Map(batches.map((batch) => [batch.batchId, batch]));
  return [
    statements.save(epochValues(stored)),
    statements.dropParts({ epoch }),
    ...stored.parts.flatMap(({ batchId, start, end }) => {
      const batch = byId.get(batchId);
      if (batch === undefined) return [];
      const { dataHash: receipts, recordsDataHash: records } = batch;
      return [statements.savePart({ batchId, epoch, start, end, receipts, records })];
    }),
  ];
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
    dataHash: stored.distribution.dataHash,
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
