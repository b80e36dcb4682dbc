import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';

import { MockAgent, getGlobalDispatcher, setGlobalDispatcher } from 'undici';

import { createFormatRunner } from '../../../../../gateway/agents/evaluator/format-runner.ts';
import { createCodeRunner } from '../../../../../gateway/agents/evaluator/scorers/code-runner.ts';
import { createCodeScorer } from '../../../../../gateway/agents/evaluator/scorers/code.ts';
import { createDefaultScorer } from '../../../../../gateway/agents/evaluator/scorers/default.ts';
import { createEmbeddingsScorer } from '../../../../../gateway/agents/evaluator/scorers/embeddings.ts';
import { withFallback } from '../../../../../gateway/agents/evaluator/scorers/fallback.ts';
import { createJudgeScorer } from '../../../../../gateway/agents/evaluator/scorers/judge.ts';
import { createScorerThread } from '../../../../../gateway/agents/evaluator/scorers/scorer-thread.ts';
import { DIMENSION_NAMES } from '../../../../../gateway/agents/evaluator/scorers/scorer.ts';
import type { Scorer } from '../../../../../gateway/agents/evaluator/scorers/scorer.ts';
import { createSecondOpinionScorer } from '../../../../../gateway/agents/evaluator/scorers/second-opinion.ts';
import { ZERO_HASH } from '../../../../../gateway/protocol/types.ts';
import { HOSTILE } from '../../../poq/dimensions/texts.ts';

/** Bytes that are no text, as a server that decodes them leaves them. */
const NOT_TEXT = [
  Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0xe2, 0x82, 0x00, 0x80]).toString('utf8'),
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').toString('latin1'),
  '\u0000\u0001\u001b[2J\u0085\u2028\ufeff\uffff',
];

const REQUESTS = {
  open: { messages: [{ role: 'user', content: 'Who built the bridge?' }] },
  computed: { messages: [{ role: 'user', content: 'A baker has 24 rolls and sells 9. How many are left?' }] },
  chosen: { messages: [{ role: 'user', content: 'Which label fits? Labels: food, travel.\n\nText: Bread is baked.' }] },
  passage: {
    messages: [
      {
        role: 'user',
        content: `Use only this text.\n\n"""${'The mill burned down in 1807. '.repeat(8)}"""\n\nWhen was the fire?`,
      },
    ],
  },
  code: { messages: [{ role: 'user', content: 'Write add in JavaScript. add(1, 2) returns 3.' }] },
  formed: {
    messages: [{ role: 'user', content: 'As JSON, in at most 20 words.' }],
    response_format: { type: 'json_schema', json_schema: { schema: { type: 'object', required: ['a'] } } },
  },
};

describe('bad input', () => {
  const format = createFormatRunner({ deadlineMs: 2_000, onTimeout: () => undefined });
  const former = getGlobalDispatcher();
  const models = new MockAgent();
  before(() => {
    setGlobalDispatcher(models);
    models.disableNetConnect();
    // A model that gives back what it was asked, and a judge that finds its number and rates 10.
    models
      .get('http://model.test')
      .intercept({ path: '/v1/chat/completions', method: 'POST' })
      .reply(200, ({ body }) => {
        const asked = typeof body === 'string' ? body : '';
        const nonce = /[0-9a-f]{32}/.exec(asked)?.[0];
        const content = nonce === undefined ? asked.slice(0, 5_000) : JSON.stringify({ nonce, rating: 10 });
        return { choices: [{ message: { role: 'assistant', content } }] };
      })
      .persist();
  });
  after(async () => {
    setGlobalDispatcher(former);
    await Promise.all([models.close(), format.close()]);
  });

  const server = { modelUrl: 'http://model.test', modelName: 'm', modelKey: '', timeoutMs: 5_000 };
  const base = createDefaultScorer(format);
  let silent = 0;
  const onSilent = (): void => void (silent += 1);
  const run = createCodeRunner({ runner: 'sandbox', timeoutMs: 5_000 });
  const embed = (texts: readonly string[]): Promise<number[][]> =>
    Promise.resolve(texts.map((text) => [text.length, text.charCodeAt(0) || 1, 1]));
  const terse = fileURLToPath(new URL('../../../../../docs/examples/terse-scorer.mjs', import.meta.url));
  assert.ok(run);
  const scorers: Readonly<Record<string, () => Scorer | Promise<Scorer>>> = {
    default: () => base,
    code: () => createCodeScorer({ base, run, runner: 'sandbox', onSilent }),
    'second opinion': () => createSecondOpinionScorer({ ...server, base, onSilent }),
    embeddings: () => createEmbeddingsScorer({ embed, modelName: 'm', base, onSilent }),
    judge: () => createJudgeScorer({ ...server, base, onSilent }),
    'own module': () => createScorerThread({ path: terse, deadlineMs: 9_000 }),
  };

  for (const [name, create] of Object.entries(scorers)) {
    it(`returns scores for every answer: ${name}`, async () => {
      const faults: unknown[] = [];
      let asked = 0;
      silent = 0;
      const scorer = withFallback(await create(), base, (fault) => faults.push(fault));
      for (const text of [...HOSTILE, ...NOT_TEXT]) {
        const wrapped = JSON.stringify({ choices: [{ message: { role: 'assistant', content: text } }] });
        for (const request of requestsFor(name, text)) {
          for (const response of [wrapped, text]) {
            const peers = ['a', 'b'].map((account) => ({ account, family: account, response: wrapped }));
            const scores = await scorer.score({ receiptLeaf: ZERO_HASH, seed: ZERO_HASH, request, response, peers });
            asked += 1;
            for (const dimension of DIMENSION_NAMES) {
              const value = scores[dimension];
              assert.ok(Number.isInteger(value) && value >= 0 && value <= 10_000, `${dimension} ${value}`);
            }
          }
        }
      }
      assert.ok(silent < asked / 2, `${silent} of ${asked} without the model or the runner`);
      // Somebody's own module may throw, which costs nobody the evaluation; ours do not.
      if (name !== 'own module') assert.deepEqual(faults, []);
    }).timeout(120_000);
  }
});

/** Every kind of request; those without code where code would only start processes, and the text itself as the request. */
function requestsFor(name: string, text: string): string[] {
  const { code, ...others } = REQUESTS;
  const kinds = name === 'code' ? [code] : Object.values(others);
  return [...kinds.map((request) => JSON.stringify(request)), text];
}
