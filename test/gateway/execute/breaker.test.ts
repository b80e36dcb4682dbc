import assert from 'node:assert/strict';

import { createBreaker } from '../../../gateway/execute/breaker.ts';
import type { Breaker } from '../../../gateway/execute/breaker.ts';

describe('the breaker', () => {
  let nowMs = 0;
  let breaker: Breaker;
  const call = (ok: boolean): boolean => {
    if (!breaker.enter('n')) return false;
    if (ok) breaker.succeed('n');
    else breaker.fail('n');
    return true;
  };
  beforeEach(() => {
    nowMs = 1_000;
    const options = { consecutive: 3, window: 10, ratioBps: 5_000, openMs: 100, maxOpenMs: 350, slowStartMs: 1_000 };
    breaker = createBreaker(options, () => nowMs);
  });

  it('opens after failures in a row, for that key alone', () => {
    for (let index = 0; index < 3; index += 1) assert.ok(call(false));
    assert.deepEqual(breaker.stateOf('n'), { state: 'open', untilMs: 1_100 });
    assert.equal(breaker.enter('n'), false);
    assert.ok(breaker.enter('other'));
  });

  it('opens when half of a window failed, though never three in a row', () => {
    for (const ok of [false, true, false, true]) call(ok);
    assert.equal(breaker.stateOf('n').state, 'closed');
    call(false);
    assert.equal(breaker.stateOf('n').state, 'open');
  });

  it('lets one probe through when the pause is over, and closes when it succeeds', () => {
    for (let index = 0; index < 3; index += 1) call(false);
    nowMs += 100;
    assert.ok(breaker.enter('n'));
    assert.equal(breaker.enter('n'), false, 'one probe at a time');
    assert.equal(breaker.stateOf('n').state, 'probing');
    breaker.succeed('n');
    assert.equal(breaker.stateOf('n').state, 'closed');
    assert.ok(call(false), 'one failure later it is still closed');
    assert.equal(breaker.stateOf('n').state, 'closed');
  });

  it('gives calls back from a tenth to all of them once it has closed again', () => {
    for (let index = 0; index < 3; index += 1) call(false);
    nowMs += 100;
    call(true);
    const taken = (): number => Array.from({ length: 100 }, () => breaker.yields('n')).filter((gives) => !gives).length;
    const shares = [0, 250, 500, 750, 1_000].map((afterMs) => {
      nowMs = 1_100 + afterMs;
      return taken();
    });
    assert.deepEqual(shares, [10, 32, 55, 78, 100]);
    assert.equal(breaker.yields('other'), false);
  });

  it('doubles the pause with every probe that fails, up to its bound', () => {
    for (let index = 0; index < 3; index += 1) call(false);
    const pauses: number[] = [];
    for (let index = 0; index < 4; index += 1) {
      const state = breaker.stateOf('n');
      assert.equal(state.state, 'open');
      pauses.push('untilMs' in state ? state.untilMs - nowMs : 0);
      nowMs += pauses.at(-1) ?? 0;
      assert.ok(call(false));
    }
    assert.deepEqual(pauses, [100, 200, 350, 350]);
  });

  it('keeps the pause as it is when calls fail that were under way when it opened', () => {
    for (let index = 0; index < 8; index += 1) assert.ok(breaker.enter('n'));
    for (let index = 0; index < 8; index += 1) breaker.fail('n');
    assert.deepEqual(breaker.stateOf('n'), { state: 'open', untilMs: 1_100 });
  });

  it('gives the probe back when its caller left', () => {
    for (let index = 0; index < 3; index += 1) call(false);
    nowMs += 100;
    assert.ok(breaker.enter('n'));
    breaker.leave('n');
    assert.ok(breaker.enter('n'));
  });

  it('honours a pause, whatever else is known', () => {
    breaker.pause('n', 50);
    assert.deepEqual(breaker.stateOf('n'), { state: 'paused', untilMs: 1_050 });
    assert.equal(breaker.enter('n'), false);
    breaker.pause('n', 10);
    assert.equal(breaker.enter('n'), false, 'a shorter pause does not end a longer one');
    nowMs += 50;
    assert.ok(breaker.enter('n'));
  });
});
