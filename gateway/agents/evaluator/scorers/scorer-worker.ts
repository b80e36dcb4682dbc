import { parentPort, workerData } from 'node:worker_threads';

import { reasonOf } from '../../../lib/reason.ts';
import { loadScorerModule } from './load-module.ts';
import type { Evaluand, Scorer } from './scorer.ts';

/** Thread in which a scorer that somebody else wrote runs: whatever it does to itself, the evaluator goes on. */
export type ScorerJob = { readonly job: number; readonly evaluand?: Evaluand };
/** Whatever the scorer gave is looked at by whoever asked. A job without an evaluand only asks whether anybody is there. */
export type ScorerReply = { readonly job: number; readonly scores?: unknown; readonly error?: string };
export type ScorerGreeting = { readonly id: Scorer['id'] } | { readonly error: string };

async function answer(scorer: Scorer, { job, evaluand }: ScorerJob): Promise<ScorerReply> {
  try {
    return { job, scores: evaluand === undefined ? undefined : plain(await scorer.score(evaluand)) };
  } catch (error) {
    return { job, error: reasonOf(error) };
  }
}

/** Numbers only: what cannot be copied to another thread must not fail there. */
function plain(scores: unknown): unknown {
  const { accuracy, consistency, format } = Object(scores) as Readonly<Record<string, unknown>>;
  return { accuracy: Number(accuracy), consistency: Number(consistency), format: Number(format) };
}

try {
  const scorer = await loadScorerModule(String(workerData));
  parentPort?.on(
    'message',
    (job: ScorerJob) => void answer(scorer, job).then((reply) => parentPort?.postMessage(reply)),
  );
  parentPort?.postMessage({ id: scorer.id } satisfies ScorerGreeting);
} catch (error) {
  parentPort?.postMessage({ error: reasonOf(error) } satisfies ScorerGreeting);
}
