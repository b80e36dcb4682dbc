import { clampInt, lowerMedian, lowerQuartile } from '../../../gateway/poq/integers.ts';
import { goldErrors } from '../../../gateway/poq/trust.ts';
import type { GoldError } from '../../../gateway/poq/trust.ts';
import type { Address } from '../../../gateway/protocol/types.ts';
import type { TrustRule } from './simulate.ts';

/** Rules for trust that are not in force, to measure the one that is beside them (docs/decisions/0011). */
type Ratio = {
  readonly reference: (means: readonly bigint[]) => bigint | undefined;
  readonly power: bigint;
  readonly floor: number;
};

const LEAST_ERROR = 10_000n;
const PRIOR_GOLDS = 5n;
const MIN_GOLDS = 3;

/** The square of (median error / own error), from 250 to 4,000: in force until decision 0011. */
export const squaredToMedian = ruleOf({ reference: lowerMedian, power: 2n, floor: 250 });
/** Lower quartile / own error, from 50 to 4,000: the first candidate for its successor. */
export const plainToQuartile = ruleOf({ reference: lowerQuartile, power: 1n, floor: 50 });

function ruleOf(ratio: Ratio): TrustRule {
  return (samples, evaluators) => {
    const active = new Set(evaluators);
    const opinions = new Map<Address, bigint[]>();
    for (const errors of goldErrors(samples.filter(({ evaluator }) => active.has(evaluator))).values()) {
      for (const [account, trust] of opinionOf(errors, ratio)) {
        opinions.set(account, [...(opinions.get(account) ?? []), BigInt(trust)]);
      }
    }
    return new Map([...opinions].map(([account, values]) => [account, Number(lowerMedian(values) ?? 1_000n)]));
  };
}

function opinionOf(errors: ReadonlyMap<Address, GoldError>, { reference, power, floor }: Ratio): [Address, number][] {
  const seasoned = [...errors.values()].filter(({ count }) => count >= MIN_GOLDS);
  const typical = reference(seasoned.map(({ squares, count }) => squares / BigInt(count)));
  if (typical === undefined) return [...errors.keys()].map((account) => [account, 1_000]);
  const due = typical > LEAST_ERROR ? typical : LEAST_ERROR;
  return [...errors].map(([account, { squares, count }]) => {
    const shrunk = (squares + PRIOR_GOLDS * due) / (BigInt(count) + PRIOR_GOLDS);
    const own = shrunk > LEAST_ERROR ? shrunk : LEAST_ERROR;
    return [account, clampInt((1_000n * due ** power) / own ** power, floor, 4_000)];
  });
}
