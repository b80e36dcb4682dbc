import { DatabaseSync } from 'node:sqlite';

import type { Address, Evaluation, Hex } from '../../protocol/types.ts';
import { decodeStruct, encodeStruct } from '../../protocol/struct-json.ts';

/**
 * What the evaluator has said, written before it is signed. One row per (receipt leaf, seed), never overwritten: a
 * second, different commitment for the same pair would cost the stake, so what the file holds is the only truth.
 */
export type StoredEvaluation = {
  readonly evaluation: Evaluation;
  readonly gateway: Address;
  /** Hash of everything that was shown. */
  readonly contentHash: Hex;
  readonly commitment: Hex;
  readonly commitSignature: Hex | undefined;
  readonly revealSignature: Hex | undefined;
};

export type EvaluationStore = {
  readonly find: (receiptLeaf: Hex, seed: Hex) => StoredEvaluation | undefined;
  /** Writes the row unless there is one already; returns what the file then holds. */
  readonly insert: (draft: Omit<StoredEvaluation, 'commitSignature' | 'revealSignature'>) => StoredEvaluation;
  /** Keeps the first signature given; returns the one that is kept. */
  readonly keepCommitSignature: (evaluation: Evaluation, signature: Hex) => Hex;
  readonly keepRevealSignature: (evaluation: Evaluation, signature: Hex) => Hex;
  /** Keeps the first commit set of a size that a gateway signed; returns the hash that is kept. */
  readonly keepCommitSet: (set: SignedSet) => Hex;
  readonly close: () => void;
};

export type SignedSet = {
  readonly receiptLeaf: Hex;
  readonly seed: Hex;
  readonly size: number;
  readonly commitmentsHash: Hex;
  readonly signature: Hex;
};

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS evaluations (
    receipt_leaf TEXT NOT NULL, seed TEXT NOT NULL, gateway TEXT NOT NULL, content_hash TEXT NOT NULL,
    evaluation TEXT NOT NULL, commitment TEXT NOT NULL, commit_signature TEXT, reveal_signature TEXT,
    PRIMARY KEY (receipt_leaf, seed)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS commit_sets (
    receipt_leaf TEXT NOT NULL, seed TEXT NOT NULL, size INTEGER NOT NULL, commitments_hash TEXT NOT NULL,
    signature TEXT NOT NULL, position INTEGER PRIMARY KEY, UNIQUE (receipt_leaf, seed, size, commitments_hash)
  ) STRICT;
`;

type Row = {
  readonly gateway: Address;
  readonly content_hash: Hex;
  readonly evaluation: string;
  readonly commitment: Hex;
  readonly commit_signature: Hex | null;
  readonly reveal_signature: Hex | null;
};

/** @param path of the SQLite file, or `:memory:` */
export function createEvaluationStore(path: string): EvaluationStore {
  const db = new DatabaseSync(path);
  db.exec(SCHEMA);
  const select = db.prepare('SELECT * FROM evaluations WHERE receipt_leaf = ? AND seed = ?');
  const insert = db.prepare(
    `INSERT OR IGNORE INTO evaluations (receipt_leaf, seed, gateway, content_hash, evaluation, commitment)
     VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const keep = (column: 'commit_signature' | 'reveal_signature') => {
    const update = db.prepare(
      `UPDATE evaluations SET ${column} = coalesce(${column}, ?) WHERE receipt_leaf = ? AND seed = ? RETURNING ${column} AS kept`,
    );
    return ({ receiptLeaf, seed }: Evaluation, signature: Hex): Hex => {
      const row = update.get(signature, receiptLeaf, seed) as { kept: Hex } | undefined;
      if (row === undefined) throw new Error(`no evaluation of ${receiptLeaf}`);
      return row.kept;
    };
  };
  const find = (receiptLeaf: Hex, seed: Hex): StoredEvaluation | undefined => {
    const row = select.get(receiptLeaf, seed) as Row | undefined;
    return row === undefined ? undefined : fromRow(row);
  };
  return {
    find,
    insert({ evaluation, gateway, contentHash, commitment }) {
      const { receiptLeaf, seed } = evaluation;
      const text = JSON.stringify(encodeStruct('evaluation', evaluation));
      insert.run(receiptLeaf, seed, gateway, contentHash, text, commitment);
      const stored = find(receiptLeaf, seed);
      if (stored === undefined) throw new Error(`the evaluation of ${receiptLeaf} was not written`);
      return stored;
    },
    keepCommitSignature: keep('commit_signature'),
    keepRevealSignature: keep('reveal_signature'),
    keepCommitSet: createSetKeeper(db),
    close: () => db.close(),
  };
}

/** Every set that a gateway signed stays in the file: two of one size are evidence against it. */
function createSetKeeper(db: DatabaseSync): EvaluationStore['keepCommitSet'] {
  const first = db.prepare(
    'SELECT commitments_hash FROM commit_sets WHERE receipt_leaf = ? AND seed = ? AND size = ? ORDER BY position LIMIT 1',
  );
  const insert = db.prepare(
    'INSERT OR IGNORE INTO commit_sets (receipt_leaf, seed, size, commitments_hash, signature) VALUES (?, ?, ?, ?, ?)',
  );
  return ({ receiptLeaf, seed, size, commitmentsHash, signature }) => {
    const known = first.get(receiptLeaf, seed, size) as { commitments_hash: Hex } | undefined;
    insert.run(receiptLeaf, seed, size, commitmentsHash, signature);
    return known?.commitments_hash ?? commitmentsHash;
  };
}

function fromRow(row: Row): StoredEvaluation {
  return {
    evaluation: decodeStruct('evaluation', JSON.parse(row.evaluation)),
    gateway: row.gateway,
    contentHash: row.content_hash,
    commitment: row.commitment,
    commitSignature: row.commit_signature ?? undefined,
    revealSignature: row.reveal_signature ?? undefined,
  };
}
