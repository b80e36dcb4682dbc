import { evaluationsHash } from '../lib/protocol/lists.ts';
import { consensusOf } from '../lib/verify/consensus.ts';
import { FLAG, STATUS } from './context.ts';
import type { Examined, LineContext } from './context.ts';
import type { Entry, Receipt } from './dataset.ts';
import { revealQuorum } from './draws.ts';
import type { Table } from './in-force.ts';
import { familyParams, sizeClass } from './params.ts';
import type { Dimensions, Params } from './params.ts';
import { toHex } from './hashes.ts';
import { expectSame, inside } from './wrong.ts';
import type { At } from './wrong.ts';

/** PoQ records: every number of theirs computed again from receipt, evaluations and parameters. */

export const BIT = { accuracy: 1n, consistency: 2n, format: 4n } as const;
const ZERO = `0x${'00'.repeat(32)}`;
const NAMES = ['accuracy', 'consistency', 'format'] as const;

export function checkRecord({ epoch, table }: LineContext, examined: Examined): void {
  const { line, leaf, receipt, record, entries } = examined;
  const at = { line, field: 'record' };
  expectSame(inside(at, 'receiptLeaf'), record.receiptLeaf, toHex(leaf));
  expectSame(inside(at, 'gateway'), record.gateway, receipt.gateway);
  expectSame(inside(at, 'serial'), record.serial, receipt.serial);
  checkNumbers(at, examined, epoch.params, table);
  const due = entries.length === 0 ? ZERO : evaluationsHash(entries).hash;
  expectSame(inside(at, 'evaluationsHash'), record.evaluationsHash, due);
}

export function consensus(entries: readonly Entry[]): Dimensions {
  const of = (name: keyof Dimensions) =>
    consensusOf(entries.map((entry) => ({ score: entry[name], trust: entry.trust })));
  return { accuracy: of('accuracy'), consistency: of('consistency'), format: of('format') };
}

function weightsOf({ family, flags }: Receipt, params: Params): Dimensions {
  const found = familyParams(params, family);
  const none = { accuracy: 0n, consistency: 0n, format: 0n };
  return ((flags & FLAG.constrained) === 0n ? found?.weights : found?.constrainedWeights) ?? none;
}

/** ⌊Σ w·z / Σ w⌋ over the active dimensions; undefined when nothing that is active has a weight. */
function qualityOf(dimensions: Dimensions, mask: bigint, weights: Dimensions): bigint | undefined {
  const active = NAMES.filter((name) => (mask & BIT[name]) !== 0n);
  const total = active.reduce((sum, name) => sum + weights[name], 0n);
  return total === 0n ? undefined : active.reduce((sum, name) => sum + weights[name] * dimensions[name], 0n) / total;
}

function costOf({ family, units, priceMicroUsd, totalMs }: Receipt, params: Params): bigint {
  const found = familyParams(params, family);
  const size = sizeClass(units);
  const share = (amount: bigint, reference = 1n) => (5_000n * amount) / reference;
  const c = share(priceMicroUsd, found?.priceRef[size]) + share(totalMs, found?.msRef[size]);
  return 100_000_000n / (c + 10_000n);
}

function scoreOf(quality: bigint, cost: bigint, { minQualityBps, betaBps }: Params): bigint {
  if (quality < minQualityBps || quality === 0n) return 0n;
  const left = quality - (betaBps * (10_000n - cost)) / 10_000n;
  return left > 0n ? left : 0n;
}

function checkNumbers(at: At, examined: Examined, params: Params, table: Table | undefined): void {
  const { record, receipt } = examined;
  const isDrawn = record.status !== STATUS.unexamined;
  const judged = isDrawn ? judge(examined, params, table) : undefined;
  const due = judged === undefined ? STATUS.unscored : STATUS.scored;
  expectSame(inside(at, 'status'), record.status, isDrawn ? due : STATUS.unexamined);
  if (!isDrawn) expectSame(inside(at, 'committeeSize'), record.committeeSize, 0n);
  const { mask, dimensions, quality } = judged ?? NOTHING;
  expectSame(inside(at, 'activeMask'), record.activeMask, mask);
  for (const name of NAMES) expectSame(inside(at, name), record[name], dimensions[name]);
  expectSame(inside(at, 'cost'), record.cost, costOf(receipt, params));
  expectSame(inside(at, 'quality'), record.quality, quality);
  expectSame(inside(at, 'score'), record.score, scoreOf(quality, record.cost, params));
}

type Judged = { readonly mask: bigint; readonly dimensions: Dimensions; readonly quality: bigint };

/** A record without a judgement; quality 0 is worth nothing. */
const NOTHING: Judged = { mask: 0n, dimensions: { accuracy: 0n, consistency: 0n, format: 0n }, quality: 0n };

/** What the evaluations amount to; undefined: the receipt cannot be scored. */
function judge(examined: Examined, params: Params, table: Table | undefined): Judged | undefined {
  const { receipt, record, entries, replays } = examined;
  if (BigInt(entries.length) < revealQuorum(record.committeeSize)) return undefined;
  const format = (receipt.flags & FLAG.constrained) === 0n ? 0n : BIT.format;
  // Three answers are needed to compare: this one and two replays.
  const possible = BIT.accuracy | (replays.length >= 2 ? BIT.consistency : 0n) | format;
  const mask = possible & (table?.maskOf(receipt.family) ?? record.activeMask);
  const all = consensus(entries);
  const of = (name: keyof Dimensions) => ((mask & BIT[name]) === 0n ? 0n : all[name]);
  const dimensions = { accuracy: of('accuracy'), consistency: of('consistency'), format: of('format') };
  const quality = qualityOf(dimensions, mask, weightsOf(receipt, params));
  return quality === undefined ? undefined : { mask, dimensions, quality };
}

/** Score of a drawn gold by its exact accuracy instead of the committee's; an unscored one has none. */
export function exactScore(
  { receipt, record }: Pick<Examined, 'receipt' | 'record'>,
  truth: bigint,
  params: Params,
): bigint {
  if (record.status !== STATUS.scored) return 0n;
  // The agreement of others says nothing beside the truth.
  const isKnown = (record.activeMask & BIT.accuracy) !== 0n;
  const mask = isKnown ? record.activeMask & ~BIT.consistency : record.activeMask;
  const exact = { ...record, accuracy: isKnown ? truth : 0n };
  const quality = qualityOf(exact, mask, weightsOf(receipt, params));
  return quality === undefined ? 0n : scoreOf(quality, record.cost, params);
}
