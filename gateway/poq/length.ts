import { BPS } from '../protocol/constants.ts';
import type { Address } from '../protocol/types.ts';
import { volumeUnits } from '../protocol/units.ts';
import { cellOf } from './cell.ts';
import type { CountedReceipt } from './counting.ts';
import { clampInt, lowerMedian } from './integers.ts';
import { getOrCreate } from './maps.ts';

/** Receipts with volume that an account needs in a cell before the length of its answers is heard. */
const MIN_RECEIPTS = 10n;

type Metered = Pick<CountedReceipt, 'node' | 'family' | 'complexity' | 'units' | 'promptTokens' | 'flags'>;
type Lengths = { receipts: bigint; prompts: bigint; answers: bigint };

/** Share in basis points of a receipt's units that its node is credited with. */
export type LengthOf = (receipt: Pick<Metered, 'node' | 'family' | 'complexity'>) => number;

/**
 * Whoever answers at greater length than others do is credited with what those would have needed for as many requests of the
 * cell: its prompts, and for each receipt the lower median of the *other* accounts' mean answers. So words that an answer
 * could do without earn nothing, wherever they stand, and what is credited never exceeds what was metered.
 */
export function createLength(receipts: readonly Metered[]): LengthOf {
  const cells = new Map<string, Map<Address, Lengths>>();
  for (const receipt of receipts) {
    const units = volumeUnits(receipt);
    if (units === 0n) continue;
    const cell = getOrCreate(cells, cellOf(receipt), () => new Map<Address, Lengths>());
    const own = getOrCreate(cell, receipt.node, () => ({ receipts: 0n, prompts: 0n, answers: 0n }));
    const prompt = BigInt(receipt.promptTokens);
    own.receipts += 1n;
    own.prompts += prompt;
    own.answers += units - prompt;
  }
  const known = new Map<string, number>();
  return (receipt) => {
    const cell = cellOf(receipt);
    return getOrCreate(known, `${cell}:${receipt.node}`, () => creditedShare(cells.get(cell), receipt.node));
  };
}

function creditedShare(cell: ReadonlyMap<Address, Lengths> | undefined, self: Address): number {
  const own = cell?.get(self);
  const others = [...(cell ?? [])].filter(([account, { receipts }]) => account !== self && receipts >= MIN_RECEIPTS);
  const usual = lowerMedian(others.map(([, { receipts, answers }]) => answers / receipts));
  if (own === undefined || usual === undefined) return BPS;
  const due = own.prompts + own.receipts * usual;
  return clampInt((BigInt(BPS) * due) / (own.prompts + own.answers), 1, BPS);
}
