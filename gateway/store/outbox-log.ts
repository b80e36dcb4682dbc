import type { OutboxLog, OutboxRow } from '../outbox/outbox.ts';
import type { Hex } from '../protocol/types.ts';
import type { Statement, Store } from './store.ts';

type Payload = OutboxRow['payload'];

/** How other rooms' writes add and end rows of the outbox, within their own transaction. */
export type OutboxStatements = {
  /** A row that is there already is left alone: the key is what makes the effect happen once. */
  readonly enqueue: (kind: string, key: string, payload: Payload) => Statement;
  /** Like `enqueue`, but a finished row is due again: for a step that the chain undid. */
  readonly reopen: (kind: string, key: string, payload: Payload) => Statement;
  readonly finish: (key: string) => Statement;
};

type NewRow = {
  readonly key: string;
  readonly kind: string;
  readonly payload: string;
  readonly receipt_id: Hex | null;
};

export function outboxStatements({ prepare }: Pick<Store, 'prepare'>): OutboxStatements {
  const enqueue = prepare((db, { key, kind, payload, receipt_id }: NewRow) =>
    db
      .insertInto('outbox')
      .values({ key, kind, payload, receipt_id, next_at_ms: 0 })
      .onConflict((conflict) => conflict.column('key').doNothing()),
  );
  const reopen = prepare((db, { key, kind, payload, receipt_id }: NewRow) =>
    db
      .insertInto('outbox')
      .values({ key, kind, payload, receipt_id, next_at_ms: 0 })
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet({ next_at_ms: 0, done: 0 }).where('outbox.done', '=', 1n),
      ),
  );
  const finish = prepare((db, { key }: { readonly key: string }) =>
    db.updateTable('outbox').set({ done: 1 }).where('key', '=', key),
  );
  return {
    enqueue: (kind, key, payload) => enqueue(newRow(kind, key, payload)),
    reopen: (kind, key, payload) => reopen(newRow(kind, key, payload)),
    finish: (key) => finish({ key }),
  };
}

function newRow(kind: string, key: string, payload: Payload): NewRow {
  const receiptId = payload['receiptId'];
  return {
    key: `${kind}:${key}`,
    kind,
    payload: JSON.stringify(payload),
    receipt_id: typeof receiptId === 'string' ? (receiptId as Hex) : null,
  };
}

/**
 * Chain steps have deadlines, examinations are many and slow: a backlog of these must not keep those waiting. Nor the other way
 * round: a step that waits for examinations is due again and again, and many such steps would never let one of them begin.
 */
export const EXAMINATION_KINDS = ['replay', 'commit', 'reveal'] as const;

/**
 * At the start of a process every row is due: when it was postponed to is the word of another process, and of a clock that
 * may have been put back since.
 */
export async function wakeOutbox(store: Store): Promise<void> {
  const wake = store.prepare((db) => db.updateTable('outbox').set({ next_at_ms: 0 }).where('done', '=', 0n));
  await store.write([wake({})]);
}

export function createOutboxLog(store: Store): OutboxLog {
  const { prepare } = store;
  const due = (isExamination: boolean) =>
    prepare((db, { nowMs, limit }: { readonly nowMs: bigint; readonly limit: number }) =>
      db
        .selectFrom('outbox')
        .select(['key', 'kind', 'payload', 'attempts'])
        .where('done', '=', 0n)
        .where('next_at_ms', '<=', nowMs)
        .where('kind', isExamination ? 'in' : 'not in', EXAMINATION_KINDS)
        .orderBy('next_at_ms')
        .orderBy('position')
        .limit(limit),
    );
  const [steps, examinations] = [due(false), due(true)];
  const postpone = prepare(
    (db, { key, attempts, nextAtMs }: { readonly key: string; readonly attempts: number; readonly nextAtMs: number }) =>
      db.updateTable('outbox').set({ attempts, next_at_ms: nextAtMs }).where('key', '=', key).where('done', '=', 0n),
  );
  return {
    async due(nowMs, limit) {
      const at = { nowMs: BigInt(nowMs), limit };
      const rows = inTurns(await Promise.all([store.read(steps(at)), store.read(examinations(at))]));
      return rows.slice(0, limit).map(({ key, kind, payload, attempts }) => ({
        key,
        kind,
        payload: JSON.parse(payload) as Payload,
        attempts: Number(attempts),
      }));
    },
    postpone: (key, attempts, nextAtMs) => store.write([postpone({ key, attempts, nextAtMs })]),
  };
}

/** One of the first list, one of the second, and so on; what is left of the longer one at the end. */
function inTurns<Item>([first, second]: readonly [readonly Item[], readonly Item[]]): Item[] {
  const turns = Array.from({ length: Math.max(first.length, second.length) }, (_, index) => index);
  return turns.flatMap((index) => [...first.slice(index, index + 1), ...second.slice(index, index + 1)]);
}
