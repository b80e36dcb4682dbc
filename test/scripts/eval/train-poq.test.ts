import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chance } from '../../../gateway/poq/dimensions/logistic.ts';
import { crossValidate } from '../../../scripts/eval/poq/cross-validate.ts';
import { fitLogistic } from '../../../scripts/eval/poq/fit.ts';
import type { Sample } from '../../../scripts/eval/poq/fit.ts';
import { trainPoq } from '../../../scripts/train-poq.ts';
import { run } from '../support/run.ts';

/** A small generator with a fixed seed. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

function samples(count: number): Sample[] {
  const next = numbers(7);
  return Array.from({ length: count }, (_, index) => {
    const [held, conflict, noise] = [next(), next(), next()];
    const correct = next() < 1 / (1 + Math.exp(-(-1 + 4 * held - 3 * conflict))) ? 1 : 0;
    return {
      question: Math.floor(index / 2),
      system: index % 2 === 0 ? 'a' : 'b',
      correct,
      features: { held, conflict, noise },
    };
  });
}

describe('weights of the scorers without a model', () => {
  it('returns the weights that made the labels', () => {
    const { bias, weights } = fitLogistic(samples(6_000), { held: 1, conflict: -1 });
    assert.ok(Math.abs(bias + 1) < 0.3 && Math.abs((weights['held'] ?? 0) - 4) < 0.4, JSON.stringify(weights));
    assert.ok(Math.abs((weights['conflict'] ?? 0) + 3) < 0.4);
  });

  it('returns no weight with the wrong sign', () => {
    const { weights } = fitLogistic(samples(2_000), { held: 1, conflict: 1 });
    assert.deepEqual(Object.keys(weights), ['held']);
  });

  it('returns figures of answers that the weights have not seen', () => {
    const all = samples(2_000);
    const { inSample, heldOutQuestions, heldOutSystems } = crossValidate(all, all, { held: 1, conflict: -1 });
    for (const { auc, pearson } of [inSample, heldOutQuestions, heldOutSystems])
      assert.ok(auc > 0.8 && auc < 1 && pearson > 0.5);
    // labels by chance can be learnt by heart only
    const next = numbers(3);
    const chanceLabels = all.map((sample) => ({ ...sample, correct: next() < 0.5 ? 1 : 0 }));
    const nothing = crossValidate(chanceLabels, chanceLabels, { held: 1, conflict: -1, noise: 1 });
    assert.ok(Math.abs(nothing.heldOutQuestions.auc - 0.5) < 0.05);
  });

  it('rejects weights whose feature is missing', () => {
    assert.throws(() => chance({ bias: 0, weights: { held: 1, gone: 1 } }, { held: 1 }), TypeError);
  });
});

describe('scripts/train-poq', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dgrid-train-'));
  after(() => rmSync(folder, { recursive: true }));

  it('prints weights with figures, and writes nothing unless it is told to', async () => {
    const data = join(folder, 'rows.jsonl');
    const rows = ['Paris', 'Madrid', 'Vienna', 'Lisbon', 'Athens', 'Warsaw'].map((golden, index) => ({
      question: `What is the capital of country ${index}?`,
      golden,
      answers: {
        a: { text: `It is ${golden}.`, correct: true },
        b: { text: golden, correct: true },
        c: { text: 'That would be London.', correct: false },
      },
    }));
    writeFileSync(data, rows.map((row) => JSON.stringify(row)).join('\n'));
    const outcome = await run(trainPoq, ['--data', data, '--json']);
    assert.equal(outcome.code, 0, outcome.err);
    const { trained } = outcome.json() as { trained: { file: string; samples: number; inSample: { auc: number } }[] };
    assert.deepEqual(
      trained.map(({ file, samples: count }) => [file, count]),
      [
        ['reference-model.json', 18],
        ['corroboration-model.json', 18],
      ],
    );
    assert.equal(trained[0]?.inSample.auc, 1);
    assert.equal((await run(trainPoq, [])).code, 2);
    writeFileSync(data, '{"question": 1}');
    assert.equal((await run(trainPoq, ['--data', data])).code, 1);
  });
});
