import { agreement } from '../../../poq/dimensions/agreement.ts';
import { readAnswer, readRequest } from '../../../poq/dimensions/request-view.ts';
import { readTask } from '../../../poq/dimensions/task.ts';
import type { JsonObject } from '../../../protocol/content.ts';
import { askModel, blend } from './model-server.ts';
import type { ModelServer } from './model-server.ts';
import type { Evaluand, Scorer } from './scorer.ts';
import { scorerId, sourcesOf } from './scorer-id.ts';

/**
 * Judges by asking a model of the evaluator's own the same request and comparing the two answers. The model never sees
 * the answer that is judged, so nothing written into an answer can talk it into a better score.
 */
export type SecondOpinionOptions = ModelServer & {
  /** Judges format and consistency, and accuracy beside the model. */
  readonly base: Scorer;
  /** Called when the model did not answer; the base scorer's accuracy then stands alone. */
  readonly onSilent: (reason: unknown) => void;
};

/** The model's own answer to a request, undefined when it gave none. */
export type Opinion = (evaluand: Evaluand) => Promise<string | undefined>;

/** Share of the model's agreement in the accuracy; the rest is what can be checked without it. */
const MODEL_SHARE_BPS = 7_500;
const MAX_ANSWER_BYTES = 1_048_576;

/** The opinion is handed out as well: scorers around this one need not ask the model again. */
export function createSecondOpinionScorer(options: SecondOpinionOptions): Scorer & { readonly opinion: Opinion } {
  const { base, modelName } = options;
  const opinion = oncePerEvaluand(({ request }) => ask(options, request));
  return {
    id: scorerId(
      'dgrid.second-opinion',
      { model: modelName, share: MODEL_SHARE_BPS, base: base.id },
      sourcesOf(new URL('./', import.meta.url)),
    ),
    opinion,
    async score(evaluand) {
      const [scores, own] = await Promise.all([base.score(evaluand), opinion(evaluand)]);
      if (own === undefined) return scores;
      const task = readTask(readRequest(evaluand.request));
      const agreed = Math.round(10_000 * agreement(readAnswer(evaluand.response), own, task));
      return { ...scores, accuracy: blend(MODEL_SHARE_BPS, agreed, scores.accuracy) };
    },
  };
}

function oncePerEvaluand(ask: Opinion): Opinion {
  const asked = new WeakMap<Evaluand, Promise<string | undefined>>();
  return (evaluand) => {
    const known = asked.get(evaluand) ?? ask(evaluand);
    asked.set(evaluand, known);
    return known;
  };
}

async function ask(options: SecondOpinionOptions, canonicalRequest: string): Promise<string | undefined> {
  try {
    const { dgrid: _ours, ...asked } = JSON.parse(canonicalRequest) as JsonObject;
    const body = { ...asked, n: 1 };
    return readAnswer(await askModel(options, { path: '/chat/completions', body, maxBytes: MAX_ANSWER_BYTES }));
  } catch (error) {
    options.onSilent(error);
    return undefined;
  }
}
