import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { evalRouting } from '../../../scripts/eval-routing.ts';
import { bootstrapMean } from '../../../scripts/eval/routing/bootstrap.ts';
import { FAMILIES } from '../../../gateway/protocol/constants.ts';
import { accuracyOf, judgeHeldOut } from '../../../scripts/eval/routing/families.ts';
import { ownTaskRows } from '../../../scripts/train/tasks.ts';
import { areaUnder, recoveredGap } from '../../../scripts/eval/routing/curve.ts';
import type { Evaluation } from '../../../scripts/eval/routing/evaluate.ts';
import { rankCorrelation } from '../../../scripts/eval/routing/rank.ts';
import { createQualityPredictor } from '../../../gateway/route/quality/predictor.ts';
import { fitQuality } from '../../../scripts/train/quality.ts';
import { featuresAt, readCorpus } from '../../../scripts/train/sparse.ts';

/** Two kinds of question; `alpha` knows the one, `beta` the other, `gamma` both at four times the price. */
const row = (index: number) => {
  const isSum = index % 2 === 0;
  const question = isSum
    ? `What is ${index} + ${index + 3}?`
    : `Who wrote the famous book number ${index} about the sea`;
  return { question, scores: { alpha: isSum ? 1 : 0, beta: isSum ? 0 : 1, gamma: index % 5 === 0 ? 0 : 1 } };
};
const rows = (from: number, count: number) => Array.from({ length: count }, (_, index) => row(from + index));

describe('eval-routing', () => {
  let folder = '';
  before(() => (folder = mkdtempSync(join(tmpdir(), 'dgrid-routing-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const lines = (values: readonly unknown[]): string => values.map((value) => JSON.stringify(value)).join('\n');
  const run = async (...argv: string[]) => {
    const [stdout, stderr]: [string[], string[]] = [[], []];
    const code = await evalRouting(argv, {
      env: {},
      stdout: (line) => stdout.push(line),
      stderr: (line) => stderr.push(line),
    });
    return { code, stdout: stdout.join('\n'), stderr: stderr.join('\n') };
  };

  it('returns the figures, and routes each kind of question to the cheap model that knows it', async () => {
    const train = file('train.jsonl', lines(rows(0, 200)));
    const test = file('test.jsonl', lines(rows(200, 80)));
    const prices = file(
      'prices.json',
      JSON.stringify({ alpha: 1, beta: { input: 1, output: 1 }, gamma: 4, unused: 9 }),
    );
    const svg = join(folder, 'curve.svg');
    const { code, stdout } = await run('--train', train, '--test', test, '--prices', prices, '--json', '--svg', svg);
    assert.equal(code, 0);
    const result = JSON.parse(stdout) as Evaluation;
    assert.deepEqual(Object.keys(result), ['presets', 'baselines', 'curve', 'curveArea', 'bootstrap']);
    assert.deepEqual(
      result.presets.map(({ name }) => name),
      ['quality', 'balanced', 'cheap', 'fast'],
    );
    assert.deepEqual(Object.keys(result.baselines.models), ['alpha', 'beta', 'gamma']);
    assert.deepEqual(result.baselines.oracle, { accuracy: 1, usdPerMillion: 1 });
    assert.equal(result.baselines.random.usdPerMillion, 2);
    const cheap = result.presets.find(({ name }) => name === 'cheap');
    assert.ok((cheap?.accuracy ?? 0) > 0.99 && (cheap?.usdPerMillion ?? 9) < 1.01);
    assert.ok(result.bootstrap.low > 0 && result.bootstrap.low <= result.bootstrap.difference);
    assert.match(readFileSync(svg, 'utf8'), /^<svg [\s\S]*<\/svg>\n$/);
  });

  it('returns the same for the same seed by folds, from a file of a few rows', async () => {
    const data = file('few.jsonl', lines(rows(0, 12)));
    const argv = ['--data', data, '--folds', '3', '--seed', '5', '--json'];
    const [first, second] = [await run(...argv), await run(...argv)];
    assert.equal(first.code, 0);
    assert.equal(first.stdout, second.stdout);
  });

  it('returns finite figures where no model is ever right, everything is free, and texts are odd', async () => {
    const odd = file('odd.jsonl', '\uFEFF{"question": "\\ud800 \\u0000 日本", "scores": {"a": 0, "__proto__": 0}}\r\n');
    const free = file('free.json', '{"a": 0, "__proto__": {"input": 0, "output": 0}}');
    for (const prices of [[], ['--prices', free]]) {
      const { code, stdout, stderr } = await run('--train', odd, '--test', odd, ...prices, '--json');
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stdout, /null/);
      assert.deepEqual(Object.keys((JSON.parse(stdout) as Evaluation).baselines.models), ['a', '__proto__']);
    }
  });

  const broken: readonly (readonly [string, string, RegExp])[] = [
    ['what is not JSON', '{"question": ', /broken.jsonl:1: not JSON/],
    ['a question that is no text', '{"question": 1}', /broken.jsonl:1: question is not a text/],
    ['a score beyond one', '{"question": "a", "scores": {"a": 2, "b": 0}}', /the score of "a" is 2/],
    ['a score that is missing', '{"question": "a", "scores": {"a": null, "b": 0}}', /the score of "a" is null/],
    ['a single model', '{"question": "a", "scores": {"a": 1}}', /two models at least, found 1/],
    ['no rows', '\n\n', /has no rows/],
    [
      'rows that differ in their models',
      `${JSON.stringify(row(0))}\n{"question": "a", "scores": {"alpha": 1, "beta": 0}}`,
      /row 2: has no score for "gamma"/,
    ],
  ];
  for (const [what, text, pattern] of broken)
    it(`rejects ${what} with file and line`, async () => {
      const { code, stderr } = await run('--data', file('broken.jsonl', text));
      assert.equal(code, 1);
      assert.match(stderr, pattern);
    });

  it('rejects a price file without one of the models', async () => {
    const data = file('priced.jsonl', lines(rows(0, 20)));
    const prices = file('partial.json', '{"alpha": 1, "beta": -1}');
    assert.match((await run('--data', data, '--prices', prices)).stderr, /no price for "gamma"/);
    const negative = file('negative.json', '{"alpha": 1, "beta": -1, "gamma": 1}');
    assert.match((await run('--data', data, '--prices', negative)).stderr, /the price of "beta" is -1/);
  });

  it('rejects test rows of other models', async () => {
    const train = file('a.jsonl', lines(rows(0, 10)));
    const test = file('b.jsonl', '{"question": "a", "scores": {"alpha": 1, "delta": 0}}');
    const { stderr } = await run('--train', train, '--test', test);
    assert.match(stderr, /"beta" is not in the test rows.*"delta" is not in the training rows/);
  });
});

describe('the task model that the gateway carries', () => {
  it('returns the family of nine in ten requests that it was never trained on', () => {
    const results = judgeHeldOut();
    assert.ok(results.length >= 180);
    assert.ok(accuracyOf(results) >= 0.88, `only ${accuracyOf(results)}`);
    const own = new Set(ownTaskRows().map(({ text }) => text.toLowerCase()));
    assert.deepEqual(
      results.filter(({ row }) => own.has(row.text.toLowerCase())),
      [],
    );
  });

  it('returns rows of our own for every family, without a gap left open', () => {
    const rows = ownTaskRows();
    for (const family of FAMILIES) assert.ok(rows.filter((row) => row.family === family).length >= 300, family);
    assert.deepEqual(
      rows.filter(({ text }) => /\{(?:passage|mail|theme|language|short|clumsy|snippet)\}/.test(text)),
      [],
    );
  });
});

describe('the recovered gap', () => {
  const predicted = (gain: number, weak: number, strong: number) => ({
    question: '',
    scores: [weak, strong],
    predicted: Float64Array.of(0, gain),
  });

  it('returns an area of one half when nothing is known, and more when the gains come first', () => {
    const blind = [predicted(0, 0, 1), predicted(0, 1, 1), predicted(0, 0, 1), predicted(0, 1, 1)];
    assert.equal(areaUnder(recoveredGap(blind, [1, 2], [])), 0.5);
    const seeing = blind.map(({ scores }) => predicted(1 - (scores[0] ?? 0), scores[0] ?? 0, scores[1] ?? 0));
    assert.equal(areaUnder(recoveredGap(seeing, [1, 2], [])), 0.75);
  });

  it('returns at most the whole gap where a router of many models beats the best single one', () => {
    const row = { question: '', scores: [0, 0.5, 0.2], predicted: Float64Array.of(0, 1, 0) };
    const curve = [1, 2, 3].map((usdPerMillion) => ({ usdPerMillion, accuracy: usdPerMillion === 1 ? 0.25 : 0.9 }));
    const points = recoveredGap([row], [1, 3, 2], curve);
    assert.deepEqual(
      points.map(({ y }) => y),
      [0, 0.5, 1, 1, 1],
    );
    assert.equal(areaUnder(points), 0.875);
  });

  it('returns nothing to recover between models of the same accuracy', () =>
    assert.deepEqual(recoveredGap([predicted(0, 1, 1)], [1, 2], []), []));
});

describe('the rank correlation', () => {
  it('returns one for any rising relation, less for ties, and nothing where nothing varies', () => {
    assert.equal(rankCorrelation([1, 2, 30], [0.1, 0.5, 0.6]), 1);
    assert.equal(rankCorrelation([1, 2, 3], [9, 4, 1]), -1);
    assert.ok(Math.abs(rankCorrelation([1, 1, 2], [1, 2, 3]) - Math.sqrt(3) / 2) < 1e-12);
    assert.equal(rankCorrelation([5, 5], [1, 2]), 0);
  });
});

describe('the bootstrap', () => {
  it('returns an interval around the mean, without width where nothing varies', () => {
    const { difference, low, high } = bootstrapMean([1, -1, 1, 1, 0, 1, 1, -1], 500, 3);
    assert.ok(low < difference && difference < high);
    assert.deepEqual(bootstrapMean([0.5, 0.5], 100, 1), { difference: 0.5, low: 0.5, high: 0.5 });
  });
});

describe('quality prediction', () => {
  it('returns the means of models where there is too little to learn from', () => {
    const corpus = readCorpus(['a b', 'c d', 'e f']);
    const data = { corpus, models: ['x', 'y'], scores: Float64Array.of(1, 0, 1, 1, 1, 0) };
    const predictor = createQualityPredictor(fitQuality(data, [0, 1]));
    assert.deepEqual([...predictor.predict(featuresAt(corpus, 2))], [1, 0.5]);
  });
});
