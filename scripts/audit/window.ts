import type { Context } from './context.ts';
import type { Dataset } from './dataset.ts';
import { outcomesOf } from './golds.ts';
import type { Outcome } from './golds.ts';

/** The golds of the last epochs up to the dataset's own, oldest first: they tell what evaluators know. */
export type GoldWindow = readonly Outcome[];

/** Undefined when a dataset of the window was not given; what needs its golds is then not recomputed. */
export function goldsInWindow({ dataset, facts, skip }: Context, previous: readonly Dataset[]): GoldWindow | undefined {
  const { epoch, params } = dataset.epoch;
  const first = epoch + 1n > params.goldWindowEpochs ? epoch + 1n - params.goldWindowEpochs : 0n;
  const given = new Map(previous.map((earlier) => [earlier.epoch.epoch, earlier]));
  const earlier: Dataset[] = [];
  const missing: bigint[] = [];
  for (let number = first; number < epoch; number += 1n) {
    const found = given.get(number);
    if (found === undefined) missing.push(number);
    else earlier.push(found);
  }
  if (missing.length > 0) {
    const why = `golds of epoch ${missing.join(', ')} count too: give --previous`;
    skip('quality of evaluators, trust and dimensions of the new table', why);
    return undefined;
  }
  return [...earlier.flatMap((one) => outcomesOf(one, { golds: one.goldReceipts })), ...outcomesOf(dataset, facts)];
}
