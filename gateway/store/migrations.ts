/**
 * The store's schema, one entry per version, applied in order and never edited once released. Money and 64-bit chain
 * values that are only carried are TEXT; serials, block numbers and times are INTEGER, read as bigint.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE reservations (
    id TEXT PRIMARY KEY,
    key_hash TEXT NOT NULL,
    reserved_at_ms INTEGER NOT NULL
  ) STRICT;

  -- One row per served request. The serial is given in the durable write, so that a long stream holds nobody up.
  CREATE TABLE receipts (
    serial INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    key_hash TEXT NOT NULL,
    node TEXT NOT NULL,
    model_id TEXT NOT NULL,
    served_at_ms INTEGER NOT NULL,
    receipt TEXT NOT NULL,
    signature TEXT,
    decision TEXT NOT NULL,
    salt TEXT NOT NULL,
    content BLOB,
    attestation TEXT,
    leaf TEXT,
    batch INTEGER
  ) STRICT;
  CREATE INDEX receipts_batch ON receipts (batch);

  CREATE TABLE attestations (
    node TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    attestation TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (node, sequence)
  ) STRICT;

  -- Attested answers that wait for their receipt's batch; they may come before the receipt or never match one.
  -- A node that was asked twice for one receipt attests two answers, so every one of them is kept.
  CREATE TABLE answers (
    receipt_id TEXT NOT NULL,
    node TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    answer TEXT NOT NULL,
    leaf TEXT NOT NULL,
    proof TEXT NOT NULL,
    PRIMARY KEY (node, leaf)
  ) STRICT;
  CREATE INDEX answers_receipt ON answers (receipt_id, node);

  -- Keyed by first serial: the range, not the chain's id, is known before the anchor.
  CREATE TABLE batches (
    from_serial INTEGER PRIMARY KEY,
    to_serial INTEGER NOT NULL,
    root TEXT NOT NULL,
    count INTEGER NOT NULL,
    units TEXT NOT NULL,
    data_hash TEXT NOT NULL,
    batch_id INTEGER UNIQUE,
    epoch INTEGER,
    anchor_block INTEGER,
    anchor_hash TEXT,
    anchored_at INTEGER,
    seed TEXT,
    records_root TEXT,
    records_data_hash TEXT,
    recorded INTEGER NOT NULL DEFAULT 0,
    abandoned INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX batches_epoch ON batches (epoch);

  CREATE TABLE examinations (
    receipt_id TEXT PRIMARY KEY,
    batch INTEGER NOT NULL,
    receipt_leaf TEXT NOT NULL,
    proof TEXT NOT NULL,
    seed TEXT NOT NULL,
    replayed INTEGER NOT NULL,
    finished INTEGER NOT NULL DEFAULT 0,
    committee_size INTEGER NOT NULL DEFAULT 0,
    entries TEXT NOT NULL DEFAULT '[]'
  ) STRICT;
  CREATE INDEX examinations_batch ON examinations (batch);

  CREATE TABLE replays (
    receipt_id TEXT NOT NULL,
    node TEXT NOT NULL,
    replay_id TEXT NOT NULL,
    model_id TEXT NOT NULL,
    response BLOB,
    PRIMARY KEY (receipt_id, node)
  ) STRICT;

  -- A set is written before it is sent: two different ones for one (receipt, size) would be slashable.
  CREATE TABLE commit_sets (
    receipt_id TEXT NOT NULL,
    size INTEGER NOT NULL,
    evaluators TEXT NOT NULL,
    commitments TEXT NOT NULL,
    commit_set TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (receipt_id, size)
  ) STRICT;

  CREATE TABLE records (
    receipt_id TEXT PRIMARY KEY,
    batch INTEGER NOT NULL,
    record TEXT NOT NULL,
    leaf TEXT NOT NULL,
    entries TEXT NOT NULL
  ) STRICT;
  CREATE INDEX records_batch ON records (batch);

  CREATE TABLE golds (
    epoch INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    leaf TEXT NOT NULL,
    task BLOB NOT NULL,
    anchored INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    receipt_id TEXT,
    PRIMARY KEY (epoch, idx)
  ) STRICT;
  CREATE INDEX golds_receipt ON golds (receipt_id);

  CREATE TABLE epochs (
    epoch INTEGER PRIMARY KEY,
    distribution TEXT NOT NULL,
    signature TEXT NOT NULL,
    leaves TEXT NOT NULL,
    table_leaves TEXT NOT NULL,
    gold_outcomes TEXT NOT NULL,
    dataset TEXT NOT NULL,
    final INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  CREATE TABLE outbox (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX outbox_due ON outbox (done, next_at_ms);
  `,
];
