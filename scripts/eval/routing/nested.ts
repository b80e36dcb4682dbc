import { TASTES } from '../../../gateway/route/score.ts';
import { mean } from '../../lib/statistics.ts';
import { average, bestOf, expectation } from './evaluate.ts';
import type { Point } from './evaluate.ts';
import type { Predicted } from './predictions.ts';
import { blended } from './prices.ts';
import type { Prices } from './prices.ts';
import { createFieldRouter } from './router.ts';

/** What a preset is for, in terms of the best single model's accuracy and price. */
type Aim = { readonly name: string; readonly better: (one: Point, other: Point) => boolean };

export type Nested = { readonly name: string; readonly accuracy: number; readonly price: number };

/** Weights of price to choose from: each a third more than the one before. */
const CHOICES: readonly number[] = Array.from({ length: 16 }, (_, index) => 0.002 * 1.35 ** index);
/** Somewhat less than the fifth that is promised: other rows ask for something else. */
const CHEAP_SHARE = 0.19;

const AIMS: readonly Aim[] = [
  { name: 'quality', better: (one, other) => one.accuracy > other.accuracy },
  {
    name: 'cheap',
    better: (one, other) => {
      const [fits, otherFits] = [one.usdPerMillion <= CHEAP_SHARE, other.usdPerMillion <= CHEAP_SHARE];
      if (fits !== otherFits) return fits;
      return fits ? one.accuracy > other.accuracy : one.usdPerMillion < other.usdPerMillion;
    },
  },
];

/**
 * The weights of price that presets have were chosen by looking at some rows; whether that flatters them is seen when
 * they are chosen again for each fold on the other folds alone.
 * @param sizes rows per fold, in the order of `rows`.
 */
export function nestedTastes(
  rows: readonly Predicted[],
  sizes: readonly number[],
  models: readonly string[],
  prices: Prices,
): Nested[] {
  const costs = models.map((model) => blended(prices.get(model) ?? { input: 0, output: 0 }));
  const router = createFieldRouter(models, prices);
  const folds = sizes.map((size, fold) => {
    const start = sizes.slice(0, fold).reduce((sum, count) => sum + count, 0);
    return { start, end: start + size };
  });
  const outside = (fold: number) => (_: unknown, index: number) =>
    index < (folds[fold]?.start ?? 0) || index >= (folds[fold]?.end ?? 0);
  const single = models.map((_, model) => rows.map((row) => row.scores[model] ?? 0));
  const reference = (fold?: number): Point => {
    const means = single.map((scores) => mean(fold === undefined ? scores : scores.filter(outside(fold))));
    const best = bestOf(means);
    return { accuracy: means[best] ?? 0, usdPerMillion: costs[best] ?? 0 };
  };
  return AIMS.map(({ name, better }) => {
    const taste = TASTES[name === 'cheap' ? 'cheap' : 'quality'];
    const byChoice = CHOICES.map((price) =>
      rows.map((row) => expectation(row, router.weigh(row.question, row.predicted, { ...taste, price }), costs)),
    );
    const got = folds.flatMap(({ start, end }, fold) => {
      const known = reference(fold);
      const shares = byChoice.map((points) => beside(average(points.filter(outside(fold))), known));
      const best = shares.reduce((at, share, index) => (better(share, shares[at] ?? share) ? index : at), 0);
      return (byChoice[best] ?? []).slice(start, end);
    });
    const { accuracy, usdPerMillion } = beside(average(got), reference());
    return { name, accuracy, price: usdPerMillion };
  });
}

const beside = (point: Point, best: Point): Point => ({
  accuracy: point.accuracy / Math.max(best.accuracy, 1e-9),
  usdPerMillion: point.usdPerMillion / Math.max(best.usdPerMillion, 1e-9),
});
