import assert from 'node:assert/strict';

import { createFormatRunner } from '../../../gateway/agents/evaluator/format-runner.ts';
import { createBuiltInScorer } from '../../../gateway/agents/evaluator/scorers/built-in.ts';
import { EVALUATOR_SETTINGS } from '../../../gateway/agents/evaluator/settings.ts';
import { readSettings } from '../../../gateway/lib/settings.ts';
import { chat, evaluandOf, startModel, stopModels } from './model-servers.ts';

const NEEDED = {
  DGRID_EVALUATOR_ACCOUNT: `0x${'1'.repeat(40)}`,
  DGRID_EVALUATOR_RPC_URL: 'http://127.0.0.1:1',
  DGRID_EVALUATOR_DEPLOYMENT: 'deployment.json',
  DGRID_EVALUATOR_DATA_DIR: 'data',
};
const RIGHT = 'Sunlight is scattered by the molecules of air, blue most of all.';
const EVALUAND = evaluandOf('Why is the daytime sky blue?', RIGHT);

/** Texts about light all point one way, every other text in a direction of its own. */
function embedding(text: string, index: number): number[] {
  return Array.from({ length: 16 }, (_, at) => (at === (/light/i.test(text) ? 0 : index + 1) ? 1 : 0));
}

/** One server for all three: an opinion, vectors by whether a text speaks of light, and ratings. */
async function startAll() {
  return startModel((body, response) => {
    const { input, messages } = JSON.parse(body);
    if (Array.isArray(input))
      return response.end(
        JSON.stringify({ data: input.map((text, index) => ({ embedding: embedding(text, index) })) }),
      );
    const nonce = /"nonce":"([0-9a-f]{32})"/.exec(messages[0].content)?.[1];
    return response.end(chat(nonce === undefined ? RIGHT : JSON.stringify({ nonce, rating: 10 })));
  });
}

describe('built-in scorer', () => {
  const format = createFormatRunner({ deadlineMs: 1_000, onTimeout: () => undefined });
  after(() => format.close());
  afterEach(stopModels);

  async function scoreOf(env: Readonly<Record<string, string>>) {
    const missing: string[] = [];
    const config = readSettings(EVALUATOR_SETTINGS, { file: undefined, env: { ...NEEDED, ...env } });
    const scorer = createBuiltInScorer(config, { format, onSilent: (name) => missing.push(name) });
    return { id: scorer.id, accuracy: (await scorer.score(EVALUAND)).accuracy, missing };
  }

  it('adds each configured model to the ones within, and asks each once', async () => {
    const { url, asked } = await startAll();
    const plain = await scoreOf({});
    const model = { DGRID_EVALUATOR_MODEL_URL: url };
    const embeddings = { ...model, DGRID_EVALUATOR_EMBEDDINGS_URL: url };
    const opinion = await scoreOf(model);
    assert.equal(opinion.accuracy, Math.floor((7_500 * 10_000 + 2_500 * plain.accuracy) / 10_000));
    const near = await scoreOf(embeddings);
    // One voice, the second opinion's, has half of the share.
    assert.equal(near.accuracy, Math.floor((1_250 * 10_000 + 8_750 * opinion.accuracy) / 10_000));
    asked.length = 0;
    const all = await scoreOf({ ...embeddings, DGRID_EVALUATOR_JUDGE_URL: url });
    assert.equal(all.accuracy, Math.floor((2_500 * 10_000 + 7_500 * near.accuracy) / 10_000));
    assert.deepEqual(asked.map((each) => each.url).toSorted(), [
      '/v1/chat/completions',
      '/v1/chat/completions',
      '/v1/embeddings',
    ]);
    assert.equal(new Set([plain.id, opinion.id, near.id, all.id]).size, 4);
    assert.deepEqual(
      [plain, opinion, near, all].flatMap(({ missing }) => missing),
      [],
    );
  });

  it('returns the default accuracy when no model answers, and says which were missing', async () => {
    const { url } = await startModel((_, response) => response.writeHead(503).end());
    const down = await scoreOf({
      DGRID_EVALUATOR_MODEL_URL: url,
      DGRID_EVALUATOR_EMBEDDINGS_URL: url,
      DGRID_EVALUATOR_JUDGE_URL: url,
    });
    assert.equal(down.accuracy, (await scoreOf({})).accuracy);
    // Without an opinion, others or a passage there was nothing to embed.
    assert.deepEqual(down.missing.toSorted(), ['rating of the judge', 'second opinion']);
  });

  it('returns a score with embeddings or a judge alone', async () => {
    const { url } = await startAll();
    const plain = await scoreOf({});
    assert.equal((await scoreOf({ DGRID_EVALUATOR_EMBEDDINGS_URL: url })).accuracy, plain.accuracy);
    assert.ok((await scoreOf({ DGRID_EVALUATOR_JUDGE_URL: url })).accuracy > plain.accuracy);
  });
});
