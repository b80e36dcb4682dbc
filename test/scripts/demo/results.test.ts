import assert from 'node:assert/strict';

import { checkMerit } from '../../../scripts/demo/merit.ts';
import { operatorResults } from '../../../scripts/demo/results.ts';
import type { OperatorResult } from '../../../scripts/demo/results.ts';
import { resultLines } from '../../../scripts/demo/table.ts';
import { createWorld, members } from './world.ts';

const { input } = createWorld();
const results = operatorResults({ members, datasets: input.datasets, facts: input.facts, sent: input.sent });
const named = (name: string): OperatorResult => {
  const found = results.find((result) => result.name === name);
  assert.ok(found, name);
  return found;
};

describe('demo/results', () => {
  it('returns what a node did, what its weight gave, and what the cap took off', () => {
    const { requests, examined, scoreBps, volume, shareBps, earned, claimed, capped, accuracyBps } = named('good');
    assert.deepEqual([requests, examined, scoreBps, volume], [1, 1, 9_000, 40n]);
    assert.deepEqual([shareBps, earned, claimed, capped, accuracyBps], [10_000, 700n, 175n, 525n, 10_000]);
  });

  it('returns the work of a node that earned nothing although no leaf tells of it', () => {
    const { requests, scoreBps, volume, earned, claimed } = named('bad');
    assert.deepEqual([requests, scoreBps, volume, earned, claimed], [1, 0, 40n, 0n, 0n]);
  });

  it('returns reveals and trust of evaluators, and the receipts of the gateway', () => {
    assert.deepEqual([named('evaluator-1').examined, named('evaluator-1').trust], [2, 1_500]);
    assert.deepEqual(
      [named('evaluator-2').note, named('evaluator-2').trust, named('evaluator-2').claimed],
      ['lies', 250, 0n],
    );
    assert.deepEqual([named('gateway').requests, named('gateway').volume], [2, 80n]);
  });

  it('returns tables that name everybody once, and every check', () => {
    const checks = [
      { name: 'first', ok: true, detail: 'fine' },
      { name: 'second', ok: false, detail: 'not fine' },
    ];
    const lines = resultLines(results, checks);
    for (const { name } of results) assert.equal(lines.filter((line) => line.startsWith(name)).length, 1, name);
    assert.ok(lines.includes('  ok   first: fine') && lines.includes('  FAIL second: not fine'));
    assert.ok(lines.every((line) => line.length <= 160 && line === line.trimEnd()));
  });
});

describe('demo/merit', () => {
  const base = { ...named('good'), earned: 1_000n, volume: 10n, accuracyBps: 9_000 };

  it('returns ok when the better node gets more per unit, and not otherwise', () => {
    const worse = { ...base, name: 'worse', earned: 500n, accuracyBps: 4_000 };
    assert.equal(checkMerit([base, worse], '')[0]?.ok, true);
    assert.equal(checkMerit([base, { ...worse, earned: 1_000n }], '')[0]?.ok, false);
    assert.equal(checkMerit([base], '')[0]?.ok, false);
  });

  it('returns ok when the liar gets less than the honest ones after the first epoch, whatever it got in it', () => {
    const judge = { ...named('evaluator-1'), perEpoch: [5n, 10n, 10n] };
    const liar = { ...named('evaluator-2'), perEpoch: [50n, 1n, 0n] };
    const verdict = (evaluators: OperatorResult[]): boolean | undefined => checkMerit(evaluators, 'evaluator-2')[1]?.ok;
    assert.equal(verdict([judge, liar]), true);
    assert.equal(verdict([judge, { ...liar, perEpoch: [0n, 10n, 10n] }]), false);
    assert.equal(
      verdict([
        { ...judge, perEpoch: [9n, 0n, 0n] },
        { ...liar, perEpoch: [0n, 0n, 0n] },
      ]),
      false,
    );
  });
});
