import type { PassedLog } from '../anchor/passed-serials.ts';
import { contentWrites } from './anchor-statements.ts';
import { outboxStatements } from './outbox-log.ts';
import type { Store } from './store.ts';

/** A batch is lost when it was given up without ever having been anchored. */
export function createLostBatches(store: Store): PassedLog {
  const { finish } = outboxStatements(store);
  const { dropContent } = contentWrites(store);
  const { mark, before, moveBatch, moveReceipts, moveRow } = statementsOf(store);
  return {
    lost: (key, fromSerial) => store.write([mark({ fromSerial }), dropContent({ fromSerial }), finish(key)]),
    async lostBefore(fromSerial) {
      const [row] = await store.read(before({ fromSerial }));
      if (row === undefined || row.abandoned === 0n || row.batch_id !== null) return undefined;
      return { fromSerial: row.from_serial, toSerial: row.to_serial };
    },
    beginAt: (fromSerial, earlier) => {
      const values = { fromSerial, earlier };
      const payload = JSON.stringify({ fromSerial: earlier.toString() });
      const row = moveRow({ from: `anchor:${fromSerial}`, to: `anchor:${earlier}`, payload });
      return store.write([moveBatch(values), moveReceipts(values), row]);
    },
  };
}

type Move = { readonly fromSerial: bigint; readonly earlier: bigint };

function statementsOf({ prepare }: Store) {
  return {
    mark: prepare((db, { fromSerial }: Pick<Move, 'fromSerial'>) =>
      db
        .updateTable('batches')
        .set({ abandoned: 1 })
        .where('from_serial', '=', fromSerial)
        .where('batch_id', 'is', null),
    ),
    before: prepare((db, { fromSerial }: Pick<Move, 'fromSerial'>) =>
      db
        .selectFrom('batches')
        .select(['from_serial', 'to_serial', 'abandoned', 'batch_id'])
        .where('from_serial', '<', fromSerial)
        .orderBy('from_serial', 'desc')
        .limit(1),
    ),
    moveBatch: prepare((db, { fromSerial, earlier }: Move) =>
      db.updateTable('batches').set({ from_serial: earlier }).where('from_serial', '=', fromSerial),
    ),
    moveReceipts: prepare((db, { fromSerial, earlier }: Move) =>
      db.updateTable('receipts').set({ batch: earlier }).where('batch', '=', fromSerial),
    ),
    moveRow: prepare(
      (db, { from, to, payload }: { readonly from: string; readonly to: string; readonly payload: string }) =>
        db.updateTable('outbox').set({ key: to, payload, next_at_ms: 0 }).where('key', '=', from),
    ),
  };
}
