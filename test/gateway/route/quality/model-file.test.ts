import assert from 'node:assert/strict';

import { parseQualityModel } from '../../../../gateway/route/quality/model-file.ts';
import { createQualityPredictor } from '../../../../gateway/route/quality/predictor.ts';
import { fitQuality } from '../../../../scripts/train/quality.ts';
import { writeQualityModel } from '../../../../scripts/train/quality-file.ts';
import { featuresAt, readCorpus } from '../../../../scripts/train/sparse.ts';

const texts = Array.from({ length: 120 }, (_, index) =>
  index % 2 === 0 ? `What is ${index} plus ${index + 1}?` : `Who wrote the book about the sea, part ${index}`,
);
const corpus = readCorpus(texts);
const scores = Float64Array.from({ length: 240 }, (_, at) => Number(at % 4 === 0 || at % 4 === 3));
const model = fitQuality(
  { corpus, models: ['sums', 'books'], scores },
  texts.map((_, index) => index),
);
const written = writeQualityModel(model);

describe('a quality predictor in a file', () => {
  it('returns the predictions of the one that was trained', () => {
    const [before, after] = [createQualityPredictor(model), createQualityPredictor(parseQualityModel(written))];
    for (const index of [0, 1, 57, 118]) {
      const features = featuresAt(corpus, index);
      const [sums = 0, books = 0] = after.predict(features);
      assert.deepEqual([...before.predict(features)], [sums, books]);
      assert.equal(sums > books, index % 2 === 0);
    }
  });

  const zeros = (count: number): string => Buffer.alloc(count).toString('base64');
  const broken: readonly (readonly [string, object, RegExp])[] = [
    ['another version', { version: 1 }, /version is 1/],
    ['no models', { models: [] }, /models has 0 entries/],
    ['a model twice', { models: ['a', 'a'] }, /twice/],
    ['more models than bounded', { models: Array.from({ length: 257 }, (_, index) => `m${index}`) }, /257 entries/],
    ['means of other models', { means: [0.5] }, /means has 1 numbers, not 2/],
    ['a mean beyond one', { means: [0.5, 7] }, /means\[1\] is 7/],
    ['too few weights', { weights: zeros(400) }, /weights has 100 numbers, not 65536/],
    ['a cut array', { idf: zeros(3) }, /idf is cut/],
    ['what is not a share', { trust: null }, /trust is null/],
    ['no base64', { leaves: 5 }, /leaves is not base64/],
    ['a forest that goes in circles', { next: zeros(4 * model.forest.next.length) }, /node \d+ of the forest/],
    [
      'nothing to begin at',
      { roots: Buffer.from(Int32Array.of(-5).buffer).toString('base64') },
      /roots points outside/,
    ],
    [
      'what is not a number',
      { idf: Buffer.from(new Float32Array(32_768).fill(NaN).buffer).toString('base64') },
      /idf has a number that is not finite/,
    ],
  ];
  for (const [what, change, pattern] of broken)
    it(`rejects ${what}`, () => {
      const text = JSON.stringify({ ...(JSON.parse(written) as object), ...change });
      assert.throws(() => parseQualityModel(text), pattern);
    });

  it('rejects what is not an object', () => {
    for (const text of ['[]', 'null', '5', '{']) assert.throws(() => parseQualityModel(text));
  });
});
