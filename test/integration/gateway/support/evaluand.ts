import { constraintsOf } from '../../../../gateway/poq/dimensions/constraints-of.ts';
import { readAnswer, readRequest } from '../../../../gateway/poq/dimensions/request-view.ts';
import type { ServedContent } from '../../../../gateway/receipt/ports.ts';

/** What an evaluator makes of stored content: the question, the answer, and how many checkable demands it finds. */
export function createEvaluand({ request, response }: ServedContent) {
  const view = readRequest(request);
  return { request: view.prompt, answer: readAnswer(response), constraints: constraintsOf(view).length };
}
