import { closeSync, fdatasync, openSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

import { openDatabase } from './sqlite-file.ts';
import type { SqliteOptions } from './sqlite.ts';
import { createJobReader } from './sqlite-wire.ts';
import type { Job, Reply, Wire, WorkerFailure } from './sqlite-wire.ts';
import type { Statement } from './store.ts';

/**
 * The thread that owns the database. Writes that arrive while a commit is being flushed are put into the next one
 * (group commit): one fsync serves many callers, and each is answered only after it. A group in which nobody asked for the
 * disk is answered when the system has it, and flushed soon after.
 */
const MAX_PREPARED = 256;
const port = parentPort;
if (port === null) throw new Error('sqlite-worker runs as a worker thread only');

function failureOf(error: unknown): WorkerFailure {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message } = error;
  return 'errcode' in error && typeof error.errcode === 'number' ? { message, code: error.errcode } : { message };
}

function openOrTell(): DatabaseSync | undefined {
  const { file, maxPages } = workerData as { readonly file: string } & SqliteOptions;
  try {
    const opened = openDatabase(file);
    if (maxPages !== undefined) opened.exec(`PRAGMA max_page_count=${maxPages}`);
    return opened;
  } catch (error) {
    port?.postMessage([{ id: 0, failure: failureOf(error) }] satisfies Reply[]);
    return undefined;
  }
}

type Prepared = { readonly statement: StatementSync; readonly columns: readonly string[] };

function createPrepared(database: DatabaseSync): (sql: string) => Prepared {
  const known = new Map<string, Prepared>();
  return (sql) => {
    const found = known.get(sql);
    if (found !== undefined) return found;
    if (known.size >= MAX_PREPARED) known.clear();
    const statement = database.prepare(sql);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    const prepared = { statement, columns: statement.columns().map(({ name }) => name) };
    known.set(sql, prepared);
    return prepared;
  };
}

type Run = (job: Job) => Reply;

/** @param guarded whether a write that fails leaves what its group wrote before it; it costs two more statements. */
function createRun(database: DatabaseSync, prepare: ReturnType<typeof createPrepared>, guarded: boolean): Run {
  function writeAll(statements: readonly Statement[]): void {
    for (const { sql, params } of statements) prepare(sql).statement.run(...params);
  }

  /** One caller's statements stand or fall together, without taking the others of the group with them. */
  function writeGuarded(id: number, statements: readonly Statement[]): Reply {
    prepare('SAVEPOINT job').statement.run();
    try {
      writeAll(statements);
      prepare('RELEASE job').statement.run();
      return id;
    } catch (error) {
      // A full disk ends the whole transaction: there is no savepoint to go back to, and nobody's writes stand.
      if (!database.isTransaction) throw error;
      database.exec('ROLLBACK TO job; RELEASE job');
      return { id, failure: failureOf(error) };
    }
  }

  function read(id: number, { sql, params }: Statement): Reply {
    try {
      const { statement, columns } = prepare(sql);
      const rows = statement.all(...params) as unknown as readonly (readonly unknown[])[];
      return { id, columns, values: rows.flat() };
    } catch (error) {
      return { id, failure: failureOf(error) };
    }
  }

  return (job) => {
    if (job.kind === 'close') return job.id;
    if (job.kind === 'read') return read(job.id, job.query);
    if (guarded) return writeGuarded(job.id, job.statements);
    writeAll(job.statements);
    return job.id;
  };
}

type Commit = (jobs: readonly Job[]) => readonly Reply[];

/**
 * Runs groups, each in one transaction. Nearly all of them have nothing wrong in them: a group is run as it is, and only when
 * a write of it fails once more from the beginning, each caller's writes for themselves. If the commit fails, on a full
 * disk say, every one of its callers is told.
 */
function createCommit(database: DatabaseSync, syncSoon: () => void): Commit {
  const prepare = createPrepared(database);
  const [run, runGuarded] = [createRun(database, prepare, false), createRun(database, prepare, true)];
  let isFull = true; // as the database was opened
  const attempt = (jobs: readonly Job[], needsDisk: boolean, each: Run): readonly Reply[] => {
    try {
      if (needsDisk !== isFull) database.exec(`PRAGMA synchronous=${needsDisk ? 'FULL' : 'NORMAL'}`);
      isFull = needsDisk;
      database.exec('BEGIN IMMEDIATE');
      const replies = jobs.map(each);
      database.exec('COMMIT');
      if (!needsDisk) syncSoon();
      return replies;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
  return (jobs) => {
    const writes = jobs.filter((job) => job.kind === 'write');
    if (writes.length === 0) return jobs.map(run);
    const needsDisk = writes.some(({ on }) => on === 'disk');
    try {
      return attempt(jobs, needsDisk, run);
    } catch {
      return attemptGuarded(jobs, () => attempt(jobs, needsDisk, runGuarded));
    }
  };
}

function attemptGuarded(jobs: readonly Job[], run: () => readonly Reply[]): readonly Reply[] {
  try {
    return run();
  } catch (error) {
    const failure = failureOf(error);
    return jobs.map((job) => (job.kind === 'close' ? job.id : { id: job.id, failure }));
  }
}

/** How far the disk may lag behind what survives the process. */
const SYNC_WITHIN_MS = 5;

type Syncer = { readonly syncSoon: () => void; readonly stop: () => void };

/**
 * Flushes SQLite's log file without stopping this thread. A commit with `synchronous=NORMAL` is in that file, in the
 * system's memory, where the end of the process cannot reach it: https://www.sqlite.org/pragma.html#pragma_synchronous
 * A disk that fails to flush ends the thread, and with it the store: nobody can say any more what is on it.
 */
function createSyncer(file: string): Syncer {
  if (file === ':memory:') return { syncSoon: () => undefined, stop: () => undefined };
  const log = openSync(`${file}-wal`, 'a', 0o600);
  let timer: NodeJS.Timeout | undefined;
  let isFlushing = false;
  let isDue = false;
  const syncSoon = (): void => {
    isDue = true;
    if (!isFlushing) timer ??= setTimeout(flush, SYNC_WITHIN_MS);
  };
  function flush(): void {
    timer = undefined;
    isDue = false;
    isFlushing = true;
    fdatasync(log, (error) => {
      isFlushing = false;
      if (error !== null) throw error;
      if (isDue) syncSoon();
    });
  }
  return {
    syncSoon,
    stop() {
      clearTimeout(timer);
      isDue = false;
      if (!isFlushing) closeSync(log);
    },
  };
}

function serve(
  file: string,
  database: DatabaseSync,
  answer: (replies: readonly Reply[]) => void,
  end: () => void,
): (wire: Wire) => void {
  const syncer = createSyncer(file);
  const commit = createCommit(database, syncer.syncSoon);
  const jobsOf = createJobReader();
  let pending: Job[] = [];

  function flush(): void {
    const jobs = pending;
    pending = [];
    answer(commit(jobs));
    if (!jobs.some((job) => job.kind === 'close')) return;
    syncer.stop();
    database.close(); // which moves the log into the database, and flushes both
    end();
  }

  return (wire) => {
    if (pending.length === 0) setImmediate(flush);
    pending.push(...jobsOf(wire));
  };
}

const database = openOrTell();
if (database !== undefined) {
  port.on(
    'message',
    serve(
      (workerData as { readonly file: string }).file,
      database,
      (replies) => port.postMessage(replies),
      () => port.close(),
    ),
  );
  port.postMessage([0] satisfies Reply[]);
}
