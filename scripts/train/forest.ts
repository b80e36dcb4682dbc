import type { Forest } from '../../gateway/route/quality/forest.ts';
import { shuffled } from './random.ts';
import type { Random } from './random.ts';

/** Rows of `width` dense features with `outputs` targets each. */
export type Table = {
  readonly size: number;
  readonly features: Float64Array;
  readonly width: number;
  readonly targets: Float64Array;
  readonly outputs: number;
};

export type ForestSettings = {
  readonly trees: number;
  /** Least rows of a leaf. */
  readonly leafRows: number;
  /** Features that are tried at a split. */
  readonly tried: number;
  readonly random: Random;
};

type Growing = {
  readonly feature: number[];
  readonly threshold: number[];
  readonly next: number[];
  readonly leaves: number[];
};

const DEEPEST = 40;

/** Extremely randomised trees: thresholds by chance, the best of the tried features kept. */
export function growForest(table: Table, settings: ForestSettings): Forest {
  const growing: Growing = { feature: [], threshold: [], next: [], leaves: [] };
  const roots = Array.from({ length: settings.trees }, () => {
    const root = addNode(growing);
    const rows = Int32Array.from({ length: table.size }, (_, row) => row);
    grow(table, settings, growing, { node: root, rows, depth: 0 });
    return root;
  });
  return {
    roots: Int32Array.from(roots),
    feature: Int16Array.from(growing.feature),
    threshold: Float32Array.from(growing.threshold),
    next: Int32Array.from(growing.next),
    leaves: Float32Array.from(growing.leaves),
  };
}

function addNode(growing: Growing): number {
  growing.feature.push(-1);
  growing.threshold.push(0);
  return growing.next.push(0) - 1;
}

type Part = { readonly node: number; readonly rows: Int32Array; readonly depth: number };

function grow(table: Table, settings: ForestSettings, growing: Growing, { node, rows, depth }: Part): void {
  const split = depth >= DEEPEST || rows.length < 2 * settings.leafRows ? undefined : bestSplit(table, settings, rows);
  if (split === undefined) {
    growing.next[node] = addLeaf(table, growing, rows);
    return;
  }
  const low = addNode(growing);
  const high = addNode(growing);
  growing.feature[node] = split.feature;
  growing.threshold[node] = split.threshold;
  growing.next[node] = low;
  const isLow = (row: number): boolean => (table.features[row * table.width + split.feature] ?? 0) <= split.threshold;
  grow(table, settings, growing, { node: low, rows: rows.filter(isLow), depth: depth + 1 });
  grow(table, settings, growing, { node: high, rows: rows.filter((row) => !isLow(row)), depth: depth + 1 });
}

function addLeaf({ targets, outputs }: Table, { leaves }: Growing, rows: Int32Array): number {
  const at = leaves.length / outputs;
  for (let output = 0; output < outputs; output += 1) {
    let sum = 0;
    for (const row of rows) sum += targets[row * outputs + output] ?? 0;
    leaves.push(sum / Math.max(1, rows.length));
  }
  return at;
}

type Split = { readonly feature: number; readonly threshold: number; readonly gain: number };

function bestSplit(table: Table, settings: ForestSettings, rows: Int32Array): Split | undefined {
  const order = shuffled(
    Array.from({ length: table.width }, (_, feature) => feature),
    settings.random,
  );
  let best: Split | undefined;
  let tried = 0;
  for (const feature of order) {
    if (tried >= settings.tried) break;
    const [least, most] = rangeOf(table, rows, feature);
    if (!(most > least)) continue;
    tried += 1;
    const threshold = Math.fround(least + settings.random() * (most - least));
    const gain = gainOf(table, rows, { feature, threshold, leafRows: settings.leafRows });
    if (gain !== undefined && (best === undefined || gain > best.gain)) best = { feature, threshold, gain };
  }
  return best;
}

function rangeOf({ features, width }: Table, rows: Int32Array, feature: number): [number, number] {
  let [least, most] = [Infinity, -Infinity];
  for (const row of rows) {
    const value = features[row * width + feature] ?? 0;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

type Cut = { readonly feature: number; readonly threshold: number; readonly leafRows: number };

/** How much of the targets' squared spread a cut explains, up to what all cuts of these rows share. */
// eslint-disable-next-line complexity -- one hot loop; most branches are the compiler's `?? 0` of typed arrays
function gainOf(table: Table, rows: Int32Array, { feature, threshold, leafRows }: Cut): number | undefined {
  const { features, width, targets, outputs } = table;
  const low = new Float64Array(outputs);
  const all = new Float64Array(outputs);
  let lows = 0;
  for (const row of rows) {
    const isLow = (features[row * width + feature] ?? 0) <= threshold;
    if (isLow) lows += 1;
    for (let output = 0; output < outputs; output += 1) {
      const value = targets[row * outputs + output] ?? 0;
      all[output] = (all[output] ?? 0) + value;
      if (isLow) low[output] = (low[output] ?? 0) + value;
    }
  }
  const highs = rows.length - lows;
  if (lows < leafRows || highs < leafRows) return undefined;
  let gain = 0;
  for (let output = 0; output < outputs; output += 1) {
    const below = low[output] ?? 0;
    const above = (all[output] ?? 0) - below;
    gain += (below * below) / lows + (above * above) / highs;
  }
  return gain;
}
