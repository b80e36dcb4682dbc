import { addLinear, weighFeatures } from '../../gateway/route/quality/predictor.ts';
import type { QualityModel } from '../../gateway/route/quality/predictor.ts';
import { BUCKETS } from '../../gateway/route/text/features.ts';
import { SURFACE_FEATURES } from '../../gateway/route/text/surface.ts';
import { growForest } from './forest.ts';
import { foldsOf, seededRandom } from './random.ts';
import type { Random } from './random.ts';
import { fitRidge } from './ridge.ts';
import { designOf, featuresAt, inverseFrequencies } from './sparse.ts';
import type { Corpus } from './sparse.ts';

export type QualitySettings = {
  readonly penalty: number;
  readonly innerFolds: number;
  readonly trees: number;
  readonly leafRows: number;
  readonly triedShare: number;
  readonly forestShare: number;
  readonly seed: number;
};

export const QUALITY_SETTINGS: QualitySettings = {
  penalty: 10,
  innerFolds: 3,
  trees: 100,
  leafRows: 20,
  triedShare: 0.5,
  forestShare: 0.7,
  seed: 1,
};

/** Fewer rows than this teach means only. */
const LEAST_ROWS = 40;
/** From so few rows, what tells questions apart counts half; from many, nearly in full. Chance looks like skill otherwise. */
const HALF_TRUSTED_ROWS = 100;

export type QualityRows = {
  readonly corpus: Corpus;
  readonly models: readonly string[];
  /** One row of `models.length` scores per text of the corpus, 0…1. */
  readonly scores: Float64Array;
};

type Linear = { readonly idf: Float32Array; readonly weights: Float32Array; readonly means: Float64Array };

/** @param rows the texts of the corpus to learn from: all others stay unseen. */
export function fitQuality(
  data: QualityRows,
  rows: readonly number[],
  settings: QualitySettings = QUALITY_SETTINGS,
): QualityModel {
  const { models } = data;
  const random = seededRandom(settings.seed);
  const linear = fitLinear(data, rows, settings);
  const forest =
    rows.length < LEAST_ROWS
      ? growForest(stackedTable(data, [], []), { trees: 0, leafRows: 1, tried: 1, random })
      : growStacked(data, rows, settings, random);
  return {
    models,
    ...linear,
    forest,
    forestShare: settings.forestShare,
    trust: rows.length / (rows.length + HALF_TRUSTED_ROWS),
  };
}

function fitLinear(
  { corpus, models, scores }: QualityRows,
  rows: readonly number[],
  settings: QualitySettings,
): Linear {
  const width = models.length;
  const means = new Float64Array(width);
  for (const row of rows)
    for (let at = 0; at < width; at += 1)
      means[at] = (means[at] ?? 0) + (scores[row * width + at] ?? 0) / Math.max(1, rows.length);
  if (rows.length < LEAST_ROWS)
    return { idf: new Float32Array(BUCKETS), weights: new Float32Array(BUCKETS * width), means };
  const idf = inverseFrequencies(corpus, rows);
  const design = designOf(corpus, rows, idf);
  const targets = Float64Array.from({ length: rows.length * width }, (_, index) => {
    const row = rows[Math.floor(index / width)] ?? 0;
    return (scores[row * width + (index % width)] ?? 0) - (means[index % width] ?? 0);
  });
  return { idf, means, weights: Float32Array.from(fitRidge(design, targets, width, settings.penalty)) };
}

/** The regression sees each row from outside: what it says of rows it was fitted on would be too good to learn from. */
function growStacked(data: QualityRows, rows: readonly number[], settings: QualitySettings, random: Random) {
  const folds = foldsOf(rows.length, settings.innerFolds, random);
  const order: number[] = [];
  const predictions: Float64Array[] = [];
  for (const fold of folds) {
    const left = new Set(fold);
    const linear = fitLinear(
      data,
      rows.filter((_, index) => !left.has(index)),
      settings,
    );
    for (const index of fold) {
      const row = rows[index] ?? 0;
      order.push(row);
      predictions.push(predictLinear(data, linear, row));
    }
  }
  const table = stackedTable(data, order, predictions);
  return growForest(table, {
    trees: settings.trees,
    leafRows: settings.leafRows,
    tried: Math.ceil(settings.triedShare * table.width),
    random,
  });
}

function predictLinear({ corpus, models }: QualityRows, { idf, weights, means }: Linear, row: number): Float64Array {
  const features = featuresAt(corpus, row);
  const values = new Float64Array(features.size);
  weighFeatures(features, idf, values);
  const predicted = Float64Array.from(means.subarray(0, models.length));
  addLinear(features, values, weights, predicted);
  return predicted;
}

function stackedTable(data: QualityRows, order: readonly number[], predictions: readonly Float64Array[]) {
  const { corpus, models, scores } = data;
  const outputs = models.length;
  const width = outputs + SURFACE_FEATURES.length;
  const features = new Float64Array(order.length * width);
  const targets = new Float64Array(order.length * outputs);
  order.forEach((row, index) => {
    features.set(predictions[index] ?? [], index * width);
    features.set(featuresAt(corpus, row).surface, index * width + outputs);
    targets.set(scores.subarray(row * outputs, (row + 1) * outputs), index * outputs);
  });
  return { size: order.length, features, width, targets, outputs };
}
