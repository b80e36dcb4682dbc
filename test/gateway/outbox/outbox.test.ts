import assert from 'node:assert/strict';
import { mock } from 'node:test';

import { backoffMs, createOutbox } from '../../../gateway/outbox/outbox.ts';
import type { Handler, OutboxDeps, OutboxLog, OutboxRow } from '../../../gateway/outbox/outbox.ts';

type Row = OutboxRow & { readonly done: boolean; readonly nextAtMs: number };
type Gate = { readonly promise: Promise<void>; readonly open: () => void };

function gate(): Gate {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** Lets everything that is ready to run, run. Nothing here waits for time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function world(kinds: readonly string[]) {
  const rows = new Map<string, Row>(
    kinds.map((kind, index) => {
      const key = `${kind}:${index}`;
      return [key, { key, kind, payload: { index }, attempts: 0, done: false, nextAtMs: 0 }];
    }),
  );
  let nowMs = 1_000;
  const log: OutboxLog = {
    due: (now, limit) =>
      Promise.resolve([...rows.values()].filter((row) => !row.done && row.nextAtMs <= now).slice(0, limit)),
    postpone: (key, attempts, nextAtMs) => {
      const row = rows.get(key);
      if (row !== undefined && !row.done) rows.set(key, { ...row, attempts, nextAtMs });
      return Promise.resolve();
    },
  };
  const errors: [string, string, number][] = [];
  const deps = (handlers: Readonly<Record<string, Handler>>, fields: Partial<OutboxDeps> = {}): OutboxDeps => ({
    log,
    handlers,
    now: () => nowMs,
    pollMs: 1_000_000,
    concurrency: 4,
    onError: (row, error, retryInMs) => errors.push([row.key, String(error), retryInMs]),
    ...fields,
  });
  return {
    rows,
    log,
    errors,
    deps,
    finish: (key: string) => {
      const row = rows.get(key);
      if (row !== undefined) rows.set(key, { ...row, done: true });
      return 'finished' as const;
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe('backoffMs', () => {
  it('doubles from 200 ms and never passes half a minute', () => {
    assert.deepEqual([0, 1, 2, 7, 8, 1e9].map(backoffMs), [200, 400, 800, 25_600, 30_000, 30_000]);
  });
});

describe('outbox', () => {
  it('runs every due row to its end, once', async () => {
    const { deps, finish, rows } = world(['a', 'a', 'b', 'a', 'b', 'a', 'a']);
    const runs: string[] = [];
    const handler: Handler = (row) => {
      runs.push(row.key);
      return Promise.resolve(finish(row.key));
    };
    const outbox = createOutbox(deps({ a: handler, b: handler }, { concurrency: 2 }));
    outbox.start();
    await settle();
    await outbox.stop();
    assert.deepEqual(runs.toSorted(), [...rows.keys()].toSorted());
  });

  it('postpones what throws, longer each time, and runs it again when its time has come', async () => {
    const { deps, errors, pass, finish, rows } = world(['a']);
    let runs = 0;
    const outbox = createOutbox(
      deps({
        a: (row) => {
          runs += 1;
          if (runs < 3) throw new Error(`try ${row.attempts}`); // synchronously: no promise to reject
          return Promise.resolve(finish(row.key));
        },
      }),
    );
    outbox.start();
    await settle();
    outbox.poke();
    await settle();
    assert.equal(runs, 1);
    pass(200);
    outbox.poke();
    await settle();
    pass(399);
    outbox.poke();
    await settle();
    assert.equal(runs, 2);
    pass(1);
    outbox.poke();
    await settle();
    assert.deepEqual([runs, rows.get('a:0')?.done], [3, true]);
    assert.deepEqual(errors, [
      ['a:0', 'Error: try 0', 200],
      ['a:0', 'Error: try 1', 400],
    ]);
    await outbox.stop();
  });

  it('waits without counting an attempt when a step is only too early', async () => {
    const { deps, rows, errors } = world(['a']);
    const outbox = createOutbox(deps({ a: () => Promise.resolve({ waitMs: 70 }) }));
    outbox.start();
    await settle();
    await outbox.stop();
    assert.deepEqual([rows.get('a:0')?.attempts, rows.get('a:0')?.nextAtMs, errors], [0, 1_070, []]);
  });

  it('reports a kind without a handler, and keeps its row', async () => {
    const { deps, errors, rows } = world(['unheard', 'a']);
    const outbox = createOutbox(deps({ a: (row) => Promise.reject(new Error(row.key)) }));
    outbox.start();
    await settle();
    await outbox.stop();
    assert.match(errors.find(([key]) => key === 'unheard:0')?.[1] ?? '', /no handler/);
    assert.equal(rows.get('unheard:0')?.done, false);
  });

  it('holds the bound on rows in work, and never runs one twice at the same time', async () => {
    const { deps, finish, rows } = world(Array.from({ length: 9 }, () => 'a'));
    const gates = new Map<string, Gate>();
    let most = 0;
    let total = 0;
    const outbox = createOutbox(
      deps(
        {
          a: async (row) => {
            assert.ok(!gates.has(row.key), `${row.key} is in work already`);
            const own = gate();
            gates.set(row.key, own);
            total += 1;
            most = Math.max(most, gates.size);
            await own.promise;
            gates.delete(row.key);
            return finish(row.key);
          },
        },
        { concurrency: 3 },
      ),
    );
    outbox.start();
    for (let turn = 0; turn < 9; turn += 1) {
      await settle();
      outbox.poke();
      outbox.poke();
      await settle();
      [...gates.values()][turn % 2]?.open();
      [...gates.values()][0]?.open();
    }
    await settle();
    await outbox.stop();
    assert.deepEqual([most, total], [3, rows.size]);
  });

  it('does not run a row again that ended while the due rows were being read', async () => {
    const { deps, finish, log } = world(['a', 'a']);
    const reading = gate();
    const first = gate();
    const runs: string[] = [];
    let reads = 0;
    const slow: OutboxLog = {
      ...log,
      async due(now, limit) {
        const rows = await log.due(now, limit);
        reads += 1;
        if (reads === 2) await reading.promise; // read before the row was finished, delivered after
        return rows;
      },
    };
    const outbox = createOutbox(
      deps(
        {
          a: async (row) => {
            runs.push(row.key);
            if (row.key === 'a:0') await first.promise;
            return finish(row.key);
          },
        },
        { log: slow },
      ),
    );
    outbox.start();
    await settle(); // a:1 has ended and its poke is reading; a:0 is in work
    first.open();
    await settle();
    reading.open();
    await settle();
    await outbox.stop();
    assert.deepEqual(runs.toSorted(), ['a:0', 'a:1']);
  });

  it('starts rows that were added while it was looking, without waiting for the next poll', async () => {
    const { deps, finish, log, rows } = world([]);
    const reading = gate();
    let reads = 0;
    const slow: OutboxLog = {
      ...log,
      async due(now, limit) {
        const found = await log.due(now, limit);
        reads += 1;
        if (reads === 1) await reading.promise;
        return found;
      },
    };
    const outbox = createOutbox(deps({ a: (row) => Promise.resolve(finish(row.key)) }, { log: slow }));
    outbox.start();
    await settle();
    rows.set('a:0', { key: 'a:0', kind: 'a', payload: {}, attempts: 0, done: false, nextAtMs: 0 });
    outbox.poke();
    reading.open();
    await settle();
    assert.equal(rows.get('a:0')?.done, true);
    await outbox.stop();
  });

  it('stops only when no handler runs any more, and starts none after', async () => {
    const { deps, finish, rows } = world(['a', 'a', 'a']);
    const own = gate();
    const runs: string[] = [];
    const outbox = createOutbox(
      deps(
        {
          a: async (row) => {
            runs.push(row.key);
            await own.promise;
            return finish(row.key);
          },
        },
        { concurrency: 1 },
      ),
    );
    outbox.start();
    await settle();
    let stopped = false;
    const stopping = outbox.stop().then(() => {
      stopped = true;
    });
    await settle();
    assert.equal(stopped, false);
    own.open();
    await stopping;
    outbox.poke();
    await settle();
    assert.deepEqual(runs, ['a:0']);

    // The next process goes on where this one ended.
    const next = createOutbox(deps({ a: (row) => Promise.resolve(finish(row.key)) }));
    next.start();
    await settle();
    await next.stop();
    assert.ok([...rows.values()].every(({ done }) => done));
  });

  describe('with a log that fails', () => {
    before(() => mock.timers.enable({ apis: ['setInterval'] }));
    after(() => mock.timers.reset());

    it('tries again at the next poll, not at once, when it can neither read nor postpone', async () => {
      const { deps, errors, finish, log, rows } = world(['a']);
      let failing = true;
      const broken: OutboxLog = {
        due: (now, limit) => (failing ? Promise.reject(new Error('disk')) : log.due(now, limit)),
        postpone: () => Promise.reject(new Error('disk full')),
      };
      let runs = 0;
      const handler: Handler = (row) => {
        runs += 1;
        if (runs === 1) return Promise.reject(new Error('first'));
        return Promise.resolve(runs === 2 ? { waitMs: 5 } : finish(row.key));
      };
      const outbox = createOutbox(deps({ a: handler }, { log: broken, pollMs: 50 }));
      outbox.start();
      await settle();
      assert.deepEqual(errors, [['*', 'Error: disk', 50]]);
      failing = false;
      for (const expected of [1, 2, 3]) {
        mock.timers.tick(50);
        await settle();
        outbox.poke();
        await settle();
        assert.equal(runs, expected);
      }
      await outbox.stop();
      assert.equal(rows.get('a:0')?.done, true);
      assert.deepEqual(
        errors.slice(1).map(([, error]) => error),
        ['Error: first', 'Error: disk full', 'Error: disk full'],
      );
    });
  });
});
