/** Binary decision trees in flat arrays. A node with feature −1 is a leaf and `next` its row in `leaves`. */
export type Forest = {
  readonly roots: Int32Array;
  readonly feature: Int16Array;
  readonly threshold: Float32Array;
  /** Child for values up to the threshold; the other one follows it. */
  readonly next: Int32Array;
  readonly leaves: Float32Array;
};

/** More than any tree grows: a broken file cannot make a walk endless. */
const DEEPEST = 64;

export function leafOf(forest: Forest, root: number, values: Float64Array): number {
  let node = root;
  for (let depth = 0; depth < DEEPEST; depth += 1) {
    const feature = forest.feature[node] ?? -1;
    const next = forest.next[node] ?? 0;
    if (feature < 0) return next;
    node = (values[feature] ?? 0) <= (forest.threshold[node] ?? 0) ? next : next + 1;
  }
  return 0;
}
