import { PGlite, types } from '@electric-sql/pglite';
import type { Transaction } from '@electric-sql/pglite';

import { migrationsFor } from '../../../gateway/store/migrations.ts';
import { openStore } from '../../../gateway/store/sqlite.ts';
import { createPrepare } from '../../../gateway/store/store.ts';
import type { Statement, Store } from '../../../gateway/store/store.ts';

/** The databases that hold a gateway's rooms by the same statements: what is tested on one is tested on all. */
export const DATABASES: readonly { readonly name: string; readonly open: () => Promise<Store> }[] = [
  { name: 'SQLite', open: () => openStore(':memory:') },
  { name: 'PostgreSQL', open: openPostgres },
];

/** Starting PostgreSQL takes seconds, so all files of tests share one; each empties it before its tests. */
let started: Promise<Store> | undefined;

function openPostgres(): Promise<Store> {
  started ??= startPostgres();
  return started;
}

async function startPostgres(): Promise<Store> {
  const whole = (text: string): bigint => BigInt(text);
  const database = await PGlite.create({ parsers: { [types.INT8]: whole, [types.INT4]: whole } });
  for (const migration of migrationsFor('postgres')) await database.exec(migration);
  const run = (at: PGlite | Transaction, { sql, params }: Statement) => at.query(sql, [...params]);
  return {
    dialect: 'postgres',
    prepare: createPrepare('postgres'),
    write: async (statements) => {
      await database.transaction(async (transaction) => {
        for (const one of statements) await run(transaction, one);
      });
    },
    read: async <Row>(query: Statement) => (await run(database, query)).rows as readonly Row[],
    close: () => Promise.resolve(), // it lives as long as the tests
  };
}
