import type { Anchored, AnchorLog, DrawnReceipt, RecentScore, StoredBatch } from '../anchor/ports.ts';
import type { RecordBatch } from '../batch/build-records.ts';
import type { ExaminedReceipt } from '../batch/ports.ts';
import { RecordStatus } from '../protocol/constants.ts';
import { decodeStruct, encodeStruct } from '../protocol/struct-json.ts';
import type { EvaluationEntry, Hex } from '../protocol/types.ts';
import { enqueue, finish } from './outbox-log.ts';
import { statement } from './sqlite.ts';
import type { Statement, Store } from './sqlite.ts';

type BatchRow = {
  from_serial: bigint;
  to_serial: bigint;
  root: Hex;
  count: bigint;
  units: string;
  data_hash: Hex;
  batch_id: bigint | null;
  epoch: bigint;
  anchor_block: bigint;
  anchor_hash: Hex;
  anchored_at: bigint;
  seed: Hex | null;
};

export function createAnchorLog(store: Store): AnchorLog {
  return {
    batch: (fromSerial) => readBatch(store, fromSerial),
    anchored: (key, fromSerial, anchored) => store.write(anchoredStatements(key, fromSerial, anchored)),
    seeded: (key, fromSerial, seed, drawn) => store.write(seededStatements(key, fromSerial, seed, drawn)),
    async unfinished(fromSerial) {
      const [row] = await store.read<{ n: bigint }>(
        'SELECT count(*) AS n FROM examinations WHERE batch = ? AND finished = 0',
        [fromSerial],
      );
      return Number(row?.n ?? 0n);
    },
    giveUp: (fromSerial) => store.write(giveUpStatements(fromSerial)),
    examined: (fromSerial) => readExamined(store, fromSerial),
    saveRecords: (fromSerial, built) => store.write(recordStatements(fromSerial, built)),
    recorded: (key, fromSerial) =>
      store.write([
        statement('UPDATE batches SET recorded = 1 WHERE from_serial = ?', fromSerial),
        ...dropStatements(fromSerial),
        finish(key),
      ]),
    abandoned: (key, fromSerial) =>
      store.write([
        ...giveUpStatements(fromSerial),
        statement('UPDATE batches SET abandoned = 1 WHERE from_serial = ?', fromSerial),
        ...dropStatements(fromSerial),
        finish(key),
      ]),
    finish: (key) => store.write([finish(key)]),
    recentScores: (limit) => readRecentScores(store, limit),
  };
}

async function readRecentScores(store: Store, limit: number): Promise<readonly RecentScore[]> {
  const rows = await store.read<{ receipt: string; record: string }>(
    `SELECT receipt, record FROM records JOIN receipts ON receipts.id = receipt_id
     JOIN batches ON from_serial = records.batch
     WHERE recorded = 1 AND json_extract(record, '$.status') = ? ORDER BY serial DESC LIMIT ?`,
    [RecordStatus.scored, limit],
  );
  return rows.toReversed().map((row) => {
    const { node, family } = decodeStruct('receipt', JSON.parse(row.receipt));
    const { score, quality } = decodeStruct('record', JSON.parse(row.record));
    return { node, family, score, quality };
  });
}

async function readBatch(store: Store, fromSerial: bigint): Promise<StoredBatch | undefined> {
  const [row] = await store.read<BatchRow>('SELECT * FROM batches WHERE from_serial = ?', [fromSerial]);
  if (row === undefined) return undefined;
  const receipts = await store.read<{ receipt: string; leaf: Hex }>(
    'SELECT receipt, leaf FROM receipts WHERE batch = ? ORDER BY serial',
    [fromSerial],
  );
  return {
    root: row.root,
    fromSerial: row.from_serial,
    toSerial: row.to_serial,
    count: Number(row.count),
    units: BigInt(row.units),
    dataHash: row.data_hash,
    ...(row.batch_id === null ? {} : { anchored: anchoredOf(row, row.batch_id) }),
    ...(row.seed === null ? {} : { seed: row.seed }),
    receipts: receipts.map(({ receipt, leaf }) => ({ receipt: decodeStruct('receipt', JSON.parse(receipt)), leaf })),
  };
}

function anchoredOf(row: BatchRow, batchId: bigint): Anchored {
  return {
    batchId,
    epoch: row.epoch,
    block: row.anchor_block,
    blockHash: row.anchor_hash,
    anchoredAt: row.anchored_at,
  };
}

function anchoredStatements(key: string, fromSerial: bigint, anchored: Anchored): readonly Statement[] {
  return [
    statement(
      `UPDATE batches SET batch_id = ?, epoch = ?, anchor_block = ?, anchor_hash = ?, anchored_at = ? WHERE from_serial = ?`,
      anchored.batchId,
      anchored.epoch,
      anchored.block,
      anchored.blockHash,
      anchored.anchoredAt,
      fromSerial,
    ),
    enqueue('seed', fromSerial.toString(), { fromSerial: fromSerial.toString() }),
    finish(key),
  ];
}

function seededStatements(
  key: string,
  fromSerial: bigint,
  seed: Hex,
  drawn: readonly DrawnReceipt[],
): readonly Statement[] {
  return [
    statement('UPDATE batches SET seed = ? WHERE from_serial = ?', seed, fromSerial),
    ...drawn.flatMap(({ receiptId, receiptLeaf, proof, replayed }) => [
      statement(
        'INSERT OR IGNORE INTO examinations (receipt_id, batch, receipt_leaf, proof, seed, replayed) VALUES (?, ?, ?, ?, ?, ?)',
        receiptId,
        fromSerial,
        receiptLeaf,
        JSON.stringify(proof),
        seed,
        replayed ? 1 : 0,
      ),
      replayed
        ? enqueue('replay', receiptId, { receiptId })
        : enqueue('commit', `${receiptId}:0`, { receiptId, size: 0 }),
    ]),
    // What was not drawn is nobody's to read any more; golds keep theirs, they are published with the epoch.
    statement(
      `UPDATE receipts SET content = NULL WHERE batch = ? AND id NOT IN (SELECT receipt_id FROM examinations WHERE batch = ?)
       AND id NOT IN (SELECT receipt_id FROM golds WHERE receipt_id IS NOT NULL)`,
      fromSerial,
      fromSerial,
    ),
    enqueue('records', fromSerial.toString(), { fromSerial: fromSerial.toString() }),
    finish(key),
  ];
}

function giveUpStatements(fromSerial: bigint): readonly Statement[] {
  return [
    statement(
      `UPDATE outbox SET done = 1 WHERE done = 0 AND kind IN ('replay', 'commit', 'reveal')
       AND json_extract(payload, '$.receiptId') IN (SELECT receipt_id FROM examinations WHERE batch = ? AND finished = 0)`,
      fromSerial,
    ),
    statement('UPDATE examinations SET finished = 1 WHERE batch = ? AND finished = 0', fromSerial),
  ];
}

/** Content was kept for the committee: once a result stands, or never will, nobody needs it. Golds keep theirs. */
function dropStatements(fromSerial: bigint): readonly Statement[] {
  return [
    statement(
      'UPDATE receipts SET content = NULL WHERE batch = ? AND id NOT IN (SELECT receipt_id FROM golds WHERE receipt_id IS NOT NULL)',
      fromSerial,
    ),
    statement(
      'UPDATE replays SET response = NULL WHERE receipt_id IN (SELECT receipt_id FROM examinations WHERE batch = ?)',
      fromSerial,
    ),
  ];
}

async function readExamined(store: Store, fromSerial: bigint): Promise<ReadonlyMap<Hex, ExaminedReceipt>> {
  const rows = await store.read<{ receipt_id: Hex; committee_size: bigint; entries: string; replays: bigint }>(
    `SELECT receipt_id, committee_size, entries,
       (SELECT count(*) FROM replays WHERE replays.receipt_id = examinations.receipt_id) AS replays
     FROM examinations WHERE batch = ?`,
    [fromSerial],
  );
  return new Map(
    rows.map((row) => [
      row.receipt_id,
      {
        committeeSize: Number(row.committee_size),
        entries: JSON.parse(row.entries) as EvaluationEntry[],
        replays: Number(row.replays),
      },
    ]),
  );
}

function recordStatements(fromSerial: bigint, built: RecordBatch): readonly Statement[] {
  return [
    ...built.records.map(({ receiptId, record, leaf, entries }) =>
      statement(
        'INSERT OR REPLACE INTO records (receipt_id, batch, record, leaf, entries) VALUES (?, ?, ?, ?, ?)',
        receiptId,
        fromSerial,
        JSON.stringify(encodeStruct('record', record)),
        leaf,
        JSON.stringify(entries),
      ),
    ),
    statement(
      'UPDATE batches SET records_root = ?, records_data_hash = ? WHERE from_serial = ?',
      built.root,
      built.dataHash,
      fromSerial,
    ),
  ];
}
