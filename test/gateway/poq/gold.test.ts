import assert from 'node:assert/strict';

import fc from 'fast-check';

import { activeMask, doubledMidRanks, isReliable, spearmanBps } from '../../../gateway/poq/active.ts';
import { isqrt, floorDiv, lowerMedian } from '../../../gateway/poq/integers.ts';
import { createTable, tableLeaves } from '../../../gateway/poq/table.ts';
import { goldErrors, trustByGolds, trustTable } from '../../../gateway/poq/trust.ts';
import type { GoldSample } from '../../../gateway/poq/trust.ts';
import { FAMILIES, TableKind } from '../../../gateway/protocol/constants.ts';
import { address, bps, check } from './arbitraries.ts';

const G1 = address(901);
const G2 = address(902);

function samples(evaluator: number, error: number, count: number, gateway = G1): GoldSample[] {
  return Array.from({ length: count }, () => ({
    gateway,
    evaluator: address(evaluator),
    accuracy: 5_000 + error,
    truth: 5_000,
  }));
}

describe('integers', () => {
  it('returns the integer square root', () => {
    check(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 200n }), (n) => {
        const root = isqrt(n);
        return root * root <= n && (root + 1n) * (root + 1n) > n;
      }),
    );
    assert.deepEqual([0n, 1n, 2n, 3n, 4n, 8n, 9n].map(isqrt), [0n, 1n, 1n, 1n, 2n, 2n, 3n]);
    assert.throws(() => isqrt(-1n), RangeError);
  });

  it('returns quotients rounded down and the lower of two medians', () => {
    assert.deepEqual([floorDiv(-1n, 8n), floorDiv(-8n, 8n), floorDiv(7n, 8n), floorDiv(-9n, 8n)], [-1n, -1n, 0n, -2n]);
    assert.equal(lowerMedian([4n, 1n, 3n, 2n]), 2n);
    assert.equal(lowerMedian([]), undefined);
  });
});

describe('trust', () => {
  it('returns 1,000 for everybody until somebody has three golds', () => {
    const errors = goldErrors([...samples(1, 4_000, 2), ...samples(2, 0, 2)]).get(G1);
    assert.deepEqual([...trustByGolds(errors ?? new Map()).values()], [1_000, 1_000]);
  });

  it('returns what a calculator says', () => {
    // mean squared errors 40,000, 90,000 and 4,000,000: the reference is 90,000
    const table = trustTable([...samples(1, 200, 10), ...samples(2, 300, 10), ...samples(3, -2_000, 10)]);
    // 1: m = (400,000 + 450,000)/15 = 56,666; 1,000·90,000²/56,666² = 2,522
    // 2: m = 90,000 → 1,000.   3: m = (40,000,000 + 450,000)/15 = 2,696,666 → 1, raised to 250
    assert.deepEqual(
      [...table],
      [
        [address(1), 2_522],
        [address(2), 1_000],
        [address(3), 250],
      ],
    );
  });

  it('returns at most 4,000 and treats errors below one point alike', () => {
    const table = trustTable([
      ...samples(1, 0, 40),
      ...samples(2, 90, 40),
      ...samples(3, 5_000, 40),
      ...samples(4, 5_000, 40),
      ...samples(5, 5_000, 40),
    ]);
    assert.equal(table.get(address(1)), 4_000);
    const good = trustTable([...samples(1, 0, 40), ...samples(2, 90, 40), ...samples(3, 80, 40)]);
    assert.deepEqual([...good.values()], [1_000, 1_000, 1_000]);
  });

  it('returns the lower median over gateways and ignores golds of the evaluator’s own', () => {
    const own = { gateway: address(1), evaluator: address(1), accuracy: 0, truth: 0 };
    const first = [...samples(1, 200, 10), ...samples(2, 300, 10), ...samples(3, 2_000, 10)];
    const second = [...samples(1, 2_000, 10, G2), ...samples(2, 300, 10, G2), ...samples(3, 300, 10, G2)];
    const table = trustTable([...first, ...second, ...Array.from({ length: 50 }, () => own)]);
    assert.equal(table.get(address(1)), 250); // 2,522 by one, 250 by the other
    assert.equal(table.get(address(2)), 1_000);
  });

  it('returns less trust for a larger error, and never outside 250…4,000', () => {
    const errors = fc.array(fc.tuple(bps, bps), { minLength: 3, maxLength: 20 });
    check(
      fc.property(errors, errors, bps, (a, b, extra) => {
        const of = (evaluator: number, list: readonly (readonly [number, number])[], worse = 0): GoldSample[] =>
          list.map(([accuracy, truth]) => ({
            gateway: G1,
            evaluator: address(evaluator),
            accuracy: accuracy + (accuracy >= truth ? worse : -worse),
            truth,
          }));
        const others = [...of(2, b), ...of(3, b), ...of(4, b)];
        const before = trustTable([...of(1, a), ...others]).get(address(1)) ?? 0;
        const after = trustTable([...of(1, a, extra), ...others]).get(address(1)) ?? 0;
        return after <= before && after >= 250 && before <= 4_000;
      }),
    );
  });
});

describe('active dimensions', () => {
  it('returns doubled mid-ranks', () => {
    assert.deepEqual(doubledMidRanks([30, 10, 20, 20, 20]), [10, 2, 6, 6, 6]);
  });

  it('returns Spearman’s rho in basis points', () => {
    const line = Array.from({ length: 10 }, (_, index) => ({ score: index, truth: index * index }));
    assert.equal(spearmanBps(line), 10_000);
    assert.equal(spearmanBps(line.map(({ score, truth }) => ({ score: -score, truth }))), -10_000);
    assert.equal(spearmanBps(line.map(({ score }) => ({ score, truth: 1 }))), undefined);
    // ranks 1 2 3 4 5 against 2 1 4 3 5: 1 − 6·4/(5·24) = 0.8
    const swapped = [2, 1, 4, 3, 5].map((truth, index) => ({ score: index, truth }));
    assert.equal(spearmanBps(swapped), 8_000);
  });

  it('returns the default below thirty golds and the measured answer from there on', () => {
    const good = Array.from({ length: 30 }, (_, index) => ({ score: index, truth: index }));
    const bad = good.map(({ score }) => ({ score: 30 - score, truth: score }));
    assert.equal(activeMask({ accuracy: [], consistency: [], format: [] }), 5);
    assert.equal(activeMask({ accuracy: bad.slice(1), consistency: good.slice(1), format: [] }), 5);
    assert.equal(activeMask({ accuracy: bad, consistency: good, format: [] }), 6);
    assert.equal(activeMask({ accuracy: good, consistency: good, format: bad }), 3);
  });

  it('rejects a correlation that may be chance', () => {
    // 30 golds: the margin is ⌊196,000,000 / isqrt(29·10⁸)⌋ = 3,639, so rho must exceed 4,639
    const chance = Array.from({ length: 30 }, (_, index) => ({ score: (index * 7) % 30, truth: index }));
    const rho = spearmanBps(chance) ?? 0;
    assert.ok(rho < 4_639 && !isReliable(chance));
    assert.equal(isReliable([]), false);
    assert.equal(isReliable([{ score: 1, truth: 1 }]), false);
  });

  it('returns rho within ±10,000 whatever the order of golds', () => {
    const pairs = fc.array(fc.record({ score: bps, truth: fc.constantFrom(0, 2_500, 5_000, 10_000) }), {
      minLength: 2,
      maxLength: 60,
    });
    check(
      fc.property(pairs, (golds) => {
        const rho = spearmanBps(golds);
        return rho === spearmanBps(golds.toReversed()) && (rho === undefined || Math.abs(rho) <= 10_000);
      }),
    );
  });
});

describe('table', () => {
  const inputs = {
    evaluators: [address(2), address(1), address(2)],
    nodes: [address(3)],
    trust: new Map([[address(1), 4_000]]),
    counted: new Map([[address(3), 1_000]]),
    masks: new Map([[0, 3]]),
    floorRateBps: 100,
  };

  it('returns one leaf for everybody active, in a fixed order', () => {
    const leaves = tableLeaves(inputs);
    assert.equal(leaves.length, 2 + 1 + FAMILIES.length);
    assert.deepEqual(leaves.slice(0, 3), [
      { kind: TableKind.trust, account: address(1), family: 255, value: 4_000 },
      { kind: TableKind.trust, account: address(2), family: 255, value: 1_000 },
      { kind: TableKind.rate, account: address(3), family: 255, value: 1_000 },
    ]);
  });

  it('returns what is in force, defaults included', () => {
    const table = createTable(tableLeaves(inputs));
    assert.deepEqual([table.trustOf(address(1)), table.trustOf(address(9))], [4_000, 1_000]);
    assert.deepEqual([table.rateOf(address(3)), table.rateOf(address(1))], [1_000, 10_000]);
    assert.deepEqual([table.maskOf(0), table.maskOf(1)], [3, 5]);
    assert.equal(createTable([]).maskOf(0), 5);
  });
});
