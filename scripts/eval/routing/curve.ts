import { mean } from '../../lib/statistics.ts';
import type { Point } from './evaluate.ts';
import type { Predicted } from './predictions.ts';

/** Share of the way from the cheapest model to the best one: in price (x) and in accuracy (y). */
export type GapPoint = { readonly x: number; readonly y: number };

/**
 * How much of the gap between the cheapest model and the best single one is recovered, over how much of the price.
 * Of two models x is the share of calls to the stronger, over its whole range (RouteLLM's curve); of more, the price
 * between those two, and what lies beyond the dearest point of the curve is that point: nobody has to pay more.
 * There a router better than the best single model has recovered the whole gap, not more: the area ends at 1.
 */
export function recoveredGap(
  rows: readonly Predicted[],
  costs: readonly number[],
  curve: readonly Point[],
): readonly GapPoint[] {
  const accuracies = costs.map((_, model) => mean(rows.map((row) => row.scores[model] ?? 0)));
  const strong = indexOfBest(costs, (model) => accuracies[model] ?? 0);
  const weak = indexOfBest(costs, (model) => (model === strong ? -Infinity : -(costs[model] ?? 0)));
  const gap = (accuracies[strong] ?? 0) - (accuracies[weak] ?? 0);
  if (gap <= 0) return [];
  if (costs.length === 2) return callsCurve(rows, { strong, weak, gap: gap * rows.length });
  const [from, to] = [costs[weak] ?? 0, costs[strong] ?? 0];
  // The best model is among the cheapest: there is no price to save, and nothing to plot against it.
  if (to <= from) return [];
  const inside = curve
    .map(({ usdPerMillion, accuracy }) => ({
      x: (usdPerMillion - from) / (to - from),
      y: Math.min(1, (accuracy - (accuracies[weak] ?? 0)) / gap),
    }))
    .filter(({ x }) => x >= 0 && x <= 1);
  const last = inside.at(-1);
  return [{ x: 0, y: 0 }, ...inside, ...(last === undefined ? [] : [{ x: 1, y: last.y }])];
}

function indexOfBest(values: readonly number[], rate: (index: number) => number): number {
  return values.reduce((best, _, index) => (rate(index) > rate(best) ? index : best), 0);
}

type Pair = { readonly strong: number; readonly weak: number; readonly gap: number };

/** The stronger model gets the rows with the largest predicted gain; rows of equal prediction share theirs. */
function callsCurve(rows: readonly Predicted[], { strong, weak, gap }: Pair): GapPoint[] {
  const difference = (values: ArrayLike<number>): number => (values[strong] ?? 0) - (values[weak] ?? 0);
  const ranked = rows
    .map(({ predicted, scores }) => ({ expected: difference(predicted), gain: difference(scores) }))
    .toSorted((a, b) => b.expected - a.expected);
  const points: GapPoint[] = [{ x: 0, y: 0 }];
  let gained = 0;
  ranked.forEach(({ expected, gain }, index) => {
    gained += gain;
    if (expected !== ranked[index + 1]?.expected) points.push({ x: (index + 1) / rows.length, y: gained / gap });
  });
  return points;
}

/** By trapezoids; 0 for a curve that could not be drawn. */
export function areaUnder(points: readonly GapPoint[]): number {
  return points.slice(1).reduce((area, { x, y }, index) => {
    const before = points[index] ?? { x, y };
    return area + ((x - before.x) * (y + before.y)) / 2;
  }, 0);
}
