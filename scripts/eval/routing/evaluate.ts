import { TASTES } from '../../../gateway/route/score.ts';
import type { Taste } from '../../../gateway/route/score.ts';
import { mean } from '../../lib/statistics.ts';
import { bootstrapMean } from './bootstrap.ts';
import { areaUnder, recoveredGap } from './curve.ts';
import type { Predicted } from './predictions.ts';
import { blended } from './prices.ts';
import type { Prices } from './prices.ts';
import { createFieldRouter } from './router.ts';

export type Point = { readonly usdPerMillion: number; readonly accuracy: number };

export type Evaluation = {
  readonly presets: readonly ({ readonly name: string } & Point)[];
  readonly baselines: {
    readonly random: Point;
    readonly oracle: Point;
    readonly models: Readonly<Record<string, Point>>;
  };
  readonly curve: readonly Point[];
  readonly curveArea: number;
  /** Accuracy of preset `quality` less that of the best single model, with its 95 % interval. */
  readonly bootstrap: { readonly difference: number; readonly low: number; readonly high: number };
};

const PRESETS = ['quality', 'balanced', 'cheap', 'fast'] as const;
const RESAMPLES = 2_000;
/** Tastes of the curve: from one that looks at quality alone to one that takes the cheapest. */
const CURVE_TASTES: readonly number[] = [
  0,
  ...Array.from({ length: 40 }, (_, index) => 0.001 * 1.2 ** index),
  Number.MAX_SAFE_INTEGER,
];

export function evaluate(
  rows: readonly Predicted[],
  models: readonly string[],
  prices: Prices,
  seed: number,
): Evaluation {
  const costs = models.map((model) => blended(prices.get(model) ?? { input: 0, output: 0 }));
  const router = createFieldRouter(models, prices);
  const drawn = (taste: Taste): readonly Point[] =>
    rows.map((row) => expectation(row, router.weigh(row.question, row.predicted, taste), costs));
  const byPreset = PRESETS.map((name) => ({ name, points: drawn(TASTES[name]) }));
  const single = models.map((_, index) => rows.map((row) => point(row, index, costs)));
  const best = bestOf(single.map((points) => average(points).accuracy));
  const [quality] = byPreset;
  const curve = costQualityCurve(rows, costs);
  return {
    presets: byPreset.map(({ name, points }) => ({ name, ...average(points) })),
    baselines: {
      random: average(
        rows.map((row) =>
          expectation(
            row,
            models.map(() => 1),
            costs,
          ),
        ),
      ),
      oracle: average(rows.map((row) => point(row, oracleChoice(row, costs), costs))),
      models: Object.fromEntries(models.map((model, index) => [model, average(single[index] ?? [])])),
    },
    curve,
    curveArea: areaUnder(recoveredGap(rows, costs, curve)),
    bootstrap: bootstrapMean(
      rows.map((_, index) => (quality?.points[index]?.accuracy ?? 0) - (single[best]?.[index]?.accuracy ?? 0)),
      RESAMPLES,
      seed,
    ),
  };
}

const point = (row: Predicted, model: number, costs: readonly number[]): Point => ({
  accuracy: row.scores[model] ?? 0,
  usdPerMillion: costs[model] ?? 0,
});

/** What a draw by weight gives on average. */
export function expectation(row: Predicted, weights: ArrayLike<number>, costs: readonly number[]): Point {
  let [total, accuracy, usdPerMillion] = [0, 0, 0];
  for (let index = 0; index < weights.length; index += 1) {
    const weight = weights[index] ?? 0;
    total += weight;
    accuracy += weight * (row.scores[index] ?? 0);
    usdPerMillion += weight * (costs[index] ?? 0);
  }
  return { accuracy: accuracy / total, usdPerMillion: usdPerMillion / total };
}

export const average = (points: readonly Point[]): Point => ({
  accuracy: mean(points.map(({ accuracy }) => accuracy)),
  usdPerMillion: mean(points.map(({ usdPerMillion }) => usdPerMillion)),
});

/** First of the highest. */
export const bestOf = (values: readonly number[]): number =>
  values.reduce((best, value, index) => (value > (values[best] ?? -Infinity) ? index : best), 0);

/** The best answer there was, from the cheapest model that gave it. */
function oracleChoice(row: Predicted, costs: readonly number[]): number {
  return row.scores.reduce((best, score, index) => {
    const [known, price, least] = [row.scores[best] ?? 0, costs[index] ?? 0, costs[best] ?? 0];
    return score > known || (score === known && price < least) ? index : best;
  }, 0);
}

/** One point per taste for price, by the same utility, without the draw's chance: cheapest first. */
function costQualityCurve(rows: readonly Predicted[], costs: readonly number[]): Point[] {
  const least = Math.min(...costs.filter((cost) => cost > 0), 1);
  const logs = costs.map((cost) => Math.log(Math.max(cost, least / 1_000)));
  const points = CURVE_TASTES.map((taste) =>
    average(
      rows.map((row) => {
        const utilities = logs.map((log, index) => (row.predicted[index] ?? 0) - taste * log);
        return point(row, bestOf(utilities), costs);
      }),
    ),
  );
  return points
    .toSorted((a, b) => a.usdPerMillion - b.usdPerMillion || a.accuracy - b.accuracy)
    .filter((entry, index, all) => entry.usdPerMillion !== all[index - 1]?.usdPerMillion);
}
