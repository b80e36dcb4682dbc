import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import { createCheckLines } from './receipt-lines.ts';
import type { CheckLines, Lines, Part, Setup } from './receipt-lines.ts';

/** Checks parts of a dataset, in this thread while it is small, and in one per processor from then on. */
export type Pool = {
  readonly check: (lines: Lines) => Promise<Part>;
  /** Parts that may wait at a time. */
  readonly depth: number;
  readonly close: () => Promise<void>;
};

/** Starting threads takes as long as a few hundred receipts. */
const ALONE = 4;
const MOST = 8;
/** A thread holds one part at a time; without a limit it would leave its garbage lying about. */
const THREAD_MB = 128;

export function createPool(setup: Setup): Pool {
  const size = Math.min(MOST, availableParallelism());
  let own: CheckLines | undefined;
  let threads: readonly Thread[] | undefined;
  let parts = 0;
  return {
    depth: 2 * size,
    check(lines) {
      parts += 1;
      if (parts <= ALONE) {
        own ??= createCheckLines(setup);
        return Promise.resolve(own(lines));
      }
      threads ??= Array.from({ length: size }, () => startThread(setup));
      const [first, ...others] = threads;
      if (first === undefined) throw new Error('no thread was started');
      return others.reduce((least, one) => (one.waiting() < least.waiting() ? one : least), first).check(lines);
    },
    async close() {
      await Promise.all((threads ?? []).map(({ close }) => close()));
    },
  };
}

type Waiter = { readonly resolve: (part: Part) => void; readonly reject: (error: Error) => void };
type Thread = {
  readonly check: (lines: Lines) => Promise<Part>;
  readonly waiting: () => number;
  readonly close: () => Promise<unknown>;
};

function startThread(setup: Setup): Thread {
  const worker = new Worker(new URL('./receipt-worker.ts', import.meta.url), {
    workerData: setup,
    resourceLimits: { maxOldGenerationSizeMb: THREAD_MB },
  });
  const waiters: Waiter[] = [];
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure = error;
    for (const waiter of waiters.splice(0)) waiter.reject(error);
  };
  worker.on('message', (part: Part) => waiters.shift()?.resolve(part));
  worker.on('error', (error) => fail(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', () => fail(new Error('a thread of the audit ended early')));
  return {
    check(lines) {
      if (failure !== undefined) return Promise.reject(failure);
      const answer = new Promise<Part>((resolve, reject) => waiters.push({ resolve, reject }));
      // Whoever reads the parts in order may be told of an earlier one first.
      answer.catch(() => undefined);
      worker.postMessage(lines);
      return answer;
    },
    waiting: () => waiters.length,
    close: () => worker.terminate(),
  };
}
