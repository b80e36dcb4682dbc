import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Request } from './worker.ts';

type Reply = { readonly value?: unknown; readonly error?: string };

export class WorkerTimeout extends Error {
  override readonly name = 'WorkerTimeout';
}

/** A process that answers one request at a time. After a timeout or a crash the next request starts a new one. */
export type Worker = {
  readonly ask: (request: Request, timeoutMs: number) => Promise<unknown>;
  readonly close: () => void;
};

export function createWorker(): Worker {
  let child: ChildProcess | undefined;
  /** What a fresh process must be told first. */
  let loading: Request | undefined;

  const start = (): ChildProcess =>
    fork(fileURLToPath(new URL('worker.ts', import.meta.url)), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const stop = (): void => {
    child?.kill('SIGKILL');
    child = undefined;
  };

  const once = (to: ChildProcess, request: Request, timeoutMs: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        to.removeAllListeners();
        settle();
      };
      const timer = setTimeout(() => {
        done(() => reject(new WorkerTimeout(`no answer within ${timeoutMs} ms`)));
        stop();
      }, timeoutMs);
      to.on('message', ({ value, error }: Reply) =>
        done(() => (error === undefined ? resolve(value) : reject(new Error(error)))),
      );
      to.on('exit', (code, signal) => {
        done(() => reject(new WorkerTimeout(`ended with ${code ?? signal ?? 'nothing'}`)));
        child = undefined;
      });
      to.send(request);
    });

  return {
    ask: async (request, timeoutMs) => {
      if (request.kind === 'load') loading = request;
      if (child === undefined) {
        child = start();
        if (loading !== undefined && request.kind === 'run') await once(child, loading, timeoutMs);
      }
      return once(child, request, timeoutMs);
    },
    close: stop,
  };
}

/** Works through `items` with all workers at once; results in the order of the items. */
export async function share<T, R>(
  workers: readonly Worker[],
  items: readonly T[],
  work: (worker: Worker, item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Map<number, R>();
  let next = 0;
  await Promise.all(
    workers.map(async (worker) => {
      for (let index = next++; index < items.length; index = next++) {
        const item = items[index];
        if (item !== undefined) results.set(index, await work(worker, item));
      }
    }),
  );
  return items.flatMap((_, index) => {
    const result = results.get(index);
    return result === undefined ? [] : [result];
  });
}
