import { constraintsOf } from '../../../poq/dimensions/constraints-of.ts';
import { consistencyOf, hear } from '../../../poq/dimensions/consistency.ts';
import { accuracyWithoutReference } from '../../../poq/dimensions/reference-free.ts';
import { readAnswer, readRequest } from '../../../poq/dimensions/request-view.ts';
import { readTask } from '../../../poq/dimensions/task.ts';
import type { FormatRunner } from '../format-runner.ts';
import type { Scorer } from './scorer.ts';
import { scorerId, sourcesOf } from './scorer-id.ts';

/**
 * The scorer without a model: recomputation, the given text, other operators' answers, and executable format checks. A dimension
 * that fails is not a number, which is what `withFallback` goes by; the others stand.
 */
export function createDefaultScorer(format: FormatRunner): Scorer {
  return {
    id: scorerId('dgrid.default', {}, sourcesOf(new URL('../../../poq/dimensions/', import.meta.url))),
    async score({ request, response, peers }) {
      const view = readRequest(request);
      const task = readTask(view);
      const answer = readAnswer(response);
      const others = peers.map(({ account, family, response: text }) => ({ account, family, text: readAnswer(text) }));
      const heard = hear(answer, others, task);
      return {
        accuracy: await scored(() => accuracyWithoutReference({ task, answer, peers: others, heard })),
        consistency: await scored(() => consistencyOf(heard)),
        format: await scored(() => format.score(answer, constraintsOf(view))),
      };
    },
  };
}

async function scored(score: () => number | Promise<number>): Promise<number> {
  try {
    return await score();
  } catch {
    return Number.NaN;
  }
}
