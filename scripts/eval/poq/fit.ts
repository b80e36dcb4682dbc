import type { LogisticModel } from '../../../gateway/poq/dimensions/logistic.ts';

/** One judged answer as the trainer sees it. */
export type Sample = {
  readonly question: number;
  readonly system: string;
  readonly correct: number;
  readonly features: Readonly<Record<string, number>>;
};
export type Signs = Readonly<Record<string, 1 | -1>>;

const RIDGE = 3;
const MAX_STEPS = 25;
const SETTLED = 1e-5;
const DECIMALS = 1_000;

/**
 * Logistic regression with a ridge on standardised features. A feature whose weight comes out with the wrong sign is left
 * out and the rest fitted again: no answer may gain by what people mind.
 */
export function fitLogistic(samples: readonly Sample[], signs: Signs): LogisticModel {
  let names = Object.keys(signs);
  for (;;) {
    const { weights, bias } = solve(samples, names);
    const wrong = names.filter((name, index) => (weights[index] ?? 0) * (signs[name] ?? 0) <= 0);
    if (wrong.length === 0)
      return {
        bias: rounded(bias),
        weights: Object.fromEntries(names.map((name, index) => [name, rounded(weights[index] ?? 0)])),
      };
    names = names.filter((name) => !wrong.includes(name));
  }
}

const rounded = (value: number): number => Math.round(value * DECIMALS) / DECIMALS;

function solve(samples: readonly Sample[], names: readonly string[]): { weights: number[]; bias: number } {
  const scales = names.map((name) => scaleOf(samples, name));
  const size = names.length + 1;
  const rows = samples.map(({ features }) => {
    const row = new Float64Array(size);
    names.forEach(
      (name, at) => (row[at] = ((features[name] ?? 0) - (scales[at]?.mean ?? 0)) / (scales[at]?.deviation ?? 1)),
    );
    row[size - 1] = 1;
    return row;
  });
  let weights = new Float64Array(size);
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const change = newtonStep(rows, samples, weights);
    weights = weights.map((weight, at) => weight - (change[at] ?? 0));
    if (change.every((value) => Math.abs(value) < SETTLED)) break;
  }
  const raw = names.map((_, at) => (weights[at] ?? 0) / (scales[at]?.deviation ?? 1));
  const bias = raw.reduce((sum, weight, at) => sum - weight * (scales[at]?.mean ?? 0), weights[size - 1] ?? 0);
  return { weights: raw, bias };
}

function scaleOf(samples: readonly Sample[], name: string): { mean: number; deviation: number } {
  const values = samples.map(({ features }) => features[name] ?? 0);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) + 1e-9 };
}

function newtonStep(rows: readonly Float64Array[], samples: readonly Sample[], weights: Float64Array): number[] {
  const size = weights.length;
  const gradient = new Float64Array(size);
  const hessian = Array.from({ length: size }, () => new Float64Array(size));
  rows.forEach((row, index) => {
    const chance = 1 / (1 + Math.exp(-row.reduce((sum, value, at) => sum + value * (weights[at] ?? 0), 0)));
    const error = chance - (samples[index]?.correct ?? 0);
    const curvature = chance * (1 - chance);
    for (let i = 0; i < size; i += 1) {
      const value = row[i] ?? 0;
      gradient[i] = (gradient[i] ?? 0) + value * error;
      const line = hessian[i];
      if (line === undefined) continue;
      for (let j = 0; j <= i; j += 1) line[j] = (line[j] ?? 0) + value * (row[j] ?? 0) * curvature;
    }
  });
  const matrix = hessian.map((line, i) => Array.from(line, (value, j) => (j <= i ? value : (hessian[j]?.[i] ?? 0))));
  for (let i = 0; i + 1 < size; i += 1) {
    gradient[i] = (gradient[i] ?? 0) + RIDGE * (weights[i] ?? 0);
    const line = matrix[i];
    if (line !== undefined) line[i] = (line[i] ?? 0) + RIDGE;
  }
  return eliminate(matrix, [...gradient]);
}

const at = (values: readonly number[] | undefined, index: number): number => values?.[index] ?? 0;

/** Solves a positive definite system by elimination; no pivots are needed. */
function eliminate(matrix: number[][], right: number[]): number[] {
  const size = right.length;
  for (let i = 0; i < size; i += 1) {
    for (let j = i + 1; j < size; j += 1) {
      const factor = at(matrix[j], i) / at(matrix[i], i);
      matrix[j] = matrix[j]?.map((value, k) => value - factor * at(matrix[i], k)) ?? [];
      right[j] = at(right, j) - factor * at(right, i);
    }
  }
  const solution = right.map(() => 0);
  for (let i = size - 1; i >= 0; i -= 1) {
    const rest = solution.reduce((sum, value, k) => (k > i ? sum + value * at(matrix[i], k) : sum), 0);
    solution[i] = (at(right, i) - rest) / at(matrix[i], i);
  }
  return solution;
}
