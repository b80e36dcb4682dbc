import { mean } from '../../lib/statistics.ts';

/** Spearman's rank correlation, ties by their mean rank; 0 where nothing varies. */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [centred(ranks(a)), centred(ranks(b))];
  const product = (one: readonly number[], other: readonly number[]): number =>
    one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0);
  const scale = Math.sqrt(product(x, x) * product(y, y));
  return scale === 0 ? 0 : product(x, y) / scale;
}

function centred(values: readonly number[]): number[] {
  const usual = mean(values);
  return values.map((value) => value - usual);
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).toSorted((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranked = new Array<number>(values.length).fill(0);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1] ?? 0] === values[order[from] ?? 0]) to += 1;
    for (let at = from; at <= to; at += 1) ranked[order[at] ?? 0] = (from + to) / 2;
    from = to + 1;
  }
  return ranked;
}
