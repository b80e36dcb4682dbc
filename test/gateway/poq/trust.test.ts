import assert from 'node:assert/strict';

import fc from 'fast-check';

import { lowerMedian } from '../../../gateway/poq/integers.ts';
import { goldErrors, priorError, trustByGolds, trustTable as trustTableOf } from '../../../gateway/poq/trust.ts';
import type { GoldError, GoldSample } from '../../../gateway/poq/trust.ts';
import type { Address } from '../../../gateway/protocol/types.ts';
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

/** Evaluators 1, 2, … with these mean errors on this many golds each. */
function errorsOf(means: readonly number[], count = 50): Map<Address, GoldError> {
  return new Map(
    means.map((mean, index) => [address(index + 1), { squares: BigInt(mean * mean) * BigInt(count), count }]),
  );
}

/** Everybody who was measured is active. */
function trustTable(given: readonly GoldSample[]): Map<Address, number> {
  return trustTableOf(given, [...new Set(given.map(({ evaluator }) => evaluator))]);
}

describe('trust', () => {
  it('returns 1,000 for everybody until somebody has three golds', () => {
    const errors = goldErrors([...samples(1, 4_000, 2), ...samples(2, 0, 2)]).get(G1);
    assert.deepEqual([...trustByGolds(errors ?? new Map()).values()], [1_000, 1_000]);
  });

  it('returns what a calculator says', () => {
    // mean squared errors 40,000, 90,000 and 4,000,000: the lower quartile is 40,000, the prior four times that
    const table = trustTable([...samples(1, 200, 10), ...samples(2, 300, 10), ...samples(3, -2_000, 10)]);
    // 1: m = (400,000 + 320,000)/12 = 60,000; 1,000·160,000/60,000 = 2,666.   2: m = 101,666 → 1,573
    // 3: m = (40,000,000 + 320,000)/12 = 3,360,000 → 47, raised to 50
    assert.deepEqual(
      [...table],
      [
        [address(1), 2_666],
        [address(2), 1_573],
        [address(3), 50],
      ],
    );
  });

  it('returns a prior that follows the good quarter, and the median where that is more than four times worse', () => {
    const prior = (...means: readonly number[]) => priorError(errorsOf(means).values());
    assert.equal(prior(1_000, 1_000, 1_000, 1_000, 1_000), 4_000_000n);
    assert.equal(prior(1_000, 1_000, 5_000, 5_000, 5_000), 25_000_000n); // three of five lie: the median is a liar
    assert.equal(prior(10, 1_000, 1_000, 1_000, 1_000), 4_000_000n); // one of five knows the golds: as if it were not there
    assert.equal(prior(10, 10, 1_000, 1_000, 1_000), 1_000_000n); // two of five: the median holds
    assert.equal(prior(0, 0, 0), 40_000n);
    assert.equal(prior(), undefined);
  });

  it('returns at most 8,000 and treats errors below one point alike', () => {
    const table = trustTable([
      ...samples(1, 0, 40),
      ...samples(2, 90, 40),
      ...samples(3, 5_000, 40),
      ...samples(4, 5_000, 40),
      ...samples(5, 5_000, 40),
    ]);
    assert.equal(table.get(address(1)), 8_000);
    const good = trustTable([...samples(1, 0, 400), ...samples(2, 90, 400), ...samples(3, 80, 400)]);
    assert.deepEqual([...good.values()], [4_000, 4_000, 4_000]);
  });

  it('returns the lower median over gateways and ignores golds of the evaluator’s own', () => {
    const own = { gateway: address(1), evaluator: address(1), accuracy: 0, truth: 0 };
    const first = [...samples(1, 200, 10), ...samples(2, 300, 10), ...samples(3, 2_000, 10)];
    const second = [...samples(1, 2_000, 10, G2), ...samples(2, 200, 10, G2), ...samples(3, 300, 10, G2)];
    const table = trustTable([...first, ...second, ...Array.from({ length: 50 }, () => own)]);
    assert.equal(table.get(address(1)), 50); // 2,666 by one, 50 by the other
    assert.equal(table.get(address(2)), 1_573); // 1,573 by one, 2,666 by the other
  });

  it('returns nothing for who has left, nor asks who that was for what is usual', () => {
    const honest = [1, 2, 3, 4, 5].flatMap((index) => samples(index, 1_000, 20));
    const left = Array.from({ length: 20 }, (_, index) => samples(10 + index, 9_000, 20)).flat();
    const active = [1, 2, 3, 4, 5].map(address);
    assert.deepEqual(trustTableOf([...honest, ...left], active), trustTableOf(honest, active));
    assert.deepEqual([...trustTableOf([...honest, ...left], active).keys()], active);
  });

  it('returns 1,000 for a newcomer’s prior: a quarter of what a proven good one has, more than a proven liar', () => {
    const errors = errorsOf([1_000, 1_000, 1_000, 3_000], 400);
    errors.set(address(9), { squares: 2_000n * 2_000n, count: 1 }); // one gold, just as bad as the prior takes it for
    const trust = trustByGolds(errors);
    const of = (index: number): number => trust.get(address(index)) ?? 0;
    assert.equal(of(9), 1_000);
    assert.ok(of(1) > 3_900 && of(1) <= 4_000);
    assert.ok(of(4) > 400 && of(4) < 500);
  });

  it('returns less trust for a larger error, and never outside 50…8,000', () => {
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
        const others = Array.from({ length: 5 }, (_, index) => of(index + 2, b)).flat();
        const before = trustTable([...of(1, a), ...others]).get(address(1)) ?? 0;
        const after = trustTable([...of(1, a, extra), ...others]).get(address(1)) ?? 0;
        return after <= before && after >= 50 && before <= 8_000;
      }),
    );
  });

  it('returns at least 1,000 for the better half, whatever the others know: no few can crush the many', () => {
    const list = fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 25 });
    check(
      fc.property(list, fc.integer({ min: 3, max: 200 }), (means, count) => {
        const errors = errorsOf(means, count);
        const median = lowerMedian(means.map((mean) => BigInt(mean * mean))) ?? 0n;
        const trust = trustByGolds(errors);
        return [...errors].every(
          ([account, { squares }]) => squares / BigInt(count) > median || (trust.get(account) ?? 0) >= 1_000,
        );
      }),
    );
  });

  it('returns the same for a good evaluator whether up to three quarters of the others lie a lot or more', () => {
    const good = [900, 1_000, 1_100, 1_000, 1_000];
    const beside = (lie: number): number[] =>
      [...trustByGolds(errorsOf([...good, ...Array.from({ length: 4 }, () => lie)])).values()].slice(0, good.length);
    assert.deepEqual(beside(3_000), beside(9_000));
    const outnumbered = (lie: number): number[] => [
      ...trustByGolds(errorsOf([...good, ...Array.from({ length: 14 }, () => lie)])).values(),
    ];
    for (const lie of [3_000, 5_000, 9_000]) {
      const trust = outnumbered(lie);
      assert.ok((trust[0] ?? 0) > 2 * (trust[6] ?? 0), `${trust[0]} beside ${trust[6]} at ${lie}`);
    }
  });
});
