import type {
  Anchored,
  AnchorLog,
  DrawnReceipt,
  LeafedReceipt,
  RecentScore,
  Settled,
  Standing,
  StoredBatch,
  Unsettled,
} from '../anchor/ports.ts';
import type { RecordBatch } from '../batch/build-records.ts';
import type { ExaminedReceipt } from '../batch/ports.ts';
import { RecordStatus } from '../protocol/constants.ts';
import { decodeStruct, structText } from '../protocol/struct-json.ts';
import type { EvaluationEntry, Hex } from '../protocol/types.ts';
import { anchorReads, anchorWrites, watchReads } from './anchor-statements.ts';
import type { AnchorReads, AnchorWrites, WatchReads } from './anchor-statements.ts';
import type { RowOf, Statement, Store } from './store.ts';

export function createAnchorLog(store: Store): AnchorLog {
  const reads = { store, statements: anchorReads(store) };
  const writes = anchorWrites(store);
  const { unsettled } = watchReads(store);
  const { finish } = writes;
  return {
    batch: (fromSerial) => readBatch(reads, fromSerial),
    receipts: (fromSerial) => readReceipts(reads, fromSerial),
    anchored: (key, fromSerial, anchored) => store.write(anchoredStatements(writes, key, fromSerial, anchored)),
    seeded: (key, on, seed, drawn) => store.write(seededStatements(writes, { key, on, seed, drawn })),
    async unfinished(fromSerial) {
      const [row] = await store.read(reads.statements.unfinished({ fromSerial }));
      return Number(row?.n ?? 0n);
    },
    giveUp: (fromSerial) => store.write(giveUpStatements(writes, fromSerial)),
    examined: (fromSerial) => readExamined(reads, fromSerial),
    saveRecords: (on, built) => store.write([writes.requireAnchor(on), ...recordStatements(writes, on, built)]),
    recorded: (key, on) => store.write([writes.requireAnchor(on), writes.recorded(on), finish(key)]),
    abandoned: (key, on) =>
      store.write([
        writes.requireAnchor(on),
        ...giveUpStatements(writes, on.fromSerial),
        writes.abandoned(on),
        finish(key),
      ]),
    async unsettled(limit) {
      const states = await Promise.all([0n, 1n].map((settled) => store.read(unsettled({ settled, limit }))));
      const rows = states.flat().toSorted((a, b) => (a.from_serial < b.from_serial ? -1 : 1));
      return rows.slice(0, limit).flatMap(unsettledOf);
    },
    unanchored: (on) => store.write(unanchoredStatements(writes, on)),
    unseeded: (on) => store.write(unseededStatements(writes, on)),
    unrecorded: (on) =>
      store.write([writes.requireAnchor(on), writes.unrecorded(on), reopenOf(writes, 'records', on.fromSerial)]),
    settle: (on, settled) => store.write(settleStatements(writes, on, settled)),
    finish: (key) => store.write([finish(key)]),
    recentScores: (limit) => readRecentScores(reads, limit),
  };
}

type Reads = { readonly store: Store; readonly statements: AnchorReads };

async function readRecentScores({ store, statements }: Reads, limit: number): Promise<readonly RecentScore[]> {
  const rows = await store.read(statements.recentScores({ status: BigInt(RecordStatus.scored), limit }));
  return rows.toReversed().map((row) => {
    const { node, model, family, complexity } = decodeStruct('receipt', JSON.parse(row.receipt));
    const { score, quality } = decodeStruct('record', JSON.parse(row.record));
    return { node, model, family, complexity, score, quality };
  });
}

async function readBatch({ store, statements }: Reads, fromSerial: bigint): Promise<StoredBatch | undefined> {
  const [row] = await store.read(statements.batch({ fromSerial }));
  if (row === undefined) return undefined;
  const anchored = anchoredOf(row);
  return {
    root: row.root,
    fromSerial: row.from_serial,
    toSerial: row.to_serial,
    count: Number(row.count),
    units: BigInt(row.units),
    dataHash: row.data_hash,
    ...(anchored === undefined ? {} : { anchored }),
    ...(row.seed === null ? {} : { seed: row.seed }),
    seedSettled: row.settled > 0n,
    ...(row.records_root === null ? {} : { recordsRoot: row.records_root }),
  };
}

/** Few enough to keep neither the event loop nor the store's thread from a request. */
const PAGE = 500;

async function readReceipts({ store, statements }: Reads, fromSerial: bigint): Promise<readonly LeafedReceipt[]> {
  const receipts: LeafedReceipt[] = [];
  for (let next = 0n; ;) {
    const rows = await store.read(statements.receipts({ fromSerial, next, limit: PAGE }));
    for (const { receipt, leaf } of rows)
      receipts.push({ receipt: decodeStruct('receipt', JSON.parse(receipt)), leaf });
    if (rows.length < PAGE) return receipts;
    next = (receipts.at(-1)?.receipt.serial ?? 0n) + 1n;
  }
}

/** These columns are written together or not at all. */
type AnchorColumns = Pick<
  RowOf<AnchorReads['batch']>,
  'batch_id' | 'epoch' | 'anchor_block' | 'anchor_hash' | 'anchored_at'
>;
function anchoredOf(row: AnchorColumns): Anchored | undefined {
  const { batch_id, epoch, anchor_block, anchor_hash, anchored_at } = row;
  if (batch_id === null || epoch === null || anchor_block === null) return undefined;
  if (anchor_hash === null || anchored_at === null) return undefined;
  return { batchId: batch_id, epoch, block: anchor_block, blockHash: anchor_hash, anchoredAt: anchored_at };
}

function unsettledOf(row: RowOf<WatchReads['unsettled']>): readonly Unsettled[] {
  const anchored = anchoredOf(row);
  if (anchored === undefined) return [];
  return [
    {
      fromSerial: row.from_serial,
      root: row.root,
      anchored,
      ...(row.seed === null ? {} : { seed: row.seed }),
      recorded: row.recorded === 1n,
      abandoned: row.abandoned === 1n,
      settled: Number(row.settled) as Settled,
    },
  ];
}

function anchoredStatements(
  writes: AnchorWrites,
  key: string,
  fromSerial: bigint,
  anchored: Anchored,
): readonly Statement[] {
  return [writes.anchored({ ...anchored, fromSerial }), reopenOf(writes, 'seed', fromSerial), writes.finish(key)];
}

const reopenOf = (writes: AnchorWrites, kind: 'anchor' | 'seed' | 'records', fromSerial: bigint): Statement =>
  writes.reopen(kind, fromSerial.toString(), { fromSerial: fromSerial.toString() });

/** Drawn again on another fork, a receipt is examined from the beginning; what was signed under the old seed is kept. */
function voidDraw(writes: AnchorWrites, fromSerial: bigint): readonly Statement[] {
  return [writes.endAllExaminationRows({ fromSerial }), writes.dropExaminations({ fromSerial })];
}

function unanchoredStatements(writes: AnchorWrites, on: Standing): readonly Statement[] {
  const { fromSerial } = on;
  return [
    writes.requireAnchor(on),
    ...voidDraw(writes, fromSerial),
    writes.unanchored(on),
    reopenOf(writes, 'anchor', fromSerial),
  ];
}

function unseededStatements(writes: AnchorWrites, on: Standing): readonly Statement[] {
  const { fromSerial } = on;
  return [
    writes.requireAnchor(on),
    ...voidDraw(writes, fromSerial),
    writes.unseeded(on),
    reopenOf(writes, 'seed', fromSerial),
  ];
}

/** Content was kept for the committee: once a result stands, or never will, nobody needs it. Golds keep theirs. */
function settleStatements(writes: AnchorWrites, on: Standing, settled: Settled): readonly Statement[] {
  const { fromSerial } = on;
  return [
    writes.requireAnchor(on),
    ...(settled === 2
      ? [writes.dropContent({ fromSerial }), writes.dropReplays({ fromSerial })]
      : [writes.dropUndrawn({ fromSerial })]),
    writes.settle({ fromSerial, settled }),
  ];
}

type Seeded = {
  readonly key: string;
  readonly on: Standing;
  readonly seed: Hex;
  readonly drawn: readonly DrawnReceipt[];
};

function seededStatements(writes: AnchorWrites, { key, on, seed, drawn }: Seeded): readonly Statement[] {
  const { fromSerial } = on;
  return [
    writes.requireAnchor(on),
    writes.seeded({ fromSerial, seed }),
    ...drawn.flatMap(({ receiptId, receiptLeaf, proof, replayed }) => [
      writes.examine({
        receiptId,
        fromSerial,
        receiptLeaf,
        proof: JSON.stringify(proof),
        seed,
        replayed: replayed ? 1 : 0,
      }),
      replayed
        ? writes.reopen('replay', receiptId, { receiptId })
        : writes.reopen('commit', `${receiptId}:0`, { receiptId, size: 0 }),
    ]),
    reopenOf(writes, 'records', fromSerial),
    writes.finish(key),
  ];
}

function giveUpStatements(writes: AnchorWrites, fromSerial: bigint): readonly Statement[] {
  return [writes.endExaminationRows({ fromSerial }), writes.endExaminations({ fromSerial })];
}

async function readExamined(
  { store, statements }: Reads,
  fromSerial: bigint,
): Promise<ReadonlyMap<Hex, ExaminedReceipt>> {
  const rows = await store.read(statements.examined({ fromSerial }));
  return new Map(
    rows.map((row) => [
      row.receipt_id,
      {
        committeeSize: Number(row.committee_size),
        entries: JSON.parse(row.entries) as EvaluationEntry[],
        replays: Number(row.replays ?? 0n),
      },
    ]),
  );
}

function recordStatements(writes: AnchorWrites, { fromSerial }: Standing, built: RecordBatch): readonly Statement[] {
  return [
    ...built.records.map(({ receiptId, record, leaf, entries }) =>
      writes.record({
        receiptId,
        fromSerial,
        record: structText('record', record),
        leaf,
        entries: JSON.stringify(entries),
        status: record.status,
      }),
    ),
    writes.recordsBuilt({ fromSerial, root: built.root, dataHash: built.dataHash }),
  ];
}
