import { decodeStruct, encodeStruct } from '../protocol/struct-json.ts';
import type { Hex } from '../protocol/types.ts';
import type { CommitteeResult, Examination, ExaminationLog, Replay, StoredCommitSet } from '../evaluate/ports.ts';
import type { ContentCipher } from './content-cipher.ts';
import { enqueue, finish } from './outbox-log.ts';
import { statement } from './sqlite.ts';
import type { Statement, Store } from './sqlite.ts';

export function createExaminationLog(store: Store, cipher: ContentCipher): ExaminationLog {
  return {
    examination: (receiptId) => readExamination(store, cipher, receiptId),
    saveReplays: (key, receiptId, replays, size) =>
      store.write([
        ...replays.map(({ node, replayId, modelId, response }) =>
          statement(
            'INSERT OR IGNORE INTO replays (receipt_id, node, replay_id, model_id, response) VALUES (?, ?, ?, ?, ?)',
            receiptId,
            node,
            replayId,
            modelId,
            cipher.seal(response),
          ),
        ),
        enqueue('commit', `${receiptId}:${size}`, { receiptId, size }),
        finish(key),
      ]),
    commitSet: (receiptId, size) => readCommitSet(store, receiptId, size),
    saveCommitSet: (key, receiptId, { commitSet, signature, evaluators, commitments }) =>
      store.write([
        // OR IGNORE: the first set stands, whatever a second attempt collected.
        statement(
          `INSERT OR IGNORE INTO commit_sets (receipt_id, size, evaluators, commitments, commit_set, signature)
           VALUES (?, ?, ?, ?, ?, ?)`,
          receiptId,
          commitSet.size,
          JSON.stringify(evaluators),
          JSON.stringify(commitments),
          JSON.stringify(encodeStruct('commitSet', commitSet)),
          signature,
        ),
        enqueue('reveal', `${receiptId}:${commitSet.size}`, { receiptId, size: commitSet.size }),
        finish(key),
      ]),
    escalate: (key, receiptId, nextSize, first) =>
      store.write([
        ...(first === undefined ? [] : [resultStatement(receiptId, first, false)]),
        enqueue('commit', `${receiptId}:${nextSize}`, { receiptId, size: nextSize }),
        finish(key),
      ]),
    finish: (key, receiptId, size, entries) =>
      store.write([resultStatement(receiptId, { size, entries }, true), finish(key)]),
    close: (key) => store.write([finish(key)]),
  };
}

/** A result that is not final stands only until a larger committee's, or until the examination is given up. */
function resultStatement(receiptId: Hex, { size, entries }: CommitteeResult, final: boolean): Statement {
  return statement(
    'UPDATE examinations SET finished = ?, committee_size = ?, entries = ? WHERE receipt_id = ? AND finished = 0',
    final ? 1 : 0,
    size,
    JSON.stringify(entries),
    receiptId,
  );
}

type ExaminationRow = {
  receipt_leaf: Hex;
  proof: string;
  seed: Hex;
  replayed: bigint;
  receipt: string;
  salt: Hex;
  content: Uint8Array | null;
  batch_id: bigint;
  epoch: bigint;
};

async function readExamination(store: Store, cipher: ContentCipher, receiptId: Hex): Promise<Examination | undefined> {
  const [row] = await store.read<ExaminationRow>(
    `SELECT receipt_leaf, proof, examinations.seed AS seed, replayed, receipt, salt, content,
       batch_id, epoch
     FROM examinations JOIN receipts ON receipts.id = receipt_id JOIN batches ON batches.from_serial = examinations.batch
     WHERE receipt_id = ? AND finished = 0`,
    [receiptId],
  );
  if (row === undefined || row.content === null) return undefined;
  const { request, response } = JSON.parse(cipher.open(row.content)) as { request: string; response: string };
  return {
    receiptId,
    receiptLeaf: row.receipt_leaf,
    receipt: decodeStruct('receipt', JSON.parse(row.receipt)),
    seed: row.seed,
    replayed: row.replayed === 1n,
    batchId: row.batch_id,
    epoch: row.epoch,
    proof: JSON.parse(row.proof) as Hex[],
    content: { salt: row.salt, request, response },
    replays: await readReplays(store, cipher, receiptId),
  };
}

async function readReplays(store: Store, cipher: ContentCipher, receiptId: Hex): Promise<readonly Replay[]> {
  const rows = await store.read<{ node: Hex; replay_id: Hex; model_id: string; response: Uint8Array }>(
    'SELECT node, replay_id, model_id, response FROM replays WHERE receipt_id = ? ORDER BY node',
    [receiptId],
  );
  return rows.map((row) => ({
    node: row.node,
    replayId: row.replay_id,
    modelId: row.model_id,
    response: cipher.open(row.response),
  }));
}

type CommitSetRow = { evaluators: string; commitments: string; commit_set: string; signature: Hex };

async function readCommitSet(store: Store, receiptId: Hex, size: number): Promise<StoredCommitSet | undefined> {
  const [row] = await store.read<CommitSetRow>(
    'SELECT evaluators, commitments, commit_set, signature FROM commit_sets WHERE receipt_id = ? AND size = ?',
    [receiptId, size],
  );
  if (row === undefined) return undefined;
  return {
    commitSet: decodeStruct('commitSet', JSON.parse(row.commit_set)),
    signature: row.signature,
    evaluators: JSON.parse(row.evaluators) as Hex[],
    commitments: JSON.parse(row.commitments) as Hex[],
  };
}
