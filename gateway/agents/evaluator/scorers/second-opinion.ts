import { request as httpRequest } from 'undici';

import { agreement } from '../../../poq/dimensions/agreement.ts';
import { readAnswer, readRequest } from '../../../poq/dimensions/request-view.ts';
import { readTask } from '../../../poq/dimensions/task.ts';
import type { JsonObject } from '../../../protocol/content.ts';
import type { Scorer } from './scorer.ts';
import { scorerId, sourcesOf } from './scorer-id.ts';

/**
 * Judges by asking a model of the evaluator's own the same request and comparing the two answers. The model never sees
 * the answer that is judged, so nothing written into an answer can talk it into a better score.
 */
export type SecondOpinionOptions = {
  /** Base URL of any OpenAI-compatible server; `/v1` is added to a bare host. */
  readonly modelUrl: string;
  readonly modelName: string;
  /** Empty: no key is sent. */
  readonly modelKey: string;
  readonly timeoutMs: number;
  /** Judges format and consistency, and accuracy beside the model. */
  readonly base: Scorer;
  /** Called when the model did not answer; the base scorer's accuracy then stands alone. */
  readonly onSilent: (reason: unknown) => void;
};

/** Share of the model's agreement in the accuracy; the rest is what can be checked without it. */
const MODEL_SHARE_BPS = 7_500;
const MAX_ANSWER_BYTES = 1_048_576;

export function createSecondOpinionScorer(options: SecondOpinionOptions): Scorer {
  const { base, modelName } = options;
  return {
    id: scorerId(
      'dgrid.second-opinion',
      { model: modelName, share: MODEL_SHARE_BPS, base: base.id },
      sourcesOf(new URL('./', import.meta.url)),
    ),
    async score(evaluand) {
      const [scores, opinion] = await Promise.all([base.score(evaluand), ask(options, evaluand.request)]);
      if (opinion === undefined) return scores;
      const task = readTask(readRequest(evaluand.request));
      const agreed = Math.round(10_000 * agreement(readAnswer(evaluand.response), opinion, task));
      const accuracy = (MODEL_SHARE_BPS * agreed + (10_000 - MODEL_SHARE_BPS) * scores.accuracy) / 10_000;
      return { ...scores, accuracy: Math.floor(accuracy) };
    },
  };
}

async function ask(options: SecondOpinionOptions, canonicalRequest: string): Promise<string | undefined> {
  try {
    const { dgrid: _ours, ...asked } = JSON.parse(canonicalRequest) as JsonObject;
    const answer = await post(options, { ...asked, model: options.modelName, n: 1 });
    return readAnswer(answer);
  } catch (error) {
    options.onSilent(error);
    return undefined;
  }
}

async function post({ modelUrl, modelKey, timeoutMs }: SecondOpinionOptions, body: JsonObject): Promise<string> {
  const base = /\/v\d+$/.test(modelUrl) ? modelUrl : `${modelUrl.replace(/\/$/, '')}/v1`;
  const response = await httpRequest(`${base}/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(modelKey === '' ? {} : { authorization: `Bearer ${modelKey}` }),
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response.body as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_ANSWER_BYTES) throw new Error(`model answered more than ${MAX_ANSWER_BYTES} bytes`);
    parts.push(part);
  }
  if (response.statusCode !== 200) throw new Error(`model answered ${response.statusCode}`);
  return Buffer.concat(parts).toString('utf8');
}
