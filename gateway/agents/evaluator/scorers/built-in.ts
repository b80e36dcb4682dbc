import type { Values } from '../../../lib/settings.ts';
import type { FormatRunner } from '../format-runner.ts';
import type { EVALUATOR_SETTINGS } from '../settings.ts';
import { createCodeRunner } from './code-runner.ts';
import { createCodeScorer } from './code.ts';
import { createDefaultScorer } from './default.ts';
import { createEmbeddingsScorer } from './embeddings.ts';
import { createJudgeScorer } from './judge.ts';
import type { Scorer } from './scorer.ts';
import { createSecondOpinionScorer } from './second-opinion.ts';
import type { Opinion } from './second-opinion.ts';
import { embed } from './vectors.ts';
import type { Embedder } from './vectors.ts';

type Config = Pick<
  Values<typeof EVALUATOR_SETTINGS>,
  | `model${'Url' | 'Name' | 'Key' | 'Ms'}`
  | `embeddings${'Url' | 'Model' | 'Key' | 'Ms'}`
  | `judge${'Url' | 'Model' | 'Key' | 'Ms'}`
  | 'localModel'
  | `codeRunner${'' | 'Ms'}`
>;

export type BuiltInDeps = {
  /** A model in this process, loaded by the caller; instead of a server of embeddings. */
  readonly localEmbed?: Embedder;
  readonly format: FormatRunner;
  /** Called with what went missing each time a model gave nothing. */
  readonly onSilent: (missing: string, reason: unknown) => void;
};

/** The default scorer inside those that are configured, each adding its share to the one within. */
export function createBuiltInScorer(config: Config, deps: BuiltInDeps): Scorer {
  const { onSilent } = deps;
  const base = withCode(config, createDefaultScorer(deps.format), onSilent);
  const second = config.modelUrl === '' ? { scorer: base } : secondOpinion(config, base, onSilent);
  const near = withEmbeddings(config, second, deps);
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

function withCode(config: Config, base: Scorer, onSilent: BuiltInDeps['onSilent']): Scorer {
  const { codeRunner: runner, codeRunnerMs: timeoutMs } = config;
  const run = createCodeRunner({ runner, timeoutMs });
  if (run === undefined) return base;
  return createCodeScorer({ base, run, runner, onSilent: (reason) => onSilent('result of the code', reason) });
}

type Heard = { readonly scorer: Scorer; readonly opinion?: Opinion };

function secondOpinion(config: Config, base: Scorer, onSilent: BuiltInDeps['onSilent']): Heard {
  const { modelUrl, modelName, modelKey, modelMs: timeoutMs } = config;
  const silent = (reason: unknown): void => onSilent('second opinion', reason);
  const scorer = createSecondOpinionScorer({ modelUrl, modelName, modelKey, timeoutMs, base, onSilent: silent });
  return { scorer, opinion: scorer.opinion };
}

function withEmbeddings(config: Config, { scorer, ...heard }: Heard, { localEmbed, onSilent }: BuiltInDeps): Scorer {
  const silent = (reason: unknown): void => onSilent('embeddings', reason);
  const around = { base: scorer, ...heard, onSilent: silent };
  if (localEmbed !== undefined)
    return createEmbeddingsScorer({ ...around, embed: localEmbed, modelName: `local:${config.localModel}` });
  const {
    embeddingsUrl: modelUrl,
    embeddingsModel: modelName,
    embeddingsKey: modelKey,
    embeddingsMs: timeoutMs,
  } = config;
  if (modelUrl === '') return scorer;
  const server = { modelUrl, modelName, modelKey, timeoutMs };
  return createEmbeddingsScorer({ ...around, modelName, embed: (texts) => embed(server, texts) });
}
