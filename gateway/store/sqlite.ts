import { Worker } from 'node:worker_threads';

/** Embedded store: SQLite in WAL mode in a thread of its own, so that an fsync never stops the event loop. */
export type SqlValue = string | number | bigint | null | Uint8Array;

export type Statement = { readonly sql: string; readonly params: readonly SqlValue[] };

export type Store = {
  /** One transaction, on disk when the promise resolves. Rejects, with nothing written, if any statement fails. */
  readonly write: (statements: readonly Statement[]) => Promise<void>;
  /** Rows as objects by column name. Integers come as bigint. Sees every write that was asked for before it. */
  readonly read: <Row extends object>(sql: string, params?: readonly SqlValue[]) => Promise<readonly Row[]>;
  readonly close: () => Promise<void>;
};

export const statement = (sql: string, ...params: readonly SqlValue[]): Statement => ({ sql, params });

type Waiter = { readonly resolve: (rows: unknown) => void; readonly reject: (error: Error) => void };

/**
 * @param file path of the database, or `:memory:`.
 * @throws when the file is locked by another process, not a database, or of a newer schema.
 */
export async function openStore(file: string): Promise<Store> {
  const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), { workerData: { file } });
  const waiters = new Map<number, Waiter>();
  let failure: Error | undefined;
  let nextId = 0;

  const failAll = (error: Error): void => {
    failure = error;
    for (const waiter of waiters.values()) waiter.reject(error);
    waiters.clear();
  };
  worker.on('message', (answer: { id: number; rows?: unknown; error?: string }) => {
    const waiter = waiters.get(answer.id);
    waiters.delete(answer.id);
    if (answer.error === undefined) waiter?.resolve(answer.rows);
    else waiter?.reject(new Error(`store: ${answer.error}`));
  });
  worker.on('error', (error) => failAll(new Error(openFailure(file, error))));
  worker.on('exit', () => failAll(new Error('store: closed')));

  const wait = (id: number): Promise<unknown> => new Promise((resolve, reject) => waiters.set(id, { resolve, reject }));
  const ask = (message: object): Promise<unknown> => {
    if (failure !== undefined) return Promise.reject(failure);
    nextId += 1;
    const answer = wait(nextId);
    worker.postMessage({ id: nextId, ...message });
    return answer;
  };

  try {
    await wait(0);
  } catch (error) {
    await worker.terminate(); // the file is free again when the caller is told
    throw error;
  }
  return {
    write: async (statements) => {
      if (statements.length > 0) await ask({ kind: 'write', statements });
    },
    read: async <Row extends object>(sql: string, params: readonly SqlValue[] = []) =>
      (await ask({ kind: 'read', sql, params })) as readonly Row[],
    close: async () => {
      if (failure !== undefined) return;
      await ask({ kind: 'close' });
      await worker.terminate();
    },
  };
}

function openFailure(file: string, error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /locked|busy/i.test(text) ? `store ${file} is in use by another process` : `store ${file}: ${text}`;
}
