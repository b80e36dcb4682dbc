import type { Anchored, AnchorLog, DrawnReceipt, RecentScore, StoredBatch } from '../anchor/ports.ts';
import type { RecordBatch } from '../batch/build-records.ts';
import type { ExaminedReceipt } from '../batch/ports.ts';
import { RecordStatus } from '../protocol/constants.ts';
import { decodeStruct, encodeStruct } from '../protocol/struct-json.ts';
import type { EvaluationEntry, Hex } from '../protocol/types.ts';
import { anchorReads, anchorWrites } from './anchor-statements.ts';
import type { AnchorReads, AnchorWrites } from './anchor-statements.ts';
import type { RowOf, Statement, Store } from './store.ts';

export function createAnchorLog(store: Store): AnchorLog {
  const reads = { store, statements: anchorReads(store) };
  const writes = anchorWrites(store);
  const { finish } = writes;
  return {
    batch: (fromSerial) => readBatch(reads, fromSerial),
    anchored: (key, fromSerial, anchored) => store.write(anchoredStatements(writes, key, fromSerial, anchored)),
    seeded: (key, fromSerial, seed, drawn) => store.write(seededStatements(writes, { key, fromSerial, seed, drawn })),
    async unfinished(fromSerial) {
      const [row] = await store.read(reads.statements.unfinished({ fromSerial }));
      return Number(row?.n ?? 0n);
    },
    giveUp: (fromSerial) => store.write(giveUpStatements(writes, fromSerial)),
    examined: (fromSerial) => readExamined(reads, fromSerial),
    saveRecords: (fromSerial, built) => store.write(recordStatements(writes, fromSerial, built)),
    recorded: (key, fromSerial) =>
      store.write([writes.recorded({ fromSerial }), ...dropStatements(writes, fromSerial), finish(key)]),
    abandoned: (key, fromSerial) =>
      store.write([
        ...giveUpStatements(writes, fromSerial),
        writes.abandoned({ fromSerial }),
        ...dropStatements(writes, fromSerial),
        finish(key),
      ]),
    finish: (key) => store.write([finish(key)]),
    recentScores: (limit) => readRecentScores(reads, limit),
  };
}

type Reads = { readonly store: Store; readonly statements: AnchorReads };

async function readRecentScores({ store, statements }: Reads, limit: number): Promise<readonly RecentScore[]> {
  const rows = await store.read(statements.recentScores({ status: BigInt(RecordStatus.scored), limit }));
  return rows.toReversed().map((row) => {
    const { node, family } = decodeStruct('receipt', JSON.parse(row.receipt));
    const { score, quality } = decodeStruct('record', JSON.parse(row.record));
    return { node, family, score, quality };
  });
}

async function readBatch({ store, statements }: Reads, fromSerial: bigint): Promise<StoredBatch | undefined> {
  const [row] = await store.read(statements.batch({ fromSerial }));
  if (row === undefined) return undefined;
  const receipts = await store.read(statements.receipts({ fromSerial }));
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
    receipts: receipts.map(({ receipt, leaf }) => ({ receipt: decodeStruct('receipt', JSON.parse(receipt)), leaf })),
  };
}

/** These columns are written together or not at all. */
function anchoredOf(row: RowOf<AnchorReads['batch']>): Anchored | undefined {
  const { batch_id, epoch, anchor_block, anchor_hash, anchored_at } = row;
  if (batch_id === null || epoch === null || anchor_block === null) return undefined;
  if (anchor_hash === null || anchored_at === null) return undefined;
  return { batchId: batch_id, epoch, block: anchor_block, blockHash: anchor_hash, anchoredAt: anchored_at };
}

function anchoredStatements(
  writes: AnchorWrites,
  key: string,
  fromSerial: bigint,
  anchored: Anchored,
): readonly Statement[] {
  return [
    writes.anchored({ ...anchored, fromSerial }),
    writes.enqueue('seed', fromSerial.toString(), { fromSerial: fromSerial.toString() }),
    writes.finish(key),
  ];
}

type Seeded = {
  readonly key: string;
  readonly fromSerial: bigint;
  readonly seed: Hex;
  readonly drawn: readonly DrawnReceipt[];
};

function seededStatements(writes: AnchorWrites, { key, fromSerial, seed, drawn }: Seeded): readonly Statement[] {
  return [
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
        ? writes.enqueue('replay', receiptId, { receiptId })
        : writes.enqueue('commit', `${receiptId}:0`, { receiptId, size: 0 }),
    ]),
    writes.dropUndrawn({ fromSerial }),
    writes.enqueue('records', fromSerial.toString(), { fromSerial: fromSerial.toString() }),
    writes.finish(key),
  ];
}

function giveUpStatements(writes: AnchorWrites, fromSerial: bigint): readonly Statement[] {
  return [writes.endExaminationRows({ fromSerial }), writes.endExaminations({ fromSerial })];
}

/** Content was kept for the committee: once a result stands, or never will, nobody needs it. Golds keep theirs. */
function dropStatements(writes: AnchorWrites, fromSerial: bigint): readonly Statement[] {
  return [writes.dropContent({ fromSerial }), writes.dropReplays({ fromSerial })];
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

function recordStatements(writes: AnchorWrites, fromSerial: bigint, built: RecordBatch): readonly Statement[] {
  return [
    ...built.records.map(({ receiptId, record, leaf, entries }) =>
      writes.record({
        receiptId,
        fromSerial,
        record: JSON.stringify(encodeStruct('record', record)),
        leaf,
        entries: JSON.stringify(entries),
        status: record.status,
      }),
    ),
    writes.recordsBuilt({ fromSerial, root: built.root, dataHash: built.dataHash }),
  ];
}
