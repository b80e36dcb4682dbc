import type { Migration } from '../migrations.ts';

/* eslint-disable max-lines-per-function -- one statement after the other, and no logic */
export const FIRST_SCHEMA: Migration = ({ integer, bytes, end }) => `
  CREATE TABLE reservations (
    id TEXT PRIMARY KEY,
    key_hash TEXT NOT NULL,
    reserved_at_ms ${integer} NOT NULL
  ) ${end};

  -- One row per served request. The serial is given in the durable write, so that a long stream holds nobody up.
  CREATE TABLE receipts (
    serial ${integer} PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    key_hash TEXT NOT NULL,
    node TEXT NOT NULL,
    model_id TEXT NOT NULL,
    served_at_ms ${integer} NOT NULL,
    receipt TEXT NOT NULL,
    signature TEXT,
    decision TEXT NOT NULL,
    salt TEXT NOT NULL,
    content ${bytes},
    attestation TEXT,
    leaf TEXT,
    batch ${integer}
  ) ${end};
  CREATE INDEX receipts_batch ON receipts (batch);

  CREATE TABLE attestations (
    node TEXT NOT NULL,
    sequence ${integer} NOT NULL,
    attestation TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (node, sequence)
  ) ${end};

  -- Attested answers that wait for their receipt's batch; they may come before the receipt or never match one.
  -- A node that was asked twice for one receipt attests two answers, so every one of them is kept.
  CREATE TABLE answers (
    receipt_id TEXT NOT NULL,
    node TEXT NOT NULL,
    sequence ${integer} NOT NULL,
    answer TEXT NOT NULL,
    leaf TEXT NOT NULL,
    proof TEXT NOT NULL,
    PRIMARY KEY (node, leaf)
  ) ${end};
  CREATE INDEX answers_receipt ON answers (receipt_id, node);

  -- Keyed by first serial: the range, not the chain's id, is known before the anchor.
  CREATE TABLE batches (
    from_serial ${integer} PRIMARY KEY,
    to_serial ${integer} NOT NULL,
    root TEXT NOT NULL,
    count ${integer} NOT NULL,
    units TEXT NOT NULL,
    data_hash TEXT NOT NULL,
    batch_id ${integer} UNIQUE,
    epoch ${integer},
    anchor_block ${integer},
    anchor_hash TEXT,
    anchored_at ${integer},
    seed TEXT,
    records_root TEXT,
    records_data_hash TEXT,
    recorded ${integer} NOT NULL DEFAULT 0,
    abandoned ${integer} NOT NULL DEFAULT 0
  ) ${end};
  CREATE INDEX batches_epoch ON batches (epoch);

  CREATE TABLE examinations (
    receipt_id TEXT PRIMARY KEY,
    batch ${integer} NOT NULL,
    receipt_leaf TEXT NOT NULL,
    proof TEXT NOT NULL,
    seed TEXT NOT NULL,
    replayed ${integer} NOT NULL,
    finished ${integer} NOT NULL DEFAULT 0,
    committee_size ${integer} NOT NULL DEFAULT 0,
    entries TEXT NOT NULL DEFAULT '[]'
  ) ${end};
  CREATE INDEX examinations_batch ON examinations (batch);

  CREATE TABLE replays (
    receipt_id TEXT NOT NULL,
    node TEXT NOT NULL,
    replay_id TEXT NOT NULL,
    model_id TEXT NOT NULL,
    response ${bytes},
    PRIMARY KEY (receipt_id, node)
  ) ${end};

  -- A set is written before it is sent: two different ones for one (receipt, size) would be slashable.
  CREATE TABLE commit_sets (
    receipt_id TEXT NOT NULL,
    size ${integer} NOT NULL,
    evaluators TEXT NOT NULL,
    commitments TEXT NOT NULL,
    commit_set TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (receipt_id, size)
  ) ${end};

  CREATE TABLE records (
    receipt_id TEXT PRIMARY KEY,
    batch ${integer} NOT NULL,
    record TEXT NOT NULL,
    leaf TEXT NOT NULL,
    entries TEXT NOT NULL
  ) ${end};
  CREATE INDEX records_batch ON records (batch);

  CREATE TABLE golds (
    epoch ${integer} NOT NULL,
    idx ${integer} NOT NULL,
    leaf TEXT NOT NULL,
    task ${bytes} NOT NULL,
    anchored ${integer} NOT NULL DEFAULT 0,
    sent ${integer} NOT NULL DEFAULT 0,
    receipt_id TEXT,
    PRIMARY KEY (epoch, idx)
  ) ${end};
  CREATE INDEX golds_receipt ON golds (receipt_id);

  CREATE TABLE epochs (
    epoch ${integer} PRIMARY KEY,
    distribution TEXT NOT NULL,
    signature TEXT NOT NULL,
    leaves TEXT NOT NULL,
    table_leaves TEXT NOT NULL,
    gold_outcomes TEXT NOT NULL,
    dataset TEXT NOT NULL,
    final ${integer} NOT NULL DEFAULT 0
  ) ${end};

  CREATE TABLE outbox (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    done ${integer} NOT NULL DEFAULT 0,
    attempts ${integer} NOT NULL DEFAULT 0,
    next_at_ms ${integer} NOT NULL
  ) ${end};
  CREATE INDEX outbox_due ON outbox (done, next_at_ms);
  `;
