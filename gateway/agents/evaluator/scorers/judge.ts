import { randomBytes } from 'node:crypto';

import { readAnswer, readRequest } from '../../../poq/dimensions/request-view.ts';
import { judgeMessages, judgeNonce, readRating } from './judge-prompt.ts';
import { askModel, blend } from './model-server.ts';
import type { ModelServer } from './model-server.ts';
import type { Evaluand, Scorer } from './scorer.ts';
import { scorerId, sourcesOf } from './scorer-id.ts';

/**
 * Asks a chat model to rate an answer without being told the right one. What is rated is shown as data that cannot
 * leave its place; a model may still be impressed by what it reads there, so its share is modest.
 */
export type JudgeOptions = ModelServer & {
  readonly base: Scorer;
  /** Called when there was no rating of the demanded form; the base scorer's accuracy then stands alone. */
  readonly onSilent: (reason: unknown) => void;
  /** 32 hex digits that nobody could foresee; replaced in tests only. */
  readonly randomNonce?: () => string;
};

const SHARE_BPS = 2_500;
const BPS_PER_POINT = 1_000;
/** A rating is one short line; a server's wrapping and a talkative model are allowed for. */
const MAX_REPLY_BYTES = 65_536;
const MAX_REPLY_TOKENS = 256;

export function createJudgeScorer(options: JudgeOptions): Scorer {
  const { base, modelName } = options;
  return {
    id: scorerId(
      'dgrid.judge',
      { model: modelName, share: SHARE_BPS, base: base.id },
      sourcesOf(new URL('./', import.meta.url)),
    ),
    async score(evaluand) {
      const [scores, rating] = await Promise.all([base.score(evaluand), rate(options, evaluand)]);
      if (rating === undefined) return scores;
      return { ...scores, accuracy: blend(SHARE_BPS, BPS_PER_POINT * rating, scores.accuracy) };
    },
  };
}

/** 0…10; undefined for an answer without text, which needs no judge, and when the judge was silent. */
async function rate(options: JudgeOptions, evaluand: Evaluand): Promise<number | undefined> {
  const answer = readAnswer(evaluand.response);
  if (answer.trim() === '') return undefined;
  const request = readRequest(evaluand.request).prompt;
  try {
    const nonce = judgeNonce(options.randomNonce ?? (() => randomBytes(16).toString('hex')), [request, answer]);
    const body = {
      messages: judgeMessages(nonce, request, answer),
      temperature: 0,
      max_tokens: MAX_REPLY_TOKENS,
      n: 1,
      stream: false,
    };
    const reply = await askModel(options, { path: '/chat/completions', body, maxBytes: MAX_REPLY_BYTES });
    return readRating(readAnswer(reply), nonce);
  } catch (error) {
    options.onSilent(error);
    return undefined;
  }
}
