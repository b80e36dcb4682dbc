import { codeIn, examplesIn } from '../../../poq/dimensions/code-examples.ts';
import type { CodeExample } from '../../../poq/dimensions/code-examples.ts';
import { readAnswer, readRequest } from '../../../poq/dimensions/request-view.ts';
import { canonicalJson } from '../../../protocol/canonical-json.ts';
import type { CodeRunner } from './code-runner.ts';
import { blend } from './model-server.ts';
import type { Scorer } from './scorer.ts';
import { scorerId, sourcesOf } from './scorer-id.ts';

/**
 * Runs the code of an answer on the examples that its request states ("add(1, 2) returns 3"), where the evaluator has a
 * runner for it. Requests without such examples, and answers to them, are left to the base scorer.
 */
export type CodeScorerOptions = {
  readonly base: Scorer;
  readonly run: CodeRunner;
  /** Names the runner in the id: another one can come to other values. */
  readonly runner: string;
  /** Called when there were examples but the runner failed; the base scorer's accuracy then stands alone. */
  readonly onSilent: (reason: unknown) => void;
};

const SHARE_BPS = 8_000;

export function createCodeScorer({ base, run, runner, onSilent }: CodeScorerOptions): Scorer {
  return {
    id: scorerId('dgrid.code', { share: SHARE_BPS, runner, base: base.id }, sourcesOf(new URL('./', import.meta.url))),
    async score(evaluand) {
      const scores = await base.score(evaluand);
      const examples = examplesIn(readRequest(evaluand.request).prompt);
      if (examples.length === 0) return scores;
      const { language, code } = codeIn(readAnswer(evaluand.response));
      try {
        const values = code === '' ? [] : await run({ language, code, expressions: examples.map(({ call }) => call) });
        return { ...scores, accuracy: blend(SHARE_BPS, shareRight(examples, values), scores.accuracy) };
      } catch (error) {
        onSilent(error);
        return scores;
      }
    },
  };
}

function shareRight(examples: readonly CodeExample[], values: Awaited<ReturnType<CodeRunner>>): number {
  const right = examples.filter(({ expected }, index) => {
    const value = values[index];
    return value !== undefined && canonicalJson(value) === canonicalJson(expected);
  });
  return Math.floor((10_000 * right.length) / examples.length);
}
