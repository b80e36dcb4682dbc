import type { Charge, SpendingLog } from '../account/ports.ts';
import type { Statement, Store } from './store.ts';

/** The row that holds what a key has spent on all days together. */
const ALL_DAYS = -1n;

type Amounts = { readonly keyHash: string; readonly day: bigint; readonly microUsd: bigint; readonly tokens: bigint };

/** Statements that add a charge to its key's account, for the transaction that ends the request. */
export function createChargeStatements({ prepare }: Pick<Store, 'prepare'>): (charge: Charge) => readonly Statement[] {
  const add = prepare((db, { keyHash, day, microUsd, tokens }: Amounts) =>
    db
      .insertInto('spending')
      .values({ key_hash: keyHash, day, micro_usd: microUsd, tokens, requests: 1 })
      .onConflict((conflict) =>
        conflict.columns(['key_hash', 'day']).doUpdateSet((eb) => ({
          micro_usd: eb('spending.micro_usd', '+', eb.ref('excluded.micro_usd')),
          tokens: eb('spending.tokens', '+', eb.ref('excluded.tokens')),
          requests: eb('spending.requests', '+', eb.ref('excluded.requests')),
        })),
      ),
  );
  return (charge) => [add({ ...charge, day: BigInt(charge.day) }), add({ ...charge, day: ALL_DAYS })];
}

export function createSpendingLog(store: Store): SpendingLog {
  const rowsOf = store.prepare((db, { day, allDays }: { readonly day: bigint; readonly allDays: bigint }) =>
    db.selectFrom('spending').select(['key_hash', 'day', 'micro_usd', 'requests']).where('day', 'in', [day, allDays]),
  );
  return {
    async totals(day) {
      const rows = await store.read(rowsOf({ day: BigInt(day), allDays: ALL_DAYS }));
      const today = new Map(rows.filter((row) => row.day !== ALL_DAYS).map((row) => [row.key_hash, row]));
      return rows
        .filter((row) => row.day === ALL_DAYS)
        .map((row) => ({
          keyHash: row.key_hash,
          microUsd: row.micro_usd,
          todayMicroUsd: today.get(row.key_hash)?.micro_usd ?? 0n,
          requests: row.requests,
        }));
    },
  };
}
