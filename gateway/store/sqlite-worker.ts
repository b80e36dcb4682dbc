import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

import { openDatabase } from './sqlite-file.ts';
import type { Job, SqliteOptions, WorkerAnswer, WorkerFailure } from './sqlite.ts';
import type { Statement } from './store.ts';

/**
 * The thread that owns the database. Writes that arrive while a commit is being flushed are put into the next one
 * (group commit): one fsync serves many callers, and each is answered only after it.
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

/** Runs a group in one transaction. If its commit fails, on a full disk say, every one of its callers is told. */
function commitGroup(database: DatabaseSync, run: Run, jobs: readonly Job[]): readonly WorkerAnswer[] {
  const writes = jobs.some((job) => job.kind === 'write');
  try {
    if (writes) database.exec('BEGIN IMMEDIATE');
    const answers = jobs.map(run);
    if (writes) database.exec('COMMIT');
    return answers;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    const failure = failureOf(error);
    return jobs.map((job) => (job.kind === 'close' ? { id: job.id } : { id: job.id, failure }));
  }
}

function serve(
  database: DatabaseSync,
  answer: (answers: readonly WorkerAnswer[]) => void,
  end: () => void,
): (jobs: readonly Job[]) => void {
  const run = createRun(database);
  let pending: Job[] = [];

  function flush(): void {
    const jobs = pending;
    pending = [];
    answer(commitGroup(database, run, jobs));
    if (!jobs.some((job) => job.kind === 'close')) return;
    database.close();
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
      database,
      (answers) => port.postMessage(answers),
      () => port.close(),
    ),
  );
  port.postMessage([{ id: 0 }] satisfies WorkerAnswer[]);
}
