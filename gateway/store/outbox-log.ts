import type { OutboxLog, OutboxRow } from '../outbox/outbox.ts';
import { statement } from './sqlite.ts';
import type { Statement, Store } from './sqlite.ts';

type Row = { key: string; kind: string; payload: string; attempts: bigint };

export function createOutboxLog(store: Store): OutboxLog {
  return {
    async due(nowMs, limit) {
      const rows = await store.read<Row>(
        // Chain steps have deadlines, examinations are many and slow: a backlog of these must not keep those waiting.
        `SELECT key, kind, payload, attempts FROM outbox WHERE done = 0 AND next_at_ms <= ?
         ORDER BY kind IN ('replay', 'commit', 'reveal'), next_at_ms, rowid LIMIT ?`,
        [nowMs, limit],
      );
      return rows.map(({ key, kind, payload, attempts }) => ({
        key,
        kind,
        payload: JSON.parse(payload) as OutboxRow['payload'],
        attempts: Number(attempts),
      }));
    },
    postpone: (key, attempts, nextAtMs) =>
      store.write([
        statement('UPDATE outbox SET attempts = ?, next_at_ms = ? WHERE key = ? AND done = 0', attempts, nextAtMs, key),
      ]),
  };
}

/** A row that is there already is left alone: the key is what makes the effect happen once. */
export function enqueue(kind: string, key: string, payload: OutboxRow['payload']): Statement {
  return statement(
    'INSERT OR IGNORE INTO outbox (key, kind, payload, next_at_ms) VALUES (?, ?, ?, 0)',
    `${kind}:${key}`,
    kind,
    JSON.stringify(payload),
  );
}

/** Like `enqueue`, but a finished row is due again: for a step that the chain undid. */
export function reopen(kind: string, key: string, payload: OutboxRow['payload']): Statement {
  return statement(
    `INSERT INTO outbox (key, kind, payload, next_at_ms) VALUES (?, ?, ?, 0)
     ON CONFLICT (key) DO UPDATE SET next_at_ms = 0, done = 0 WHERE done = 1`,
    `${kind}:${key}`,
    kind,
    JSON.stringify(payload),
  );
}

export function finish(key: string): Statement {
  return statement('UPDATE outbox SET done = 1 WHERE key = ?', key);
}
