import { Worker } from 'node:worker_threads';

import type { Hex } from '../../../protocol/types.ts';
import type { Evaluand, Scorer, Scores } from './scorer.ts';
import type { ScorerGreeting, ScorerJob, ScorerReply } from './scorer-worker.ts';

/**
 * A scorer that somebody else wrote, in a thread of its own: one that never gives the processor back, fills the memory or
 * ends its thread costs what it was asked then, and the next question starts it anew.
 */
export type ScorerThreadOptions = {
  readonly path: string;
  readonly deadlineMs: number;
  /** What the thread may keep on its heap; above that it is ended. */
  readonly memoryMb?: number;
};

const START_MS = 30_000;
/** How long a thread may keep silent before it counts as stuck; one that only waits for a model answers at once. */
const PULSE_MS = 250;
const MEMORY_MB = 512;

/** Rejects when the module is no scorer. */
export async function createScorerThread(options: ScorerThreadOptions): Promise<Scorer> {
  let running: Promise<Thread> | undefined;
  const begin = (): Promise<Thread> => {
    const forget = (): void => {
      if (running === mine) running = undefined;
    };
    const mine: Promise<Thread> = startThread(options, forget).catch((error: unknown) => {
      forget();
      throw error;
    });
    return mine;
  };
  const thread = (): Promise<Thread> => (running ??= begin());
  const { id } = await thread();
  return {
    id,
    async score({ receiptLeaf, seed, request, response, peers }) {
      const now = await thread();
      if (now.id !== id) throw new Error(`the scorer calls itself ${now.id} and was ${id} before`);
      const evaluand: Evaluand = { receiptLeaf, seed, request, response, peers };
      try {
        return (await now.ask({ evaluand }, options.deadlineMs)) as Scores;
      } catch (error) {
        if (error instanceof Late && !(await now.ask({}, PULSE_MS).then(...ANSWERED))) now.end();
        throw error;
      }
    },
  };
}

const ANSWERED = [() => true, () => false] as const;

class Late extends Error {}

type Thread = {
  readonly id: Hex;
  readonly ask: (job: Omit<ScorerJob, 'job'>, limitMs: number) => Promise<unknown>;
  readonly end: () => void;
};

async function startThread({ path, memoryMb = MEMORY_MB }: ScorerThreadOptions, onEnd: () => void): Promise<Thread> {
  const worker = new Worker(new URL('scorer-worker.ts', import.meta.url), {
    workerData: path,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  const waiting = new Map<number, (reply: ScorerReply) => void>();
  let jobs = 0;
  let ended = 'the scorer left its thread';
  worker.on('error', (error) => (ended = `the scorer's thread failed: ${String(error)}`));
  worker.once('exit', () => {
    onEnd();
    for (const [job, settle] of waiting) settle({ job, error: ended });
  });
  const ask: Thread['ask'] = (question, limitMs) => {
    const job = (jobs += 1);
    return within(limitMs, (settle) => {
      waiting.set(job, settle);
      worker.postMessage({ job, ...question } satisfies ScorerJob);
    }).finally(() => waiting.delete(job));
  };
  const end = (): void => {
    onEnd(); // at once: nobody else is to be sent to it
    void worker.terminate();
    worker.unref(); // ending it made the process wait for it again
  };
  const id = await greeting(worker);
  worker.on('message', (reply: ScorerReply) => waiting.get(reply.job)?.(reply));
  worker.unref(); // a listener makes the process wait for messages again
  return { id, ask, end };
}

function within(limitMs: number, start: (settle: (reply: ScorerReply) => void) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Late(`no score within ${limitMs} ms`)), limitMs);
    start(({ scores, error }) => {
      clearTimeout(timer);
      if (error === undefined) resolve(scores);
      else reject(new Error(error));
    });
  });
}

async function greeting(worker: Worker): Promise<Hex> {
  const { promise, resolve, reject } = Promise.withResolvers<Hex>();
  const timer = setTimeout(() => reject(new Error('the module does not load')), START_MS);
  worker.once('message', (first: ScorerGreeting) =>
    'id' in first ? resolve(first.id) : reject(new Error(first.error)),
  );
  worker.once('exit', () => reject(new Error('the module ended its thread')));
  try {
    return await promise;
  } catch (error) {
    void worker.terminate();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
