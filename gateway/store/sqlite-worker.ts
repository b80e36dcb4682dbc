import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

import { MIGRATIONS } from './migrations.ts';
import type { SqlValue, Statement } from './sqlite.ts';

/**
 * The thread that owns the database. Writes that arrive while a commit is being flushed are put into the next one
 * (group commit): one fsync serves many callers, and each is answered only after it.
 */
type Job =
  | { readonly id: number; readonly kind: 'write'; readonly statements: readonly Statement[] }
  | { readonly id: number; readonly kind: 'read'; readonly sql: string; readonly params: readonly SqlValue[] }
  | { readonly id: number; readonly kind: 'close' };

type Answer = { readonly id: number; readonly rows?: unknown; readonly error?: string };

const MAX_PREPARED = 256;
const port = parentPort;
if (port === null) throw new Error('sqlite-worker runs as a worker thread only');

function open(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 1_000 });
  // EXCLUSIVE keeps a second process out for as long as this one lives.
  database.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;');
  migrate(database);
  return database;
}

function migrate(database: DatabaseSync): void {
  const row = database.prepare('PRAGMA user_version').get();
  const version = Number(row?.['user_version'] ?? 0);
  if (version > MIGRATIONS.length) {
    throw new Error(`the store has schema ${version}, newer than this program knows (${MIGRATIONS.length})`);
  }
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version=${index + 1}; COMMIT;`);
  }
}

const database = open((workerData as { file: string }).file);
const prepared = new Map<string, StatementSync>();

function prepare(sql: string): StatementSync {
  const known = prepared.get(sql);
  if (known !== undefined) return known;
  if (prepared.size >= MAX_PREPARED) prepared.clear();
  const statement = database.prepare(sql);
  statement.setReadBigInts(true);
  prepared.set(sql, statement);
  return statement;
}

let pending: Job[] = [];
let scheduled = false;

function flush(): void {
  scheduled = false;
  const jobs = pending;
  pending = [];
  for (const answer of commitGroup(jobs)) port?.postMessage(answer);
  if (jobs.some((job) => job.kind === 'close')) {
    database.close();
    port?.close();
  }
}

/** Runs a group in one transaction. If its commit fails, on a full disk say, every one of its callers is told. */
function commitGroup(jobs: readonly Job[]): readonly Answer[] {
  const writes = jobs.some((job) => job.kind === 'write');
  try {
    if (writes) database.exec('BEGIN IMMEDIATE');
    const answers = jobs.map(run);
    if (writes) database.exec('COMMIT');
    return answers;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    return jobs.map(({ id }) => ({ id, error: `commit failed: ${String(error)}` }));
  }
}

/** One caller's statements stand or fall together, without taking the others of the group with them. */
function run(job: Job): Answer {
  if (job.kind === 'close') return { id: job.id };
  if (job.kind === 'read') {
    try {
      return { id: job.id, rows: prepare(job.sql).all(...job.params) };
    } catch (error) {
      return { id: job.id, error: String(error) };
    }
  }
  database.exec('SAVEPOINT job');
  try {
    for (const { sql, params } of job.statements) prepare(sql).run(...params);
    database.exec('RELEASE job');
    return { id: job.id };
  } catch (error) {
    database.exec('ROLLBACK TO job; RELEASE job');
    return { id: job.id, error: String(error) };
  }
}

port.on('message', (job: Job) => {
  pending.push(job);
  if (scheduled) return;
  scheduled = true;
  setImmediate(flush);
});
port.postMessage({ id: 0 } satisfies Answer);
