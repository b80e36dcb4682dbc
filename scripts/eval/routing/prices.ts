import { CommandError, describeError } from '../../lib/command.ts';
import { isObject, readText } from './rows.ts';

/** USD per million tokens, input and output apart. */
export type Price = { readonly input: number; readonly output: number };
export type Prices = ReadonlyMap<string, Price>;

/** One figure per model: as many tokens in as out. */
export const blended = ({ input, output }: Price): number => (input + output) / 2;

/** `{model: {input, output}}` or `{model: number}`; models that the rows do not have are of no interest. */
export function readPrices(path: string, models: readonly string[]): Prices {
  let value: unknown;
  try {
    value = JSON.parse(readText(path));
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${path} is not JSON: ${describeError(error)}`);
  }
  if (!isObject(value)) throw new CommandError(`${path} is not an object of model to price`);
  const prices = value;
  const missing = models.filter((model) => !Object.hasOwn(prices, model));
  if (missing.length > 0)
    throw new CommandError(`${path} has no price for ${missing.map((model) => `"${model}"`).join(', ')}`);
  return new Map(models.map((model) => [model, readPrice(path, model, prices[model])]));
}

function readPrice(path: string, model: string, value: unknown): Price {
  const { input, output } = isObject(value) ? value : { input: value, output: value };
  if (!isPrice(input) || !isPrice(output))
    throw new CommandError(`${path}: the price of "${model}" is ${JSON.stringify(value)}, not {input, output} in USD`);
  return { input, output };
}

const isPrice = (value: unknown): value is number => typeof value === 'number' && value >= 0 && Number.isFinite(value);

/**
 * Without a price file: the weakest model in training costs 1, the next 2, and so on. Of two models the curve is then
 * the one over the share of calls to the stronger.
 */
export function pricesByRank(models: readonly string[], means: ReadonlyMap<string, number>): Prices {
  const ranked = [...models].sort((a, b) => (means.get(a) ?? 0) - (means.get(b) ?? 0) || (a < b ? -1 : 1));
  return new Map(ranked.map((model, index) => [model, { input: index + 1, output: index + 1 }]));
}
