/** Weights fitted to people's verdicts: data, written by `scripts/train-poq.ts`. */
export type LogisticModel = {
  readonly bias: number;
  readonly weights: Readonly<Record<string, number>>;
};

/** Chance of a "right" by a logistic model. Every weight must find its feature, so that no file of weights goes half unread. */
export function chance({ bias, weights }: LogisticModel, features: Readonly<Record<string, number>>): number {
  let z = bias;
  for (const name in weights) {
    const value = features[name];
    if (value === undefined) throw new TypeError(`no feature ${name}`);
    z += (weights[name] ?? 0) * value;
  }
  return 1 / (1 + Math.exp(-z));
}
