import assert from 'node:assert/strict';

import { SettingsError } from '../../../gateway/lib/settings.ts';
import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import { paramsHash } from '../../../gateway/protocol/commitments.ts';
import { requireSameRules, requireWholeStore } from '../../../gateway/wiring/start-checks.ts';
import { hash } from '../background.fixtures.ts';

const problemsOf = (run: () => void): readonly string[] => {
  try {
    run();
    return [];
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    return error.problems;
  }
};

describe('requireSameRules', () => {
  const own = paramsHash(DEFAULT_PARAMS);
  const { floorRateBps } = DEFAULT_PARAMS;

  it('accepts the parameters on chain with a rate floor at or above the registry’s', () => {
    for (const floorBps of [floorRateBps, floorRateBps - 1]) {
      assert.deepEqual(
        problemsOf(() => requireSameRules(DEFAULT_PARAMS, { paramsHash: own, floorBps })),
        [],
      );
    }
  });

  it('rejects other parameters and a lower rate floor, one line each', () => {
    const problems = problemsOf(() =>
      requireSameRules(DEFAULT_PARAMS, { paramsHash: hash(1), floorBps: floorRateBps + 1 }),
    );
    assert.equal(problems.length, 2);
    assert.match(problems[0] ?? '', /^DGRID_PARAMS: the file hashes to/);
    assert.match(problems[1] ?? '', new RegExp(`floorRateBps is ${floorRateBps}, the registry's floor is`));
  });
});

describe('requireWholeStore', () => {
  const check = (onChain: bigint, stored: bigint, accepted = false): readonly string[] =>
    problemsOf(() => requireWholeStore({ onChain, stored }, accepted));

  it('accepts a store that is level with the chain or ahead of it', () => {
    for (const [onChain, stored] of [
      [0n, 0n],
      [7n, 7n],
      [7n, 12n],
    ] as const) {
      assert.deepEqual(check(onChain, stored), []);
    }
  });

  it('rejects an empty and an old store in one line that names the way out, unless it was accepted', () => {
    for (const stored of [0n, 6n]) {
      const problems = check(7n, stored);
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? '', /DGRID_ACCEPT_LOST_STORE=true/);
      assert.deepEqual(check(7n, stored, true), []);
    }
  });
});
