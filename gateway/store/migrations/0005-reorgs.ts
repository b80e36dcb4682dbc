import type { Migration } from '../migrations.ts';

/**
 * What was made under a seed carries it, so that a fork of the chain with another one starts afresh and nothing that was
 * signed under the first is lost or used for the second. Transactions are written down before they are sent.
 */
export const REORGS: Migration = ({ integer, bytes, end, jsonField }) => `
  CREATE TABLE seeded_commit_sets (
    receipt_id TEXT NOT NULL,
    seed TEXT NOT NULL,
    size ${integer} NOT NULL,
    evaluators TEXT NOT NULL,
    commitments TEXT NOT NULL,
    commit_set TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (receipt_id, seed, size)
  ) ${end};
  INSERT INTO seeded_commit_sets (receipt_id, seed, size, evaluators, commitments, commit_set, signature)
    SELECT receipt_id, ${jsonField('commit_set', 'seed')}, size, evaluators, commitments, commit_set, signature
    FROM commit_sets;
  DROP TABLE commit_sets;
  ALTER TABLE seeded_commit_sets RENAME TO commit_sets;

  CREATE TABLE seeded_replays (
    receipt_id TEXT NOT NULL,
    seed TEXT NOT NULL,
    node TEXT NOT NULL,
    replay_id TEXT NOT NULL,
    model_id TEXT NOT NULL,
    response ${bytes},
    PRIMARY KEY (receipt_id, seed, node)
  ) ${end};
  INSERT INTO seeded_replays (receipt_id, seed, node, replay_id, model_id, response)
    SELECT replays.receipt_id, examinations.seed, node, replay_id, model_id, response
    FROM replays JOIN examinations ON examinations.receipt_id = replays.receipt_id;
  DROP TABLE replays;
  ALTER TABLE seeded_replays RENAME TO replays;

  -- 0: a fork may still undo its anchor or its seed; 1: only its records; 2: nothing.
  ALTER TABLE batches ADD COLUMN settled ${integer} NOT NULL DEFAULT 0;
  UPDATE batches SET settled = 2 WHERE recorded = 1 OR abandoned = 1;
  CREATE INDEX batches_settled ON batches (settled);

  CREATE TABLE transactions (
    call TEXT PRIMARY KEY,
    nonce ${integer} NOT NULL UNIQUE,
    recipient TEXT NOT NULL,
    data TEXT NOT NULL,
    gas ${integer} NOT NULL,
    attempts TEXT NOT NULL
  ) ${end};
`;
