import { FLAG } from './context.ts';
import type { Context } from './context.ts';
import type { EpochLine, TableLeaf } from './dataset.ts';
import type { Facts } from './facts.ts';
import type { Outcome } from './golds.ts';
import { ANY_FAMILY, DEFAULTS, KIND, NOBODY } from './in-force.ts';
import { clamp, isqrt, lowerMedian, lowerQuartile, sum } from './numbers.ts';
import { FAMILIES } from './params.ts';
import { BIT, consensus } from './records.ts';
import type { GoldWindow } from './window.ts';
import { expectSame, wrong } from './wrong.ts';

/** The table that a later epoch will work with: trust from golds, sampling rates, active dimensions. */
export function checkTable({ dataset, facts }: Context, golds: GoldWindow | undefined): void {
  const { epoch, table } = dataset;
  const expected = [...trustLeaves(epoch, golds), ...rateLeaves(epoch, facts), ...maskLeaves(golds)];
  table.forEach(({ line, leaf }, index) => {
    const due = expected[index] ?? wrong({ line, field: 'leaf' }, 'is one more than this table has');
    for (const name of ['kind', 'account', 'family'] as const) {
      expectSame({ line, field: `leaf.${name}` }, leaf[name], due[name]);
    }
    if (due.value !== undefined) expectSame({ line, field: 'leaf.value' }, leaf.value, due.value);
  });
  const last = { line: table.at(-1)?.line ?? epoch.line, field: 'table' };
  expectSame(last, BigInt(table.length), BigInt(expected.length));
}

/** A leaf whose value is undefined depends on datasets that were not given. */
type Due = Omit<TableLeaf, 'value'> & { readonly value: bigint | undefined };

function ordered(accounts: readonly string[]): readonly string[] {
  return [...new Set(accounts)].toSorted();
}

function trustLeaves({ evaluators }: EpochLine, outcomes: readonly Outcome[] | undefined): Due[] {
  const trust = outcomes === undefined ? undefined : trustOf(outcomes, evaluators);
  return ordered(evaluators).map((account) => ({
    kind: KIND.trust,
    account,
    family: ANY_FAMILY,
    value: trust === undefined ? undefined : (trust.get(account) ?? DEFAULTS.trust),
  }));
}

type Errors = { readonly squares: bigint; readonly count: bigint };

/** Squared errors per gateway and active evaluator, a gateway's own account aside. */
function errorsOf(
  outcomes: readonly Outcome[],
  active: ReadonlySet<string>,
): ReadonlyMap<string, ReadonlyMap<string, Errors>> {
  const byGateway = new Map<string, Map<string, Errors>>();
  for (const { gateway, truth, entries } of outcomes) {
    const errors = byGateway.get(gateway) ?? new Map<string, Errors>();
    byGateway.set(gateway, errors);
    for (const { evaluator, accuracy } of entries.filter(
      (entry) => active.has(entry.evaluator) && entry.evaluator !== gateway,
    )) {
      const { squares, count } = errors.get(evaluator) ?? { squares: 0n, count: 0n };
      errors.set(evaluator, { squares: squares + (accuracy - truth) ** 2n, count: count + 1n });
    }
  }
  return byGateway;
}

const FLOOR = 10_000n;

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** clamp(⌊1,000·prior/m⌋, 50, 8,000) by each gateway's golds, of who is active; over gateways the lower median. */
export function trustOf(outcomes: readonly Outcome[], evaluators: readonly string[]): ReadonlyMap<string, bigint> {
  const opinions = new Map<string, bigint[]>();
  for (const errors of errorsOf(outcomes, new Set(evaluators)).values()) {
    const prior = priorOf([...errors.values()]);
    for (const [account, { squares, count }] of errors) {
      const mean = larger(FLOOR, (squares + 2n * prior) / (count + 2n));
      const trust = prior === 0n ? DEFAULTS.trust : clamp((1_000n * prior) / mean, 50n, 8_000n);
      opinions.set(account, [...(opinions.get(account) ?? []), trust]);
    }
  }
  return new Map([...opinions].map(([account, values]) => [account, lowerMedian(values) ?? DEFAULTS.trust]));
}

/** max(40,000, 4·lower quartile, lower median) of the mean squared errors over three golds or more; 0 without any. */
function priorOf(errors: readonly Errors[]): bigint {
  const means = errors.filter(({ count }) => count >= 3n).map(({ squares, count }) => squares / count);
  if (means.length === 0) return 0n;
  return larger(4n * FLOOR, larger(4n * (lowerQuartile(means) ?? 0n), lowerMedian(means) ?? 0n));
}

/** max(floor, ⌈1,000,000 / max(100, n)⌉) with n the node's counted receipts that could have been drawn. */
function rateLeaves({ nodes, params }: EpochLine, { examinable }: Facts): Due[] {
  return ordered(nodes).map((account) => {
    const n = larger(100n, examinable.get(account) ?? 0n);
    const value = larger(params.floorRateBps, (1_000_000n + n - 1n) / n);
    return { kind: KIND.rate, account, family: ANY_FAMILY, value };
  });
}

function maskLeaves(outcomes: readonly Outcome[] | undefined): Due[] {
  return FAMILIES.map((_name, index) => {
    const family = BigInt(index);
    const own = outcomes?.filter((gold) => gold.family === family && gold.gateway !== gold.node);
    return { kind: KIND.active, account: NOBODY, family, value: own === undefined ? undefined : maskOf(own) };
  });
}

export function maskOf(golds: readonly Outcome[]): bigint {
  const measures = {
    accuracy: golds,
    consistency: golds.filter(({ replays }) => replays >= 2),
    format: golds.filter(({ flags }) => (flags & FLAG.constrained) !== 0n),
  };
  const pairsOf = (name: keyof typeof measures): readonly Pair[] =>
    measures[name].map(({ entries, truth }) => ({ score: consensus(entries)[name], truth }));
  let mask = isRefuted(pairsOf('accuracy')) ? 0n : BIT.accuracy;
  for (const name of ['consistency', 'format'] as const) {
    const pairs = pairsOf(name);
    const isActive = pairs.length < 30 ? (DEFAULTS.mask & BIT[name]) !== 0n : isReliable(pairs);
    if (isActive) mask |= BIT[name];
  }
  return mask;
}

type Pair = { readonly score: bigint; readonly truth: bigint };

/** Twice the mid-rank less its centre: 2·(number below) + (number equal) + 1 − (n + 1). */
function centredRanks(values: readonly bigint[]): readonly bigint[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return BigInt(2 * below + equal - values.length);
  });
}

/** Spearman's rho in basis points; undefined when one side does not vary. */
function rhoOf(pairs: readonly Pair[]): bigint | undefined {
  const a = centredRanks(pairs.map(({ score }) => score));
  const b = centredRanks(pairs.map(({ truth }) => truth));
  const products = (x: readonly bigint[], y: readonly bigint[]) =>
    sum(x.map((value, index) => value * (y[index] ?? 0n)));
  const spread = isqrt(products(a, a) * products(b, b));
  return spread === 0n ? undefined : (10_000n * products(a, b)) / spread;
}

function marginOf(pairs: readonly Pair[]): bigint {
  return 196_000_000n / isqrt(BigInt(pairs.length - 1) * 100_000_000n);
}

function isReliable(pairs: readonly Pair[]): boolean {
  const rho = rhoOf(pairs);
  return rho !== undefined && rho - marginOf(pairs) > 1_000n;
}

/** Thirty golds, ten of them with another truth than the commonest, and still no correlation above 0.1. */
function isRefuted(pairs: readonly Pair[]): boolean {
  const truths = pairs.map(({ truth }) => truth);
  const commonest = Math.max(0, ...truths.map((truth) => truths.filter((other) => other === truth).length));
  if (pairs.length < 30 || pairs.length - commonest < 10) return false;
  return (rhoOf(pairs) ?? 0n) + marginOf(pairs) <= 1_000n;
}
