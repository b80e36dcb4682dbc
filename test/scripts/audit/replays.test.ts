import assert from 'node:assert/strict';

import { createReplays } from '../../../scripts/audit/replays.ts';
import { Wrong } from '../../../scripts/audit/wrong.ts';

const LINES: Readonly<Record<string, number>> = { a: 2, b: 3, r1: 4, r2: 5, r3: 6, r4: 7 };
const USER = { node: 'own', model: 'm0', isReplay: false, replays: [] };
const REPLAY = { isReplay: true, replays: [] };

/** Two receipts, and replays of three nodes with two models; one is by the node of both receipts. */
function check(a: readonly string[], b: readonly string[] = []): number {
  const replays = createReplays();
  replays.add('a', { ...USER, line: 2, replays: a });
  replays.add('b', { ...USER, line: 3, replays: b });
  replays.add('r1', { ...REPLAY, line: 4, node: 'other', model: 'm1' });
  replays.add('r2', { ...REPLAY, line: 5, node: 'third', model: 'm2' });
  replays.add('r3', { ...REPLAY, line: 6, node: 'fourth', model: 'm2' });
  replays.add('r4', { ...REPLAY, line: 7, node: 'own', model: 'm3' });
  return replays.check((id) => LINES[id]);
}

describe('scripts/audit, replays', () => {
  it('counts those that stand in no line, and accepts what may be compared', () => {
    assert.equal(check([]), 0);
    assert.equal(check(['r1', 'r2'], ['r3']), 0);
    assert.equal(check(['r1', 'late'], ['later']), 2);
  });

  it('names what is no replay, was counted before, or is by the same node or model', () => {
    const cases: readonly [readonly string[], readonly string[], number, string, RegExp][] = [
      [['r1', 'b'], [], 2, 'replays[1]', /line 3 is not flagged as a replay/],
      [['r1'], ['r2', 'r1'], 3, 'replays[1]', /line 4 is a replay of line 2 too/],
      [['r4'], [], 2, 'replays[0]', /line 7 is by the node that it is compared with/],
      [['r2', 'r3'], [], 2, 'replays[1]', /line 6 is by a model that has answered already/],
    ];
    for (const [a, b, line, field, message] of cases)
      assert.throws(
        () => check(a, b),
        (error) =>
          error instanceof Wrong && error.line === line && error.field === field && message.test(error.message),
      );
  });
});
