import type { Migration } from '../migrations.ts';

/**
 * What statements used to look up inside JSON, or by a row number that only SQLite has, gets columns of its own, so that
 * one spelling of every statement serves every database.
 */
export const ONE_SPELLING: Migration = ({ integer, end, counter, jsonField }) => `
  CREATE TABLE numbered_outbox (
    position ${counter},
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    receipt_id TEXT,
    done ${integer} NOT NULL DEFAULT 0,
    attempts ${integer} NOT NULL DEFAULT 0,
    next_at_ms ${integer} NOT NULL
  ) ${end};
  INSERT INTO numbered_outbox (key, kind, payload, receipt_id, done, attempts, next_at_ms)
    SELECT key, kind, payload, ${jsonField('payload', 'receiptId')}, done, attempts, next_at_ms FROM outbox;
  DROP TABLE outbox;
  ALTER TABLE numbered_outbox RENAME TO outbox;
  CREATE INDEX outbox_due ON outbox (done, next_at_ms);
  CREATE INDEX outbox_receipt ON outbox (receipt_id);

  ALTER TABLE records ADD COLUMN status ${integer} NOT NULL DEFAULT 0;
  UPDATE records SET status = CAST(${jsonField('record', 'status')} AS ${integer});
`;
