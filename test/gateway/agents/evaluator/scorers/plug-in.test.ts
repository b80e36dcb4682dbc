import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { withDeadline } from '../../../../../gateway/agents/evaluator/scorers/deadline.ts';
import { createScorerFaults } from '../../../../../gateway/agents/evaluator/scorer-faults.ts';
import { createDefaultScorer } from '../../../../../gateway/agents/evaluator/scorers/default.ts';
import { withFallback } from '../../../../../gateway/agents/evaluator/scorers/fallback.ts';
import type { Fault } from '../../../../../gateway/agents/evaluator/scorers/fallback.ts';
import { loadScorerModule } from '../../../../../gateway/agents/evaluator/scorers/load-module.ts';
import { createLocalEmbedder } from '../../../../../gateway/agents/evaluator/scorers/local-model.ts';
import { createScorerThread } from '../../../../../gateway/agents/evaluator/scorers/scorer-thread.ts';
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

describe('scorers in a thread', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dgrid-thread-'));
  after(() => rmSync(folder, { recursive: true }));
  const moduleOf = (name: string, score: string): string => {
    const path = join(folder, name);
    writeFileSync(
      path,
      `export const createScorer = () => ({ id: "${ZERO_HASH}", score: async ({ request }) => {${score}} });`,
    );
    return path;
  };
  const hang = 'const hang = () => { for (;;); };';
  const good = 'return { accuracy: 7000, consistency: 1, format: 2 };';

  it('returns scores after the scorer threw, left its thread and kept the processor', async () => {
    const acts = [
      "if (request.includes('throw')) throw new Error('no model');",
      "if (request.includes('exit')) process.exit(3);",
      `if (request.includes('hang')) { ${hang} hang(); }`,
      "if (request.includes('wait')) await new Promise((done) => setTimeout(done, 1e6));",
    ].join('\n');
    const scorer = await createScorerThread({ path: moduleOf('moody.mjs', `${acts}${good}`), deadlineMs: 1_000 });
    await assert.rejects(scorer.score(evaluand('throw', 'a')), /no model/);
    await assert.rejects(scorer.score(evaluand('exit', 'a')), /left its thread/);
    await assert.rejects(scorer.score(evaluand('hang', 'a')), /no score within 1000 ms/);
    await assert.rejects(scorer.score(evaluand('wait', 'a')), /no score within 1000 ms/);
    assert.deepEqual(await scorer.score(evaluand('what', 'a')), { accuracy: 7_000, consistency: 1, format: 2 });
  }).timeout(60_000);

  it('returns the scores of the default in place of one that fills the memory, and asks it again', async () => {
    const fill =
      "if (request.includes('fill')) for (const all = []; ; ) all.push(new Array(100_000).fill(all.length));";
    const path = moduleOf('greedy.mjs', `${fill}${good}`);
    const greedy = await createScorerThread({ path, deadlineMs: 60_000, memoryMb: 48 });
    await assert.rejects(greedy.score(evaluand('fill', 'a')), /thread failed.*memory/);
    const spare: Scorer = { id: ZERO_HASH, score: async () => ({ accuracy: 1, consistency: 2, format: 3 }) };
    const faults: Fault[] = [];
    const scorer = withFallback(greedy, spare, (fault) => faults.push(fault));
    assert.equal((await scorer.score(evaluand('fill', 'a'))).accuracy, 1);
    assert.equal((await scorer.score(evaluand('what', 'a'))).accuracy, 7_000);
    assert.equal(faults.length, 1);
  }).timeout(60_000);

  it('returns a process that ends by itself, although its thread would go on', () => {
    const thread = new URL('../../../../../gateway/agents/evaluator/scorers/scorer-thread.ts', import.meta.url);
    const path = moduleOf('quiet.mjs', good);
    const program = join(folder, 'program.mjs');
    writeFileSync(
      program,
      `import { createScorerThread } from ${JSON.stringify(thread.href)};
      const scorer = await createScorerThread({ path: ${JSON.stringify(path)}, deadlineMs: 60_000 });
      console.log((await scorer.score(${JSON.stringify(evaluand('what', 'a'))})).accuracy);`,
    );
    const ended = spawnSync(process.execPath, [program], { timeout: 30_000 });
    assert.equal(String(ended.stdout).trim(), '7000', String(ended.stderr));
    assert.equal(ended.status, 0);
  }).timeout(60_000);

  it('rejects modules that are no scorers, and says why', async () => {
    const path = join(folder, 'none.mjs');
    writeFileSync(path, 'export {};');
    await assert.rejects(createScorerThread({ path, deadlineMs: 10 }), /exports no createScorer/);
    writeFileSync(path, 'process.exit(0);');
    await assert.rejects(createScorerThread({ path: `${path}?again`, deadlineMs: 10 }));
  }).timeout(60_000);
});

describe('withFallback', () => {
  const id = (digit: string) => `0x${digit.repeat(64)}` as const;
  const scorerOf = (scores: object | undefined | null, name = id('1')): Scorer => ({
    id: name,
    score: () => (scores === undefined ? Promise.reject(new Error('no model')) : Promise.resolve(scores as never)),
  });
  const spare = scorerOf({ accuracy: 10, consistency: 20, format: 30 }, id('2'));
  const run = async (scorer: Scorer, fallback = spare) => {
    const faults: Fault[] = [];
    const scores = await withFallback(scorer, fallback, (fault) => faults.push(fault)).score(evaluand('a', 'b'));
    return { scores, faults };
  };

  it('returns the scorer alone where it scores everything', async () => {
    const { scores, faults } = await run(scorerOf({ accuracy: 1, consistency: 0, format: 10_000 }));
    assert.deepEqual(scores, { accuracy: 1, consistency: 0, format: 10_000 });
    assert.deepEqual(faults, []);
  });

  it('returns the other one, by its id, for a scorer that throws or gives nothing', async () => {
    for (const broken of [undefined, null, {}, { accuracy: '1' }]) {
      const { scores, faults } = await run(scorerOf(broken));
      assert.deepEqual(scores, { accuracy: 10, consistency: 20, format: 30, scorerId: id('2') });
      assert.deepEqual(faults[0]?.dimensions, ['accuracy', 'consistency', 'format']);
    }
  });

  it('returns what is left of a scorer that fails in a dimension, under an id of its own', async () => {
    const ids = new Set<unknown>();
    for (const accuracy of [Number.NaN, -1, 10_001, 0.5, Number.POSITIVE_INFINITY]) {
      const { scores, faults } = await run(scorerOf({ accuracy, consistency: 2, format: 3 }));
      const { scorerId, ...rest } = scores;
      assert.deepEqual(rest, { accuracy: 10, consistency: 2, format: 3 });
      assert.deepEqual(faults[0]?.dimensions, ['accuracy']);
      ids.add(scorerId);
    }
    ids.add((await run(scorerOf({ accuracy: 1, consistency: 2, format: -3 }))).scores.scorerId);
    assert.equal(ids.size, 2);
    assert.ok(!ids.has(undefined) && !ids.has(id('1')) && !ids.has(id('2')));
  });

  it('returns zero for what nobody can score, and counts every fault', async () => {
    const faults = createScorerFaults();
    const both = withFallback(scorerOf(undefined), scorerOf(undefined), faults.add);
    const { accuracy, consistency, format } = await both.score(evaluand('a', 'b'));
    assert.deepEqual([accuracy, consistency, format], [0, 0, 0]);
    faults.add({ dimensions: ['format'], reason: 'late' });
    assert.match(faults.text(), /\{dimension="accuracy"\} 1\n.*"consistency"\} 1\n.*"format"\} 2\n/);
  });

  it('returns the other dimensions of the default scorer when its format check fails', async () => {
    const broken = createDefaultScorer({
      score: () => Promise.reject(new Error('gone')),
      close: async () => undefined,
    });
    const { scores, faults } = await run(broken);
    assert.equal(scores.format, 30);
    assert.notEqual(scores.accuracy, 10);
    assert.deepEqual(faults[0]?.dimensions, ['format']);
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
