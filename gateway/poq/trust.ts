import type { Address } from '../protocol/types.ts';
import { clampInt, lowerMedian, lowerQuartile } from './integers.ts';
import { getOrCreate } from './maps.ts';

/** One evaluator's revealed accuracy of one gold answer, beside what the gold's checker found. */
export type GoldSample = {
  readonly gateway: Address;
  readonly evaluator: Address;
  readonly accuracy: number;
  readonly truth: number;
};

/** Sum of squared errors and number of golds. */
export type GoldError = { readonly squares: bigint; readonly count: number };

const LEAST_ERROR = 10_000n; // a mean error of one percentage point: nobody is told apart below it
const MIN_GOLDS = 3;
/** What an evaluator without golds is taken for: four times the squared error of a good one, for two golds' worth. */
const PRIOR_FACTOR = 4n;
const PRIOR_GOLDS = 2n;
const NEUTRAL_TRUST = 1_000;
const TRUST_RANGE = [50, 8_000] as const;

/** Errors per gateway and evaluator. A gateway's golds say nothing about an evaluator of its own account. */
export function goldErrors(samples: readonly GoldSample[]): Map<Address, Map<Address, GoldError>> {
  const byGateway = new Map<Address, Map<Address, GoldError>>();
  for (const { gateway, evaluator, accuracy, truth } of samples) {
    if (gateway === evaluator) continue;
    const errors = getOrCreate(byGateway, gateway, () => new Map<Address, GoldError>());
    const known = errors.get(evaluator) ?? { squares: 0n, count: 0 };
    const error = BigInt(accuracy - truth);
    errors.set(evaluator, { squares: known.squares + error * error, count: known.count + 1 });
  }
  return byGateway;
}

/**
 * The squared error that a newcomer is taken to have: four times that of a good evaluator, who is the lower quartile of
 * those with three golds, and never less than that of the median one. The quartile stays honest while three quarters lie;
 * the median keeps a few who know the golds from making everybody else look like liars.
 */
export function priorError(errors: Iterable<GoldError>): bigint | undefined {
  const means = [...errors]
    .filter(({ count }) => count >= MIN_GOLDS)
    .map(({ squares, count }) => squares / BigInt(count));
  const good = lowerQuartile(means);
  const median = lowerMedian(means);
  return good === undefined || median === undefined ? undefined : max(PRIOR_FACTOR * max(LEAST_ERROR, good), median);
}

/**
 * Trust of each evaluator by one gateway's golds: how often the prior error contains its own, which is shrunk toward the
 * prior by two golds. Weights in inverse proportion to squared errors make the best mean of independent opinions. Nothing
 * but gold enters: agreeing with others earns no trust.
 */
export function trustByGolds(errors: ReadonlyMap<Address, GoldError>): Map<Address, number> {
  const prior = priorError(errors.values());
  if (prior === undefined) return new Map([...errors.keys()].map((account) => [account, NEUTRAL_TRUST]));
  const trustOf = ({ squares, count }: GoldError): number => {
    const own = max(LEAST_ERROR, (squares + PRIOR_GOLDS * prior) / (BigInt(count) + PRIOR_GOLDS));
    return clampInt((BigInt(NEUTRAL_TRUST) * prior) / own, ...TRUST_RANGE);
  };
  return new Map([...errors].map(([account, error]) => [account, trustOf(error)]));
}

/**
 * Trust of every evaluator that golds have measured: the lower median over the gateways whose golds it scored.
 * @param evaluators those active in the table's epoch. Others are not heard: the accounts that a liar has used up would help
 * to say what is usual.
 */
export function trustTable(samples: readonly GoldSample[], evaluators: readonly Address[]): Map<Address, number> {
  const active = new Set(evaluators);
  const opinions = new Map<Address, bigint[]>();
  for (const errors of goldErrors(samples.filter(({ evaluator }) => active.has(evaluator))).values()) {
    for (const [account, trust] of trustByGolds(errors)) {
      getOrCreate(opinions, account, () => []).push(BigInt(trust));
    }
  }
  return new Map([...opinions].map(([account, values]) => [account, Number(lowerMedian(values) ?? NEUTRAL_TRUST)]));
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
