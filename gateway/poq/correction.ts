import { BPS } from '../protocol/constants.ts';
import type { Address } from '../protocol/types.ts';
import { isGold, isOwnGold, wasDrawn } from './counting.ts';
import type { CountedReceipt } from './counting.ts';
import { clampInt } from './integers.ts';
import { getOrCreate } from './maps.ts';

/** One gold's worth of agreement, so that a single gold moves nobody far. */
const PRIOR = BigInt(BPS);
/** What committees fail to see on some golds they may well see on other answers: little is added for it. */
const MOST = 10_500;

type Judged = Pick<CountedReceipt, 'gateway' | 'node' | 'flags' | 'status' | 'score' | 'exactScore'>;

/** What committees' scores of a node's answers are multiplied by, in basis points. */
export type CorrectionOf = (node: Address) => number;

/**
 * What the epoch's golds were worth by their exact accuracy, over what committees gave them: who is praised on golds is
 * praised on the rest, as nobody can tell them apart, and that is taken back. A score of zero stays zero.
 */
export function createCorrection(receipts: readonly Judged[]): CorrectionOf {
  const sums = new Map<Address, { exact: bigint; told: bigint }>();
  for (const receipt of receipts) {
    if (!isGold(receipt) || isOwnGold(receipt) || !wasDrawn(receipt) || receipt.exactScore === undefined) continue;
    const sum = getOrCreate(sums, receipt.node, () => ({ exact: 0n, told: 0n }));
    sum.exact += BigInt(receipt.exactScore);
    sum.told += BigInt(receipt.score);
  }
  const factors = new Map(
    [...sums].map(([node, { exact, told }]) => [
      node,
      clampInt((BigInt(BPS) * (exact + PRIOR)) / (told + PRIOR), 0, MOST),
    ]),
  );
  return (node) => factors.get(node) ?? BPS;
}
