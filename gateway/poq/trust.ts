import type { Address } from '../protocol/types.ts';
import { clampInt, lowerMedian } from './integers.ts';
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
const PRIOR_GOLDS = 5;
const MIN_GOLDS = 3;
const NEUTRAL_TRUST = 1_000;
const TRUST_RANGE = [250, 4_000] as const;

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
 * Trust of each evaluator by one gateway's golds: the square of (typical error / own error), shrunk toward typical by
 * five golds' worth of prior. Nothing but gold enters: agreeing with others earns no trust.
 */
export function trustByGolds(errors: ReadonlyMap<Address, GoldError>): Map<Address, number> {
  const seasoned = [...errors.values()].filter(({ count }) => count >= MIN_GOLDS);
  const median = lowerMedian(seasoned.map(({ squares, count }) => squares / BigInt(count)));
  if (median === undefined) return new Map([...errors.keys()].map((account) => [account, NEUTRAL_TRUST]));
  const reference = max(LEAST_ERROR, median);
  const trustOf = ({ squares, count }: GoldError): number => {
    const own = max(LEAST_ERROR, (squares + BigInt(PRIOR_GOLDS) * reference) / BigInt(count + PRIOR_GOLDS));
    return clampInt((BigInt(NEUTRAL_TRUST) * reference * reference) / (own * own), ...TRUST_RANGE);
  };
  return new Map([...errors].map(([account, error]) => [account, trustOf(error)]));
}

/** Trust of every evaluator that golds have measured: the lower median over the gateways whose golds it scored. */
export function trustTable(samples: readonly GoldSample[]): Map<Address, number> {
  const opinions = new Map<Address, bigint[]>();
  for (const errors of goldErrors(samples).values()) {
    for (const [account, trust] of trustByGolds(errors)) {
      getOrCreate(opinions, account, () => []).push(BigInt(trust));
    }
  }
  return new Map([...opinions].map(([account, values]) => [account, Number(lowerMedian(values) ?? NEUTRAL_TRUST)]));
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
