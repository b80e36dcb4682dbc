import { closeSync, fdatasync, openSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

import { openDatabase } from './sqlite-file.ts';
import type { Job, SqliteOptions, WorkerAnswer, WorkerFailure } from './sqlite.ts';
import { SYNC_WITHIN_MS } from './store.ts';
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
    port?.postMessage([{ id: 0, failure: failureOf(error) }] satisfies WorkerAnswer[]);
    return undefined;
  }
}

type Run = (job: Job) => WorkerAnswer;

function createRun(database: DatabaseSync): Run {
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

  /** One caller's statements stand or fall together, without taking the others of the group with them. */
  function write(id: number, statements: readonly Statement[]): WorkerAnswer {
    prepare('SAVEPOINT job').run();
    try {
      for (const { sql, params } of statements) prepare(sql).run(...params);
      prepare('RELEASE job').run();
      return { id };
    } catch (error) {
      // A full disk ends the whole transaction: there is no savepoint to go back to, and nobody's writes stand.
      if (!database.isTransaction) throw error;
      database.exec('ROLLBACK TO job; RELEASE job');
      return { id, failure: failureOf(error) };
    }
  }

  return (job) => {
    if (job.kind === 'close') return { id: job.id };
    if (job.kind === 'write') return write(job.id, job.statements);
    try {
      return { id: job.id, rows: prepare(job.sql).all(...job.params) };
    } catch (error) {
      return { id: job.id, failure: failureOf(error) };
    }
  };
}

type Commit = (jobs: readonly Job[]) => readonly WorkerAnswer[];

/** Runs groups, each in one transaction. If its commit fails, on a full disk say, every one of its callers is told. */
function createCommit(database: DatabaseSync, run: Run, syncSoon: () => void): Commit {
  let isFull = true; // as the database was opened
  const begin = (needsDisk: boolean): void => {
    if (needsDisk !== isFull) database.exec(`PRAGMA synchronous=${needsDisk ? 'FULL' : 'NORMAL'}`);
    isFull = needsDisk;
    database.exec('BEGIN IMMEDIATE');
  };
  return (jobs) => {
    const writes = jobs.filter((job) => job.kind === 'write');
    if (writes.length === 0) return jobs.map(run);
    const needsDisk = writes.some(({ durability }) => durability === 'disk');
    try {
      begin(needsDisk);
      const answers = jobs.map(run);
      database.exec('COMMIT');
      if (!needsDisk) syncSoon();
      return answers;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      const failure = failureOf(error);
      return jobs.map((job) => (job.kind === 'close' ? { id: job.id } : { id: job.id, failure }));
    }
  };
}

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
  answer: (answers: readonly WorkerAnswer[]) => void,
  end: () => void,
): (jobs: readonly Job[]) => void {
  const syncer = createSyncer(file);
  const commit = createCommit(database, createRun(database), syncer.syncSoon);
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

  return (jobs) => {
    if (pending.length === 0) setImmediate(flush);
    pending.push(...jobs);
  };
}

const database = openOrTell();
if (database !== undefined) {
  port.on(
    'message',
    serve(
      (workerData as { readonly file: string }).file,
      database,
      (answers) => port.postMessage(answers),
      () => port.close(),
    ),
  );
  port.postMessage([{ id: 0 }] satisfies WorkerAnswer[]);
}
