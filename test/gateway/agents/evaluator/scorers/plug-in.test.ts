import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { withDeadline } from '../../../../../gateway/agents/evaluator/scorers/deadline.ts';
import { loadScorerModule } from '../../../../../gateway/agents/evaluator/scorers/load-module.ts';
import { createLocalEmbedder } from '../../../../../gateway/agents/evaluator/scorers/local-model.ts';
import type { Evaluand, Scorer } from '../../../../../gateway/agents/evaluator/scorers/scorer.ts';
import { ZERO_HASH } from '../../../../../gateway/protocol/types.ts';

const evaluand = (question: string, answer: string): Evaluand => ({
  receiptLeaf: ZERO_HASH,
  seed: ZERO_HASH,
  request: JSON.stringify({ messages: [{ role: 'user', content: question }] }),
  response: JSON.stringify({ choices: [{ message: { role: 'assistant', content: answer } }] }),
  peers: [],
});

describe('scorer modules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dgrid-scorer-'));
  after(() => rmSync(folder, { recursive: true }));
  const moduleOf = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it('returns the scorer of the example in the docs', async () => {
    const scorer = await loadScorerModule(
      fileURLToPath(new URL('../../../../../docs/examples/terse-scorer.mjs', import.meta.url)),
    );
    const scores = await scorer.score(evaluand('Who built it?', 'Tomas Hedin built it.'));
    assert.deepEqual(scores, { accuracy: 10_000, consistency: 0, format: 10_000 });
    assert.equal((await scorer.score(evaluand('Who built it?', 'Who built it?'))).accuracy, 0);
  });

  it('rejects modules that give no scorer', async () => {
    const broken = {
      'absent.mjs': undefined,
      'empty.mjs': 'export {};',
      'syntax.mjs': 'export {',
      'throws.mjs': 'export function createScorer() { throw new Error("no"); }',
      'shape.mjs': 'export const createScorer = () => ({ id: "0x12", score() {} });',
      'score.mjs': `export const createScorer = () => ({ id: "${ZERO_HASH}" });`,
    };
    for (const [name, text] of Object.entries(broken))
      await assert.rejects(loadScorerModule(text === undefined ? join(folder, name) : moduleOf(name, text)), name);
  });

  it('rejects a score that does not come, under the id of its scorer', async () => {
    const never: Scorer = { id: ZERO_HASH, score: () => new Promise(() => undefined) };
    const limited = withDeadline(never, 5);
    assert.equal(limited.id, ZERO_HASH);
    await assert.rejects(limited.score(evaluand('a', 'b')), /no score within 5 ms/);
    const quick: Scorer = { id: ZERO_HASH, score: async () => ({ accuracy: 1, consistency: 2, format: 3 }) };
    assert.equal((await withDeadline(quick, 60_000).score(evaluand('a', 'b'))).format, 3);
  });
});

describe('local model', () => {
  const libraryOf = (tolist: (texts: readonly string[]) => unknown, asked: unknown[] = []) => ({
    pipeline: async (task: string, model: string) => {
      asked.push(task, model);
      return async (texts: readonly string[], options: object) => {
        asked.push(options);
        return { tolist: () => tolist(texts) };
      };
    },
  });

  it('returns one vector per text, pooled and of length one', async () => {
    const asked: unknown[] = [];
    const library = libraryOf((texts) => texts.map((text) => [text.length, 1]), asked);
    const embed = await createLocalEmbedder({ model: 'some/model', load: async () => library });
    assert.deepEqual(await Promise.all([embed(['a', 'bcd']), embed(['ef'])]), [
      [
        [1, 1],
        [3, 1],
      ],
      [[2, 1]],
    ]);
    assert.deepEqual(asked.slice(0, 3), ['feature-extraction', 'some/model', { pooling: 'mean', normalize: true }]);
  });

  it('rejects with what to do when the library is not installed, and when it is another', async () => {
    await assert.rejects(
      createLocalEmbedder({ model: 'm', load: (name) => Promise.reject(new Error(`Cannot find package '${name}'`)) }),
      /run "npm install @huggingface\/transformers"/,
    );
    await assert.rejects(createLocalEmbedder({ model: 'm', load: async () => ({}) }), /has no pipeline/);
    const broken = { pipeline: () => Promise.reject(new Error('404')) };
    await assert.rejects(createLocalEmbedder({ model: 'm', load: async () => broken }), /cannot load m: 404/);
  });

  it('rejects anything but as many vectors of numbers, and works on', async () => {
    let found: unknown = [['x']];
    const embed = await createLocalEmbedder({ model: 'm', load: async () => libraryOf(() => found) });
    for (const wrong of [[['x']], [[Number.NaN]], [], 'text', [[1], [2]], [null]]) {
      found = wrong;
      await assert.rejects(embed(['a']), JSON.stringify(wrong));
    }
    found = [[1]];
    assert.deepEqual(await embed(['a']), [[1]]);
  });
});
