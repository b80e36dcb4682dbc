import { writeFileSync } from 'node:fs';

import type { QualityModel } from '../gateway/route/quality/predictor.ts';
import { crossValidate, familyLines, familySummary, judgeHeldOut, withOwnRows } from './eval/routing/families.ts';
import type { Failures } from './eval/routing/families.ts';
import { evaluate } from './eval/routing/evaluate.ts';
import { nestedTastes } from './eval/routing/nested.ts';
import { predictFolds, predictTest } from './eval/routing/predictions.ts';
import type { Predictions } from './eval/routing/predictions.ts';
import { pricesByRank, readPrices } from './eval/routing/prices.ts';
import type { Prices } from './eval/routing/prices.ts';
import { reportLines } from './eval/routing/report.ts';
import { choiceFlips } from './eval/routing/rewordings.ts';
import { readRows, sameModels } from './eval/routing/rows.ts';
import type { Row } from './eval/routing/rows.ts';
import { drawCurve } from './eval/routing/svg.ts';
import { readTaskRows } from './train/task-rows.ts';
import { textTable } from './eval/attacks/text-table.ts';
import { Exit, UsageError, defineCommand, runMain, toJson } from './lib/command.ts';
import type { Io, OptionValues } from './lib/command.ts';
import { JSON_OPTION } from './lib/session.ts';
import { mean } from './lib/statistics.ts';

const OPTIONS = {
  train: { type: 'string', value: 'FILE', help: 'rows {question, scores: {model: 0..1}} to learn from' },
  test: { type: 'string', value: 'FILE', help: 'rows of the same models that the figures are of' },
  data: { type: 'string', value: 'FILE', help: 'rows for both, by folds, instead of --train and --test' },
  folds: { type: 'string', value: 'N', help: 'with --data: how many parts, each predicted from the others (5)' },
  seed: { type: 'string', value: 'N', help: 'of the folds and the resampling (1)' },
  prices: { type: 'string', value: 'FILE', help: '{model: {input, output}} in USD per million tokens' },
  svg: { type: 'string', value: 'FILE', help: 'where to draw the cost–quality curve' },
  families: {
    type: 'string',
    value: 'FILE',
    help: 'rows {query, task_name}: accuracy of the task family instead; of complexity, too, if --data scores them',
  },
  ...JSON_OPTION,
} as const;

type Options = OptionValues<typeof OPTIONS>;

/** Texts that are reworded: enough for a share, few enough to wait for. */
const REWORDED = 500;
const MOST_FOLDS = 20;

export const evalRouting = defineCommand(
  {
    name: 'eval-routing',
    summary:
      'Accuracy and price of the router beside single models, chance and an oracle, on questions it has not seen.',
    options: OPTIONS,
    notes: [
      'Without --prices the weakest model in training costs 1, the next 2, and so on.',
      'A preset’s figures are the mean over the router’s weighted draw; exploration is left out.',
    ],
  },
  async ({ options, io }) => {
    if (options.families !== undefined) {
      familyReport(options.families, options, io);
      return Exit.ok;
    }
    const predictions = predict(options, io);
    const seed = seedOf(options);
    const prices = pricesFor(options, predictions);
    const result = evaluate(predictions.rows, predictions.models, prices, seed);
    if (options.svg !== undefined) writeFileSync(options.svg, drawCurve(result));
    if (options.json) io.stdout(toJson(result));
    else {
      reportLines(result, predictions.rows.length).forEach(io.stdout);
      nestedLines(predictions, prices).forEach(io.stdout);
      flipLines(predictions, prices).forEach(io.stdout);
    }
    return Exit.ok;
  },
);

function predict(options: Options, io: Io): Predictions {
  const { train, test, data } = options;
  if (data !== undefined) {
    if (train !== undefined || test !== undefined) throw new UsageError('--data takes the place of --train and --test');
    return predictByFolds(data, options, io);
  }
  if (train === undefined || test === undefined) throw new UsageError('--train and --test, or --data, are missing');
  if (options.folds !== undefined) throw new UsageError('--folds goes with --data');
  const [learnt, asked] = [readRows(train), readRows(test)];
  return predictTest(learnt, asked, sameModels(learnt, asked));
}

function predictByFolds(data: string, options: Options, io: Io): Predictions {
  const rows = readRows(data);
  const folds = wholeNumber(options.folds, 'folds', 5, MOST_FOLDS);
  if (folds < 2 || folds > rows.length) throw new UsageError(`--folds is ${folds}, with ${rows.length} rows`);
  const onFold = (fold: number): void => io.stderr(`fold ${fold} of ${folds}`);
  return predictFolds(rows, Object.keys(rows[0]?.scores ?? {}), { folds, seed: seedOf(options), onFold });
}

const seedOf = ({ seed }: Options): number => wholeNumber(seed, 'seed', 1, 2 ** 32 - 1);

function familyReport(path: string, options: Options, io: Io): void {
  const folds = wholeNumber(options.folds, 'folds', 5, MOST_FOLDS);
  if (folds < 2) throw new UsageError(`--folds is ${folds}`);
  let fold = 0;
  const onFold = (): void => io.stderr(`fold ${(fold += 1)} of ${folds}`);
  const failures = failuresOf(options.data === undefined ? [] : readRows(options.data));
  const rows = withOwnRows(readTaskRows(path));
  const results = crossValidate(rows, { folds, seed: seedOf(options), failures, onFold });
  const summary = familySummary(results, judgeHeldOut(), failures);
  if (options.json) io.stdout(toJson(summary));
  else familyLines(summary).forEach(io.stdout);
}

function pricesFor({ prices }: Options, { models, train }: Predictions): Prices {
  if (prices !== undefined) return readPrices(prices, models);
  const meanOf = (model: string): number => mean(train.map(({ scores }: Row) => scores[model] ?? 0));
  return pricesByRank(models, new Map(models.map((model) => [model, meanOf(model)])));
}

function wholeNumber(text: string | undefined, name: string, usual: number, most: number): number {
  if (text === undefined) return usual;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > most)
    throw new UsageError(`--${name} is "${text}", not a whole number up to ${most}`);
  return value;
}

const failuresOf = (rows: readonly Row[]): Failures =>
  new Map(rows.map((row) => [row.question, 1 - mean(Object.values(row.scores))]));

function nestedLines({ rows, sizes, models }: Predictions, prices: Prices): string[] {
  if (sizes.length < 2) return [];
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const found = nestedTastes(rows, sizes, models, prices);
  return [
    '',
    'weights of price chosen for each fold on the others, of the best single model:',
    ...found.map(({ name, accuracy, price }) => `  ${name}: accuracy ${percent(accuracy)}, price ${percent(price)}`),
  ];
}

function flipLines({ rows, model }: Predictions, prices: Prices): string[] {
  const texts = rows.slice(-REWORDED).map(({ question }) => question);
  const flips = flipsByPreset(model, prices, texts);
  return [
    '',
    ...textTable(
      [`choice changed by a small rewording, ${texts.length} questions`, 'quality', 'balanced', 'cheap'],
      flips.map(({ name, shares }) => [name, ...shares.map((share) => `${(100 * share).toFixed(1)} %`)]),
    ),
  ];
}

function flipsByPreset(model: QualityModel, prices: Prices, texts: readonly string[]) {
  const presets = (['quality', 'balanced', 'cheap'] as const).map((preset) =>
    choiceFlips(model, prices, texts, preset),
  );
  const [first = []] = presets;
  return first.map(({ name }, index) => ({ name, shares: presets.map((flips) => flips[index]?.flipped ?? 0) }));
}

if (import.meta.main) await runMain(evalRouting);
