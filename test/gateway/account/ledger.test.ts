import assert from 'node:assert/strict';

import fc from 'fast-check';

import { createLedger } from '../../../gateway/account/ledger.ts';
import type { Hold, Ledger } from '../../../gateway/account/ledger.ts';
import type { KeyTerms } from '../../../gateway/account/key-file.ts';
import type { SpentTotal } from '../../../gateway/account/ports.ts';
import { DgridError } from '../../../gateway/errors.ts';
import { runs } from '../../deep.ts';

const HASH = 'ab'.repeat(32);
const DAY = 86_400_000;

type World = { readonly ledger: Ledger; nowMs: number };

function open(terms: KeyTerms, totals: readonly SpentTotal[] = []): World {
  const world = { nowMs: 10 * DAY } as { ledger: Ledger; nowMs: number };
  world.ledger = createLedger({
    keyOf: (hash) => (hash === HASH ? { hash, name: 'a', ...terms } : undefined),
    totals,
    nowMs: () => world.nowMs,
  });
  return world;
}

const need =
  (microUsd: bigint, tokens = 0n) =>
  () => ({ microUsd, tokens });

function settle(hold: Hold, microUsd: bigint, tokens = 0n): bigint {
  const charge = hold.charge(microUsd, tokens);
  assert.ok(charge);
  hold.settle(charge);
  return charge.microUsd;
}

function refusal(run: () => unknown): DgridError {
  try {
    run();
  } catch (error) {
    if (error instanceof DgridError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: 'nothing was refused' });
}

type Numbers = { readonly amount: bigint; readonly real: bigint; readonly which: number };

/** Requests in any order against one key with every kind of bound, and what must hold after each step. */
function createPlay() {
  const world = open({
    creditMicroUsd: 300n,
    dailyBudgetMicroUsd: 150n,
    microUsdPerMinute: 100n,
    requestsPerMinute: 9n,
  });
  const holds: Hold[] = [];
  let settled = 0n;
  const pull = (which: number): Hold | undefined => holds.splice(which % Math.max(1, holds.length), 1)[0];
  return {
    reserve({ amount }: Numbers) {
      try {
        holds.push(world.ledger.reserve(HASH, need(amount, 0n)));
      } catch (error) {
        assert.ok(error instanceof DgridError && [402, 429].includes(error.statusCode));
      }
    },
    settle({ real, which }: Numbers) {
      const hold = pull(which);
      if (hold !== undefined) settled += settle(hold, real);
    },
    release({ which }: Numbers) {
      pull(which)?.release();
    },
    wait({ which }: Numbers) {
      world.nowMs += which * 7_000;
    },
    check() {
      const view = world.ledger.view(HASH);
      assert.ok(view !== undefined && view.spent + view.reserved <= 300n && view.reserved >= 0n);
      assert.ok(view.spentToday <= 150n);
      assert.ok(view.minute.microUsd.used <= 100n && view.minute.requests.used <= 9n);
      assert.equal(view.spent, settled);
    },
    end() {
      for (const hold of holds) hold.release();
      assert.equal(world.ledger.view(HASH)?.reserved, 0n);
    },
  };
}

describe('the ledger', () => {
  it('holds the worst case until the real price is known, and then only that', () => {
    const { ledger } = open({ creditMicroUsd: 100n });
    const first = ledger.reserve(HASH, need(60n));
    const refused = refusal(() => ledger.reserve(HASH, need(60n)));
    assert.equal(refused.code, 'DGRID_INSUFFICIENT_CREDIT');
    assert.match(refused.message, /up to 0\.000060 USD.*0\.000040 USD is left.*0\.000020 USD is missing/);
    assert.equal(settle(first, 10n), 10n);
    const second = ledger.reserve(HASH, need(90n));
    second.release();
    second.release();
    const charge = second.charge(5n, 0n);
    assert.ok(charge);
    second.settle(charge); // ended before: counts no more
    assert.deepEqual([ledger.view(HASH)?.spent, ledger.view(HASH)?.reserved], [10n, 0n]);
  });

  it('charges no more than was held, whatever an answer turned out to be', () => {
    const { ledger } = open({ budgetMicroUsd: 100n });
    assert.equal(settle(ledger.reserve(HASH, need(60n)), 1_000n), 60n);
    assert.equal(ledger.view(HASH)?.spent, 60n);
  });

  it('charges a key without bounds its price, asks for no worst case, and gateway traffic nothing', () => {
    const { ledger } = open({});
    const hold = ledger.reserve(HASH, () => assert.fail('worked out for nothing'));
    assert.equal(settle(hold, 77n), 77n);
    assert.equal(ledger.reserve('cd'.repeat(32), need(5n)).charge(5n, 5n), undefined);
    assert.equal(ledger.view('cd'.repeat(32)), undefined);
  });

  it('gives a day its budget anew at midnight UTC, and books an answer on the day it was let in', () => {
    const world = open({ dailyBudgetMicroUsd: 100n });
    const late = world.ledger.reserve(HASH, need(100n));
    assert.equal(refusal(() => world.ledger.reserve(HASH, need(1n))).code, 'DGRID_BUDGET_EXCEEDED');
    world.nowMs += DAY;
    const next = world.ledger.reserve(HASH, need(100n));
    assert.equal(late.charge(80n, 0n)?.day, 10);
    assert.equal(next.charge(80n, 0n)?.day, 11);
    settle(late, 80n);
    settle(next, 70n);
    assert.deepEqual([world.ledger.view(HASH)?.spentToday, world.ledger.view(HASH)?.spent], [70n, 150n]);
  });

  it('starts from what the store says was spent', () => {
    const totals = [{ keyHash: HASH, microUsd: 90n, todayMicroUsd: 40n, requests: 3n }];
    const all = open({ creditMicroUsd: 100n }, totals).ledger;
    assert.equal(refusal(() => all.reserve(HASH, need(11n))).code, 'DGRID_INSUFFICIENT_CREDIT');
    const today = open({ dailyBudgetMicroUsd: 50n }, totals).ledger;
    assert.equal(refusal(() => today.reserve(HASH, need(11n))).code, 'DGRID_BUDGET_EXCEEDED');
    today.reserve(HASH, need(10n));
  });

  it('refuses what does not fit into the minute, says when it will, and lets it in then', () => {
    const world = open({ requestsPerMinute: 2n, tokensPerMinute: 100n });
    settle(world.ledger.reserve(HASH, need(0n, 30n)), 0n, 10n);
    world.nowMs += 30_500;
    settle(world.ledger.reserve(HASH, need(0n, 90n)), 0n, 90n);
    const refused = refusal(() => world.ledger.reserve(HASH, need(0n, 1n)));
    assert.deepEqual(
      [refused.code, refused.context.retryAfterMs, refused.retryable],
      ['DGRID_RATE_LIMITED', 29_500, true],
    );
    world.nowMs += 29_499;
    assert.equal(refusal(() => world.ledger.reserve(HASH, need(0n, 1n))).context.retryAfterMs, 1);
    world.nowMs += 1;
    world.ledger.reserve(HASH, need(0n, 10n));
    const large = refusal(() => world.ledger.reserve(HASH, need(0n, 101n)));
    assert.deepEqual([large.code, large.retryable], ['DGRID_REQUEST_ABOVE_LIMIT', false]);
  });

  it('does not hold what was used against a key for hours when the clock is put back by hours', () => {
    const world = open({ requestsPerMinute: 1n });
    settle(world.ledger.reserve(HASH, need(0n)), 0n);
    world.nowMs -= 10_800_000;
    world.ledger.reserve(HASH, need(0n));
    assert.equal(refusal(() => world.ledger.reserve(HASH, need(0n))).code, 'DGRID_RATE_LIMITED');
  });

  it('never lets spending and reservations exceed a bound, in any order of events', () => {
    const step = fc.record({
      kind: fc.constantFrom('reserve' as const, 'settle' as const, 'release' as const, 'wait' as const),
      amount: fc.bigInt({ min: 0n, max: 60n }),
      real: fc.bigInt({ min: 0n, max: 200n }),
      which: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const play = createPlay();
        for (const { kind, ...numbers } of steps) {
          play[kind](numbers);
          play.check();
        }
        play.end();
      }),
      { seed: 7, numRuns: runs(300, 20_000) },
    );
  });
});
