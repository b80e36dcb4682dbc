import assert from 'node:assert/strict';

import { repeat } from '../../../gateway/lib/repeat.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('repeat', () => {
  it('runs at the start and when poked, never twice at once, and not after its stop', async () => {
    let running = 0;
    let runs = 0;
    const ends: (() => void)[] = [];
    const task = repeat(
      async () => {
        runs += 1;
        running += 1;
        assert.equal(running, 1);
        await new Promise<void>((resolve) => ends.push(resolve));
        running -= 1;
      },
      { everyMs: 1_000_000, onError: assert.ifError },
    );
    task.poke();
    assert.equal(runs, 0, 'not before it was started');
    task.start();
    task.poke();
    assert.equal(runs, 1);
    ends.pop()?.();
    await turn();
    task.poke();
    assert.equal(runs, 2);
    let stopped = false;
    const stopping = task.stop().then(() => {
      stopped = true;
    });
    await turn();
    assert.equal(stopped, false);
    ends.pop()?.();
    await stopping;
    task.poke();
    assert.equal(runs, 2);
  });

  it('reports a run that fails and runs again', async () => {
    const errors: unknown[] = [];
    let runs = 0;
    const task = repeat(() => Promise.reject(new Error(`run ${(runs += 1)}`)), {
      everyMs: 1_000_000,
      onError: (error) => errors.push(String(error)),
    });
    task.start();
    await turn();
    task.poke();
    await turn();
    await task.stop();
    assert.deepEqual(errors, ['Error: run 1', 'Error: run 2']);
  });
});
