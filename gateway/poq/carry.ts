import { BPS } from '../protocol/constants.ts';
import type { Address } from '../protocol/types.ts';
import type { CorrectionOf } from './correction.ts';
import { carryUnits, isGold, isOwnGold, wasDrawn } from './counting.ts';
import type { CountedReceipt } from './counting.ts';
import type { DifficultyOf } from './difficulty.ts';
import { getOrCreate } from './maps.ts';

/** The worth is in ten-thousandths, as corrected scores are. */
type Sums = { work: bigint; worth: bigint };

/** Score that an unexamined receipt takes over, or undefined when its node was never examined for its gateway. */
export type CarryOf = (receipt: { gateway: Address; node: Address; family: number }) => number | undefined;

/**
 * Work-weighted mean score of the drawn receipts of the same gateway, node and family; with none of that family, of
 * the same gateway and node. Golds take part with their exact score, others with their corrected one.
 */
export function createCarry(
  receipts: readonly CountedReceipt[],
  difficultyOf: DifficultyOf,
  correctionOf: CorrectionOf,
): CarryOf {
  const sums = new Map<string, Sums>();
  for (const receipt of receipts) {
    if (!wasDrawn(receipt) || isOwnGold(receipt)) continue;
    const work = carryUnits(receipt) * BigInt(difficultyOf(receipt));
    const factor = isGold(receipt) ? BPS : correctionOf(receipt.node);
    const score = isGold(receipt) ? receipt.exactScore : receipt.score;
    if (score === undefined) continue; // a gold whose truth was lost says nothing about its node
    const worth = work * BigInt(score * factor);
    for (const key of keysOf(receipt)) {
      const sum = getOrCreate(sums, key, () => ({ work: 0n, worth: 0n }));
      sum.work += work;
      sum.worth += worth;
    }
  }
  return (receipt) => {
    const known = keysOf(receipt)
      .map((key) => sums.get(key))
      .find((sum) => sum !== undefined && sum.work > 0n);
    return known === undefined ? undefined : Math.min(BPS, Number(known.worth / (known.work * BigInt(BPS))));
  };
}

function keysOf({ gateway, node, family }: { gateway: Address; node: Address; family: number }): [string, string] {
  return [`${gateway}:${node}:${family}`, `${gateway}:${node}`];
}
