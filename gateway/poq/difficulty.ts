import { NEUTRAL, RecordStatus } from '../protocol/constants.ts';
import type { Address } from '../protocol/types.ts';
import { cellOf } from './cell.ts';
import type { CountedReceipt } from './counting.ts';
import { wasDrawn } from './counting.ts';
import { clampInt } from './integers.ts';
import { getOrCreate } from './maps.ts';

const PPM = 1_000_000n;
const PRIOR_RECEIPTS = 20n;
/** Drawn receipts that an account needs in a cell before its failure share is heard. */
const MIN_DRAWN = 10n;
const RANGE = [5_000, 20_000] as const;

type Tally = { readonly drawn: bigint; readonly failed: bigint };
const NONE: Tally = { drawn: 0n, failed: 0n };
type Failure = Pick<CountedReceipt, 'node' | 'family' | 'complexity' | 'status' | 'quality'>;

/** Difficulty in basis points of a receipt's cell for the node that answered it; 10,000 is average. */
export type DifficultyOf = (receipt: Pick<CountedReceipt, 'node' | 'family' | 'complexity'>) => number;

/**
 * How much more often than elsewhere *other* accounts fail at this kind of request. Every other account has one vote in a
 * cell, and nothing of a node's own receipts has a part in its difficulty: neither failing nor being praised moves it.
 */
export function createDifficulty(receipts: readonly Failure[], minQualityBps: number): DifficultyOf {
  const cells = new Map<string, Map<Address, Tally>>();
  const accounts = new Map<Address, Tally>();
  let all: Tally = NONE;
  for (const receipt of receipts) {
    if (!wasDrawn(receipt)) continue;
    const failed = receipt.status === RecordStatus.unscored || receipt.quality < minQualityBps;
    const cell = getOrCreate(cells, cellOf(receipt), () => new Map<Address, Tally>());
    cell.set(receipt.node, add(cell.get(receipt.node), failed));
    accounts.set(receipt.node, add(accounts.get(receipt.node), failed));
    all = add(all, failed);
  }
  /** Share of failures among the receipts of everybody else, in ppm. */
  const averageBeside = (node: Address): bigint => {
    const own = accounts.get(node) ?? NONE;
    const drawn = all.drawn - own.drawn;
    return drawn === 0n ? 0n : ((all.failed - own.failed) * PPM) / drawn;
  };
  const known = new Map<string, number>();
  return (receipt) => {
    const cell = cellOf(receipt);
    return getOrCreate(known, `${cell}:${receipt.node}`, () =>
      cellDifficulty(cells.get(cell) ?? new Map<Address, Tally>(), receipt.node, averageBeside(receipt.node)),
    );
  };
}

function cellDifficulty(cell: ReadonlyMap<Address, Tally>, self: Address, average: bigint): number {
  const others = [...cell].filter(([account, { drawn }]) => account !== self && drawn >= MIN_DRAWN);
  const n = others.reduce((sum, [, { drawn }]) => sum + drawn, 0n);
  if (n === 0n || average === 0n) return NEUTRAL;
  const shares = others.reduce((sum, [, { drawn, failed }]) => sum + (failed * PPM) / drawn, 0n);
  const mean = shares / BigInt(others.length);
  const shrunk = (n * mean + PRIOR_RECEIPTS * average) / (n + PRIOR_RECEIPTS);
  return clampInt((BigInt(NEUTRAL) * shrunk) / average, ...RANGE);
}

function add({ drawn, failed }: Tally = NONE, hasFailed: boolean): Tally {
  return { drawn: drawn + 1n, failed: failed + (hasFailed ? 1n : 0n) };
}
