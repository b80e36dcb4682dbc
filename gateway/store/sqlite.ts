import { Worker } from 'node:worker_threads';

import { DgridError } from '../errors.ts';
import { createJobWriter, rowsOf } from './sqlite-wire.ts';
import type { Job, Reply, Wire, WorkerFailure } from './sqlite-wire.ts';
import { createPrepare } from './store.ts';
import type { Query, SqlValue, Store } from './store.ts';

export type SqliteOptions = {
  /** Most pages that the file may have; for trying out a full disk. */
  readonly maxPages?: number;
};

type Waiter = { readonly resolve: (rows: unknown) => void; readonly reject: (error: Error) => void };

/**
 * Embedded store: SQLite in WAL mode in a thread of its own, so that an fsync never stops the event loop.
 * @param file path of the database, or `:memory:`.
 * @throws when the file is locked by another process, damaged, read-only, another program's, or of a newer schema.
 */
export async function openStore(file: string, options: SqliteOptions = {}): Promise<Store> {
  const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), { workerData: { file, ...options } });
  const waiters = new Map<number, Waiter>();
  let failure: Error | undefined;
  let nextId = 0;

  const failAll = (error: Error): void => {
    failure = error;
    for (const waiter of waiters.values()) waiter.reject(error);
    waiters.clear();
  };
  worker.on('message', (replies: readonly Reply[]) => {
    for (const reply of replies) {
      const id = typeof reply === 'number' ? reply : reply.id;
      settle(waiters.get(id), reply, file);
      waiters.delete(id);
    }
  });
  worker.on('error', (cause) => failAll(new Error(`store ${file}: ${String(cause)}`, { cause })));
  worker.on('exit', () => failAll(new Error('store: closed')));

  const wait = (id: number): Promise<unknown> => new Promise((resolve, reject) => waiters.set(id, { resolve, reject }));
  const outbound = createOutbound((wire) => worker.postMessage(wire));
  const ask = (jobOf: (id: number) => Job): Promise<unknown> => {
    if (failure !== undefined) return Promise.reject(failure);
    nextId += 1;
    const answer = wait(nextId);
    outbound(jobOf(nextId));
    return answer;
  };

  try {
    await wait(0);
  } catch (error) {
    await worker.terminate(); // the file is free again when the caller is told
    throw error;
  }
  return {
    dialect: 'sqlite',
    prepare: createPrepare('sqlite'),
    write: async (statements, on = 'disk') => {
      if (statements.length > 0) await ask((id) => ({ kind: 'write', id, statements, on }));
    },
    read: async <Row>(query: Query<Row>) => (await ask((id) => ({ kind: 'read', id, query }))) as readonly Row[],
    close: async () => {
      if (failure !== undefined) return;
      await ask((id) => ({ kind: 'close', id }));
      await worker.terminate();
    },
  };
}

function settle(waiter: Waiter | undefined, reply: Reply, file: string): void {
  if (typeof reply === 'number') waiter?.resolve(undefined);
  else if ('columns' in reply) waiter?.resolve(rowsOf(reply));
  else waiter?.reject(reply.id === 0 ? openFailure(file, reply.failure) : storeError(reply.failure));
}

/** Waking the thread costs more than most jobs: all of one turn of the event loop go together, in their order. */
function createOutbound(post: (wire: Wire) => void): (job: Job) => void {
  const write = createJobWriter();
  let unsent: SqlValue[] = [];
  const send = (): void => {
    const wire = unsent;
    unsent = [];
    post(wire);
  };
  return (job) => {
    if (unsent.length === 0) setImmediate(send);
    write(unsent, job);
  };
}

/** Faults of disk and file, not of a statement, by primary result code: https://www.sqlite.org/rescode.html */
const FAULTS: Readonly<Record<number, string>> = {
  5: 'is in use by another process',
  7: 'ran out of memory',
  8: 'is read-only',
  10: 'could not be read from or written to disk',
  11: 'is damaged',
  13: 'cannot grow: the disk is full',
  14: 'cannot be opened',
  26: 'is no database',
};

const faultOf = ({ code }: WorkerFailure): string | undefined => (code === undefined ? undefined : FAULTS[code & 0xff]);

function openFailure(file: string, failure: WorkerFailure): Error {
  const fault = faultOf(failure);
  if (fault === undefined) return new Error(`store ${file}: ${failure.message}`);
  return new Error(`store ${file} ${fault}${failure.code === 5 ? '' : ` (${failure.message})`}`);
}

/** A fault of the disk is the operator's to mend, and the same call may then succeed; anything else is ours. */
function storeError(failure: WorkerFailure): Error {
  const fault = faultOf(failure);
  if (fault === undefined) return new Error(`store: ${failure.message}`);
  return new DgridError('DGRID_STORE_UNAVAILABLE', `The gateway's store ${fault}.`, {
    context: { sqliteCode: failure.code, reason: failure.message },
  });
}
