import type { Values } from '../../../lib/settings.ts';
import type { FormatRunner } from '../format-runner.ts';
import type { EVALUATOR_SETTINGS } from '../settings.ts';
import { createDefaultScorer } from './default.ts';
import { createEmbeddingsScorer } from './embeddings.ts';
import { createJudgeScorer } from './judge.ts';
import type { Scorer } from './scorer.ts';
import { createSecondOpinionScorer } from './second-opinion.ts';
import type { Opinion } from './second-opinion.ts';

type Config = Pick<
  Values<typeof EVALUATOR_SETTINGS>,
  | `model${'Url' | 'Name' | 'Key' | 'Ms'}`
  | `embeddings${'Url' | 'Model' | 'Key' | 'Ms'}`
  | `judge${'Url' | 'Model' | 'Key' | 'Ms'}`
>;

export type BuiltInDeps = {
  readonly format: FormatRunner;
  /** Called with what went missing each time a model gave nothing. */
  readonly onSilent: (missing: string, reason: unknown) => void;
};

/** The default scorer inside the model-based ones that are configured, each adding its share to the one within. */
export function createBuiltInScorer(config: Config, { format, onSilent }: BuiltInDeps): Scorer {
  const base = createDefaultScorer(format);
  const second = config.modelUrl === '' ? { scorer: base } : secondOpinion(config, base, onSilent);
  const near = withEmbeddings(config, second, onSilent);
  if (config.judgeUrl === '') return near;
  return createJudgeScorer({
    modelUrl: config.judgeUrl,
    modelName: config.judgeModel,
    modelKey: config.judgeKey,
    timeoutMs: config.judgeMs,
    base: near,
    onSilent: (reason) => onSilent('rating of the judge', reason),
  });
}

type Heard = { readonly scorer: Scorer; readonly opinion?: Opinion };

function secondOpinion(config: Config, base: Scorer, onSilent: BuiltInDeps['onSilent']): Heard {
  const { modelUrl, modelName, modelKey, modelMs: timeoutMs } = config;
  const silent = (reason: unknown): void => onSilent('second opinion', reason);
  const scorer = createSecondOpinionScorer({ modelUrl, modelName, modelKey, timeoutMs, base, onSilent: silent });
  return { scorer, opinion: scorer.opinion };
}

function withEmbeddings(config: Config, { scorer, ...heard }: Heard, onSilent: BuiltInDeps['onSilent']): Scorer {
  if (config.embeddingsUrl === '') return scorer;
  return createEmbeddingsScorer({
    modelUrl: config.embeddingsUrl,
    modelName: config.embeddingsModel,
    modelKey: config.embeddingsKey,
    timeoutMs: config.embeddingsMs,
    base: scorer,
    ...heard,
    onSilent: (reason) => onSilent('embeddings', reason),
  });
}
