import { createQualityPredictor } from '../../../gateway/route/quality/predictor.ts';
import type { QualityModel } from '../../../gateway/route/quality/predictor.ts';
import { featuresAt, readCorpus } from '../../train/sparse.ts';
import { fitQuality } from '../../train/quality.ts';
import { foldsOf, seededRandom } from '../../train/random.ts';
import type { QualityRows } from '../../train/quality.ts';
import type { Row } from './rows.ts';

/** A test row with what the router's predictor, which has not seen it, expects of each model. */
export type Predicted = {
  readonly question: string;
  /** Parallel to the models. */
  readonly scores: readonly number[];
  readonly predicted: Float64Array;
};

export type Predictions = {
  readonly models: readonly string[];
  readonly train: readonly Row[];
  /** The test rows; of folds all of them, fold by fold. */
  readonly rows: readonly Predicted[];
  /** How many of them each fold has. */
  readonly sizes: readonly number[];
  /** What predicted the last rows. */
  readonly model: QualityModel;
};

export const dataOf = (rows: readonly Row[], models: readonly string[]): QualityRows => ({
  corpus: readCorpus(rows.map(({ question }) => question)),
  models,
  scores: Float64Array.from(rows.flatMap(({ scores }) => models.map((model) => scores[model] ?? 0))),
});

const indices = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

function predictRows(data: QualityRows, all: readonly Row[], train: readonly number[], test: readonly number[]) {
  const model = fitQuality(data, train);
  const predictor = createQualityPredictor(model);
  const rows = test.map((index): Predicted => {
    const row = all[index];
    return {
      question: row?.question ?? '',
      scores: data.models.map((model) => row?.scores[model] ?? 0),
      predicted: Float64Array.from(predictor.predict(featuresAt(data.corpus, index))),
    };
  });
  return { rows, model };
}

/** Trains on one file's rows, predicts the other's. */
export function predictTest(train: readonly Row[], test: readonly Row[], models: readonly string[]): Predictions {
  const all = [...train, ...test];
  const order = indices(all.length);
  const [seen, unseen] = [order.slice(0, train.length), order.slice(train.length)];
  return { models, train, sizes: [test.length], ...predictRows(dataOf(all, models), all, seen, unseen) };
}

export type FoldOptions = { readonly folds: number; readonly seed: number; readonly onFold: (fold: number) => void };

/** Every row predicted by a model that was trained on the other folds only. */
export function predictFolds(
  rows: readonly Row[],
  models: readonly string[],
  { folds, seed, onFold }: FoldOptions,
): Predictions {
  const data = dataOf(rows, models);
  const parts = foldsOf(rows.length, folds, seededRandom(seed)).map((test, fold) => {
    onFold(fold + 1);
    const left = new Set(test);
    const train = indices(rows.length).filter((index) => !left.has(index));
    return predictRows(data, rows, train, test);
  });
  const last = parts.at(-1);
  if (last === undefined) throw new RangeError('no folds');
  const sizes = parts.map((part) => part.rows.length);
  return { models, train: rows, rows: parts.flatMap((part) => part.rows), sizes, model: last.model };
}
