import { BUCKETS } from '../../gateway/route/text/features.ts';
import type { Design } from './sparse.ts';

const ITERATIONS = 10;

/**
 * Ridge regression of several targets at once: (XᵀX + λI) W = XᵀY by conjugate gradients, one system per target,
 * walked together so that each row of X is read once per step.
 * @param targets one row of `width` values per row of the design. @returns `BUCKETS` rows of `width` weights.
 */
export function fitRidge(design: Design, targets: Float64Array, width: number, penalty: number): Float64Array {
  const weights = new Float64Array(BUCKETS * width);
  const residual = new Float64Array(BUCKETS * width);
  addTransposed(design, targets, residual, width);
  const direction = Float64Array.from(residual);
  const product = new Float64Array(BUCKETS * width);
  const outcomes = new Float64Array(targets.length);
  let norms = squares(residual, width);
  for (let iteration = 0; iteration < ITERATIONS; iteration += 1) {
    multiply(design, direction, outcomes, width);
    for (let at = 0; at < product.length; at += 1) product[at] = penalty * (direction[at] ?? 0);
    addTransposed(design, outcomes, product, width);
    const curvature = columnDots(direction, product, width);
    const pace = norms.map((norm, column) => norm / Math.max(curvature[column] ?? 0, 1e-30));
    move(weights, direction, pace, 1);
    move(residual, product, pace, -1);
    const next = squares(residual, width);
    const keep = next.map((norm, column) => norm / Math.max(norms[column] ?? 0, 1e-30));
    norms = next;
    for (let at = 0; at < direction.length; at += 1)
      direction[at] = (residual[at] ?? 0) + (keep[at % width] ?? 0) * (direction[at] ?? 0);
  }
  return weights;
}

/** out += Xᵀ·rows. The two loops are written out: they are where training spends its time. */
function addTransposed(design: Design, rows: Float64Array, out: Float64Array, width: number): void {
  const { starts, columns, values } = design;
  for (let row = 0; row + 1 < starts.length; row += 1) {
    const end = starts[row + 1] ?? 0;
    for (let at = starts[row] ?? 0; at < end; at += 1) {
      const value = values[at] ?? 0;
      const to = (columns[at] ?? 0) * width;
      for (let target = 0; target < width; target += 1)
        out[to + target] = (out[to + target] ?? 0) + value * (rows[row * width + target] ?? 0);
    }
  }
}

/** out = X·weights */
function multiply(design: Design, weights: Float64Array, out: Float64Array, width: number): void {
  const { starts, columns, values } = design;
  out.fill(0);
  for (let row = 0; row + 1 < starts.length; row += 1) {
    const end = starts[row + 1] ?? 0;
    for (let at = starts[row] ?? 0; at < end; at += 1) {
      const value = values[at] ?? 0;
      const from = (columns[at] ?? 0) * width;
      for (let target = 0; target < width; target += 1)
        out[row * width + target] = (out[row * width + target] ?? 0) + value * (weights[from + target] ?? 0);
    }
  }
}

function columnDots(a: Float64Array, b: Float64Array, width: number): number[] {
  const sums = new Array<number>(width).fill(0);
  for (let at = 0; at < a.length; at += 1) sums[at % width] = (sums[at % width] ?? 0) + (a[at] ?? 0) * (b[at] ?? 0);
  return sums;
}

const squares = (a: Float64Array, width: number): number[] => columnDots(a, a, width);

function move(target: Float64Array, along: Float64Array, pace: readonly number[], sign: number): void {
  const width = pace.length;
  for (let at = 0; at < target.length; at += 1)
    target[at] = (target[at] ?? 0) + sign * (pace[at % width] ?? 0) * (along[at] ?? 0);
}
