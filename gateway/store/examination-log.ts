import { sql } from 'kysely';

import { decodeStruct, encodeStruct } from '../protocol/struct-json.ts';
import type { Address, Hex } from '../protocol/types.ts';
import type { CommitteeResult, Drawn, Examination, ExaminationLog, StoredCommitSet } from '../evaluate/ports.ts';
import type { ContentCipher } from './content-cipher.ts';
import { outboxStatements } from './outbox-log.ts';
import type { Statement, Store } from './store.ts';

export function createExaminationLog(store: Store, cipher: ContentCipher): ExaminationLog {
  const statements = statementsOf(store);
  const { reopen, finish } = statements;
  return {
    examination: (receiptId) => readExamination({ store, statements, cipher }, receiptId),
    saveReplays: (key, { receiptId, seed }, replays, size) =>
      store.write([
        statements.requireSeed({ receiptId, seed }),
        ...replays.map(({ node, replayId, modelId, response }) =>
          statements.replay({ receiptId, seed, node, replayId, modelId, response: cipher.seal(response) }),
        ),
        reopen('commit', `${receiptId}:${size}`, { receiptId, size }),
        finish(key),
      ]),
    commitSet: (drawn, size) => readCommitSet({ store, statements }, drawn, size),
    saveCommitSet: (key, { receiptId, seed }, { commitSet, signature, evaluators, commitments }) =>
      store.write([
        statements.requireSeed({ receiptId, seed }),
        statements.saveCommitSet({
          receiptId,
          seed,
          size: commitSet.size,
          evaluators: JSON.stringify(evaluators),
          commitments: JSON.stringify(commitments),
          commitSet: JSON.stringify(encodeStruct('commitSet', commitSet)),
          signature,
        }),
        reopen('reveal', `${receiptId}:${commitSet.size}`, { receiptId, size: commitSet.size }),
        finish(key),
      ]),
    escalate: (key, drawn, nextSize, first) =>
      store.write([
        statements.requireSeed(drawn),
        ...(first === undefined ? [] : [resultStatement(statements, drawn, first, false)]),
        reopen('commit', `${drawn.receiptId}:${nextSize}`, { receiptId: drawn.receiptId, size: nextSize }),
        finish(key),
      ]),
    finish: (key, drawn, size, entries) =>
      store.write([
        statements.requireSeed(drawn),
        resultStatement(statements, drawn, { size, entries }, true),
        finish(key),
      ]),
    close: (key) => store.write([finish(key)]),
  };
}

type Statements = ReturnType<typeof statementsOf>;
type Reads = { readonly store: Store; readonly statements: Statements };

function statementsOf(store: Store) {
  return { ...outboxStatements(store), ...writesOf(store), ...readsOf(store) };
}

type ReplayValues = Drawn & {
  readonly node: Address;
  readonly replayId: Hex;
  readonly modelId: string;
  readonly response: Uint8Array;
};
type CommitSetValues = Drawn & {
  readonly size: number;
  readonly evaluators: string;
  readonly commitments: string;
  readonly commitSet: string;
  readonly signature: Hex;
};
type ResultValues = Drawn & {
  readonly finished: number;
  readonly size: number;
  readonly entries: string;
};

function writesOf({ prepare }: Store) {
  return {
    // Breaks a constraint, and with it the whole write, when a fork of the chain has meanwhile brought another seed.
    requireSeed: prepare((db, { receiptId, seed }: Drawn) =>
      db
        .updateTable('examinations')
        .set({ seed: sql<Hex>`NULL` })
        .where('receipt_id', '=', receiptId)
        .where('seed', '<>', seed),
    ),
    replay: prepare((db, values: ReplayValues) =>
      db
        .insertInto('replays')
        .values({
          receipt_id: values.receiptId,
          seed: values.seed,
          node: values.node,
          replay_id: values.replayId,
          model_id: values.modelId,
          response: values.response,
        })
        .onConflict((conflict) => conflict.columns(['receipt_id', 'seed', 'node']).doNothing()),
    ),
    // The first set stands, whatever a second attempt collected.
    saveCommitSet: prepare((db, values: CommitSetValues) =>
      db
        .insertInto('commit_sets')
        .values({
          receipt_id: values.receiptId,
          seed: values.seed,
          size: values.size,
          evaluators: values.evaluators,
          commitments: values.commitments,
          commit_set: values.commitSet,
          signature: values.signature,
        })
        .onConflict((conflict) => conflict.columns(['receipt_id', 'seed', 'size']).doNothing()),
    ),
    result: prepare((db, { receiptId, seed, finished, size, entries }: ResultValues) =>
      db
        .updateTable('examinations')
        .set({ finished, committee_size: size, entries })
        .where('receipt_id', '=', receiptId)
        .where('seed', '=', seed)
        .where('finished', '=', 0n),
    ),
  };
}

function readsOf({ prepare }: Store) {
  return {
    examination: prepare((db, { receiptId }: { readonly receiptId: Hex }) =>
      db
        .selectFrom('examinations')
        .innerJoin('receipts', 'receipts.id', 'examinations.receipt_id')
        .leftJoin('contents', 'contents.serial', 'receipts.serial')
        .innerJoin('batches', 'batches.from_serial', 'examinations.batch')
        .select(['receipt_leaf', 'proof', 'examinations.seed as seed', 'replayed', 'receipt', 'salt', 'content'])
        .select(['batch_id', 'epoch'])
        .where('receipt_id', '=', receiptId)
        .where('finished', '=', 0n)
        // Only an anchored batch is drawn from.
        .$narrowType<{ batch_id: bigint; epoch: bigint }>(),
    ),
    replays: prepare((db, { receiptId, seed }: Drawn) =>
      db
        .selectFrom('replays')
        .select(['node', 'replay_id', 'model_id', 'response'])
        .where('receipt_id', '=', receiptId)
        .where('seed', '=', seed)
        .where('response', 'is not', null)
        .orderBy('node')
        .$narrowType<{ response: Uint8Array }>(),
    ),
    commitSet: prepare((db, { receiptId, seed, size }: Drawn & { readonly size: bigint }) =>
      db
        .selectFrom('commit_sets')
        .select(['evaluators', 'commitments', 'commit_set', 'signature'])
        .where('receipt_id', '=', receiptId)
        .where('seed', '=', seed)
        .where('size', '=', size),
    ),
  };
}

/** A result that is not final stands only until a larger committee's, or until the examination is given up. */
function resultStatement(
  statements: Statements,
  drawn: Drawn,
  { size, entries }: CommitteeResult,
  final: boolean,
): Statement {
  return statements.result({ ...drawn, finished: final ? 1 : 0, size, entries: JSON.stringify(entries) });
}

async function readExamination(
  reads: Reads & { readonly cipher: ContentCipher },
  receiptId: Hex,
): Promise<Examination | undefined> {
  const { store, statements, cipher } = reads;
  const [row] = await store.read(statements.examination({ receiptId }));
  if (row === undefined || row.content === null) return undefined;
  const { request, response } = cipher.openContent(row.content);
  const replays = await store.read(statements.replays({ receiptId, seed: row.seed }));
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
    replays: replays.map((replay) => ({
      node: replay.node,
      replayId: replay.replay_id,
      modelId: replay.model_id,
      response: cipher.open(replay.response),
    })),
  };
}

async function readCommitSet(
  { store, statements }: Reads,
  { receiptId, seed }: Drawn,
  size: number,
): Promise<StoredCommitSet | undefined> {
  const [row] = await store.read(statements.commitSet({ receiptId, seed, size: BigInt(size) }));
  if (row === undefined) return undefined;
  return {
    commitSet: decodeStruct('commitSet', JSON.parse(row.commit_set)),
    signature: row.signature,
    evaluators: JSON.parse(row.evaluators) as Hex[],
    commitments: JSON.parse(row.commitments) as Hex[],
  };
}
