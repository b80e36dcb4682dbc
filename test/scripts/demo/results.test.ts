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
  const base = { ...named('good'), requests: 40, earned: 1_000n, volume: 10n, accuracyBps: 9_000 };
  const middling = { ...base, name: 'middling', earned: 700n, accuracyBps: 6_000 };
  const worse = { ...base, name: 'worse', earned: 500n, accuracyBps: 3_000 };
  const ofNodes = (...nodes: OperatorResult[]) => checkMerit(nodes, '')[0];

  it('returns ok when in every pair that is clearly apart the better node gets more per unit', () => {
    assert.equal(ofNodes(base, worse, middling)?.ok, true);
    assert.equal(ofNodes(base, { ...worse, earned: 1_000n })?.ok, false);
    assert.equal(ofNodes(base)?.ok, false);
  });

  it('rejects a middle that is paid out of order and names the pair, although best and worst are in order', () => {
    const check = ofNodes(base, { ...middling, earned: 400n }, worse);
    assert.equal(check?.ok, false);
    assert.match(check.detail, /^middling \(60 % right\) gets .* per unit, worse \(30 % right\) gets .* per unit$/);
    assert.equal(ofNodes(base, { ...middling, earned: 1_100n }, worse)?.ok, false);
  });

  it('returns nothing about nodes that are near each other or hardly worked', () => {
    const near = { ...base, name: 'near', earned: 1_100n, accuracyBps: 6_501 };
    assert.equal(ofNodes(base, near, worse)?.ok, true);
    assert.equal(ofNodes(base, { ...near, accuracyBps: 6_500 }, worse)?.ok, false);
    assert.equal(ofNodes(base, worse, { ...middling, earned: 5_000n, requests: 9 })?.ok, true);
    assert.equal(ofNodes(base, near)?.ok, false);
  });

  const judge = { ...named('evaluator-1'), perEpoch: [5n, 10n, 10n] };
  const other = { ...judge, name: 'evaluator-3', perEpoch: [5n, 20n, 20n] };
  const liar = { ...named('evaluator-2'), perEpoch: [50n, 1n, 0n] };
  const verdict = (evaluators: OperatorResult[]): boolean | undefined => checkMerit(evaluators, 'evaluator-2')[1]?.ok;

  it('returns ok when the liar gets less than every honest one after the first epoch, whatever it got in it', () => {
    assert.equal(verdict([judge, other, liar]), true);
    assert.equal(verdict([judge, other, { ...liar, perEpoch: [0n, 9n, 9n] }]), true);
  });

  it('rejects a liar between the honest ones, in one epoch or in sum', () => {
    assert.equal(verdict([judge, other, { ...liar, perEpoch: [0n, 12n, 0n] }]), false);
    assert.equal(verdict([judge, other, { ...liar, perEpoch: [0n, 0n, 10n] }]), false);
    assert.equal(
      verdict([judge, other, { ...liar, perEpoch: [0n, 9n, 9n] }, { ...judge, perEpoch: [0n, 18n] }]),
      false,
    );
    assert.equal(verdict([other, liar, { ...judge, perEpoch: [9n, 0n, 0n] }]), false);
    assert.equal(verdict([liar]), false);
  });

  it('returns ok when an honest one and the liar got nothing in an epoch, and not when the liar got something', () => {
    assert.equal(verdict([other, { ...judge, perEpoch: [5n, 10n, 0n] }, liar]), true);
    assert.equal(verdict([other, { ...judge, perEpoch: [5n, 10n, 0n] }, { ...liar, perEpoch: [0n, 0n, 1n] }]), false);
  });
});
