import { damped } from '../text/damped.ts';
import { BUCKETS } from '../text/features.ts';
import type { TextFeatures } from '../text/features.ts';
import { SURFACE_FEATURES } from '../text/surface.ts';
import { leafOf } from './forest.ts';
import type { Forest } from './forest.ts';

/**
 * Quality of each model for a text, learnt from rows that say how well each did: a ridge regression on hashed n-grams,
 * and a forest of randomised trees over that regression's own predictions and the surface of the text (stacking,
 * Wolpert 1992; extremely randomised trees, Geurts et al. 2006).
 */
export type QualityModel = {
  readonly models: readonly string[];
  /** Mean over the training rows, 0…1, parallel to `models`. */
  readonly means: Float64Array;
  /** Inverse document frequency per bucket; 0 for one that no training row has. */
  readonly idf: Float32Array;
  /** `BUCKETS` rows of one weight per model. */
  readonly weights: Float32Array;
  readonly forest: Forest;
  /** Share of the forest in the prediction; the rest is the regression's. */
  readonly forestShare: number;
  /** How far predictions may leave the means: 0 (not at all) to 1. */
  readonly trust: number;
};

export type QualityPredictor = {
  readonly models: readonly string[];
  /** Predicted quality per model, 0…1; valid until the next call. */
  readonly predict: (features: TextFeatures) => Float64Array;
};

/** Values of a text's features under `idf`, scaled to length one; parallel to `features.buckets`. */
export function weighFeatures(features: TextFeatures, idf: Float32Array, into: Float64Array): void {
  let squares = 0;
  for (let index = 0; index < features.size; index += 1) {
    const value = damped(features.counts[index] ?? 0) * (idf[features.buckets[index] ?? 0] ?? 0);
    into[index] = value;
    squares += value * value;
  }
  const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares);
  for (let index = 0; index < features.size; index += 1) into[index] = (into[index] ?? 0) * scale;
}

/** Adds each bucket's row of `weights` times its value to `into`. */
export function addLinear(
  features: TextFeatures,
  values: Float64Array,
  weights: Float32Array,
  into: Float64Array,
): void {
  const width = into.length;
  for (let index = 0; index < features.size; index += 1) {
    const value = values[index] ?? 0;
    const row = (features.buckets[index] ?? 0) * width;
    for (let column = 0; column < width; column += 1)
      into[column] = (into[column] ?? 0) + value * (weights[row + column] ?? 0);
  }
}

export function createQualityPredictor(model: QualityModel): QualityPredictor {
  const { models, means, idf, weights, forest, forestShare, trust } = model;
  const values = new Float64Array(BUCKETS);
  const linear = new Float64Array(models.length);
  const dense = new Float64Array(models.length + SURFACE_FEATURES.length);
  const predicted = new Float64Array(models.length);

  const predict = (features: TextFeatures): Float64Array => {
    weighFeatures(features, idf, values);
    linear.set(means);
    addLinear(features, values, weights, linear);
    dense.set(linear);
    dense.set(features.surface, models.length);
    growPrediction(forest, dense, predicted);
    const share = forest.roots.length === 0 ? 0 : forestShare;
    for (let column = 0; column < models.length; column += 1) {
      const known = means[column] ?? 0;
      const value = share * (predicted[column] ?? 0) + (1 - share) * (linear[column] ?? 0);
      predicted[column] = Math.min(1, Math.max(0, known + trust * (value - known)));
    }
    return predicted;
  };

  return { models, predict };
}

/** Mean of the leaves that the values lead to, one per tree. */
function growPrediction(forest: Forest, values: Float64Array, into: Float64Array): void {
  into.fill(0);
  const width = into.length;
  for (const root of forest.roots) {
    const leaf = leafOf(forest, root, values) * width;
    for (let column = 0; column < width; column += 1)
      into[column] = (into[column] ?? 0) + (forest.leaves[leaf + column] ?? 0) / forest.roots.length;
  }
}
