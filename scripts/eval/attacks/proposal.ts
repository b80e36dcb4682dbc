import { clampInt } from '../../../gateway/poq/integers.ts';
import { goldErrors } from '../../../gateway/poq/trust.ts';
import type { GoldError, GoldSample } from '../../../gateway/poq/trust.ts';
import type { Address } from '../../../gateway/protocol/types.ts';

/**
 * A candidate for a later version of the trust rule, measured beside the one in force: the reference is the lower
 * quartile of the errors instead of their median, the ratio counts once instead of squared, and the floor is 50
 * instead of 250. Used by the evaluation only.
 */
const LEAST_ERROR = 10_000n;
const PRIOR_GOLDS = 5n;
const MIN_GOLDS = 3;

export function proposedTrust(samples: readonly GoldSample[]): Map<Address, number> {
  const opinions = new Map<Address, number[]>();
  for (const errors of goldErrors(samples).values()) {
    for (const [account, trust] of trustByQuartile(errors)) {
      opinions.set(
        account,
        [...(opinions.get(account) ?? []), trust].sort((a, b) => a - b),
      );
    }
  }
  return new Map([...opinions].map(([account, values]) => [account, values[(values.length - 1) >> 1] ?? 1_000]));
}

function trustByQuartile(errors: ReadonlyMap<Address, GoldError>): [Address, number][] {
  const means = [...errors.values()]
    .filter(({ count }) => count >= MIN_GOLDS)
    .map(({ squares, count }) => squares / BigInt(count))
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const quartile = means[(means.length - 1) >> 2];
  if (quartile === undefined) return [...errors.keys()].map((account) => [account, 1_000]);
  const reference = quartile > LEAST_ERROR ? quartile : LEAST_ERROR;
  return [...errors].map(([account, { squares, count }]) => {
    const shrunk = (squares + PRIOR_GOLDS * reference) / (BigInt(count) + PRIOR_GOLDS);
    const own = shrunk > LEAST_ERROR ? shrunk : LEAST_ERROR;
    return [account, clampInt((1_000n * reference) / own, 50, 4_000)];
  });
}
