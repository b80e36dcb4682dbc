import { Worker } from 'node:worker_threads';

import type { Constraint } from '../../poq/dimensions/constraint.ts';
import { formatScore } from '../../poq/dimensions/format.ts';
import type { FormatJob, FormatReply } from './format-worker.ts';

/** Checks formats; what a caller's own schema or expression could make endless runs apart, with a deadline. */
export type FormatRunner = {
  readonly score: (answer: string, constraints: readonly Constraint[]) => Promise<number>;
  readonly close: () => Promise<void>;
};

export type FormatRunnerDeps = {
  readonly deadlineMs: number;
  readonly onTimeout: (constraints: number) => void;
};

const START_MS = 15_000;
const MAX_MEMORY_MB = 256;

export function createFormatRunner({ deadlineMs, onTimeout }: FormatRunnerDeps): FormatRunner {
  let thread: Promise<Worker> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let nextId = 1;

  const discard = (): void => {
    void thread?.then((worker) => worker.terminate()).catch(() => undefined);
    thread = undefined;
  };
  const runApart = async (answer: string, constraints: readonly Constraint[]): Promise<number> => {
    const job = { id: (nextId += 1), answer, constraints };
    try {
      thread ??= startThread();
      return await ask(await thread, job, deadlineMs);
    } catch {
      discard();
      onTimeout(constraints.length);
      return withoutForeignCode(answer, constraints);
    }
  };
  return {
    score(answer, constraints) {
      if (!constraints.some(hasForeignCode)) return Promise.resolve(formatScore(answer, constraints, () => undefined));
      // One at a time: the deadline of a job must not be spent waiting for another one.
      const result = last.then(() => runApart(answer, constraints));
      last = result;
      return result;
    },
    async close() {
      const worker = await thread?.catch(() => undefined);
      thread = undefined;
      await worker?.terminate();
    },
  };
}

function hasForeignCode(constraint: Constraint): boolean {
  return constraint.kind === 'pattern' || (constraint.kind === 'json' && constraint.schema !== undefined);
}

/** The rest of the constraints: what cannot be decided in time constrains nothing. */
function withoutForeignCode(answer: string, constraints: readonly Constraint[]): number {
  const rest = constraints.filter(({ kind }) => kind !== 'pattern');
  return formatScore(answer, rest, () => undefined);
}

function startThread(): Promise<Worker> {
  const worker = new Worker(new URL('format-worker.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: MAX_MEMORY_MB },
  });
  worker.unref();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the format thread does not start')), START_MS);
    worker.once('message', () => {
      clearTimeout(timer);
      resolve(worker);
    });
    worker.once('error', (error) => {
      clearTimeout(timer);
      reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
}

function ask(worker: Worker, job: FormatJob, deadlineMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      worker.off('message', onMessage);
      worker.off('error', onEnd);
      worker.off('exit', onEnd);
      act();
    };
    const onMessage = (reply: FormatReply): void => {
      if (reply.id === job.id) settle(() => resolve(reply.score));
    };
    const onEnd = (): void => settle(() => reject(new Error('the format thread ended')));
    const timer = setTimeout(() => settle(() => reject(new Error('deadline'))), deadlineMs);
    worker.on('message', onMessage);
    worker.once('error', onEnd);
    worker.once('exit', onEnd);
    worker.postMessage(job);
  });
}
