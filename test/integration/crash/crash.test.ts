import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Hex } from '../../../gateway/protocol/types.ts';
import { createSpendingLog } from '../../../gateway/store/spending-log.ts';
import { openStore } from '../../../gateway/store/sqlite.ts';
import { statement } from '../../../gateway/store/store.ts';
import { createFakeChain } from '../../gateway/anchor/crash.fixtures.ts';
import { receipt } from '../../gateway/background.fixtures.ts';
import { openLogs } from '../../gateway/store/world.fixtures.ts';
import { deep, runs } from '../../deep.ts';
import { CHARGE, CRASH_CLOCK, LATE_STEPS, STEPS } from './messages.ts';
import type { Assignment, FromProcess, ToProcess } from './messages.ts';

const PROCESS = fileURLToPath(new URL('./process.ts', import.meta.url));
/** Receipts of one life; their numbers never meet those of another. */
const ROOM = 10_000;
/** Longer than any test takes in blocks: what is shown here is that nothing is lost, not what a closed window costs. */
const RECORD_WINDOW = 1_000_000n;
const DEADLINE_MS = 60_000;
/** What all lives have left undone, for the last one. */
const SETTLE_DEADLINE_MS = runs(120_000, 1_200_000);

describe('a process that is killed under load', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dgrid-crash-'));
  const children: ChildProcess[] = [];
  after(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  /** The chain and the callers, which outlive every process. */
  function createWorld(name: string) {
    const world = createFakeChain({ recordWindow: RECORD_WINDOW, epochDuration: CRASH_CLOCK.epochDuration });
    const reported = new Map<number, bigint>();
    const shown = new Map<string, Set<Hex>>();
    const file = join(folder, `${name}.db`);

    async function answer(child: ChildProcess, { id, method, args }: FromProcess & { kind: 'call' }): Promise<void> {
      const run = world.chain[method] as (...all: readonly unknown[]) => Promise<unknown>;
      const reply = (message: ToProcess): void => {
        if (child.connected) child.send(message);
      };
      try {
        const value = await run(...args);
        tellHead(child);
        reply({ kind: 'result', id, value });
      } catch (error) {
        reply({ kind: 'result', id, error: String(error) });
      }
    }
    function tellHead(child: ChildProcess): void {
      const { number, timestamp } = world.chain.head();
      if (child.connected) child.send({ kind: 'head', number, timestamp } satisfies ToProcess);
    }

    /** @returns when the process is dead; `onMessage` may kill it. */
    async function live(
      assignment: Omit<Assignment, 'file'>,
      onMessage: (message: FromProcess, child: ChildProcess) => void,
    ): Promise<void> {
      const child = fork(PROCESS, [JSON.stringify({ file, ...assignment })], { serialization: 'advanced' });
      children.push(child);
      const late = setTimeout(() => child.kill('SIGTERM'), assignment.serves ? DEADLINE_MS : SETTLE_DEADLINE_MS);
      child.on('error', () => undefined); // a message to one that just died
      child.on('message', (message: FromProcess) => {
        if (message.kind === 'call') void answer(child, message);
        if (message.kind === 'tick') {
          world.mine();
          tellHead(child);
        }
        if (message.kind === 'served') reported.set(message.number, message.serial);
        if (message.kind === 'shown')
          shown.set(message.key, (shown.get(message.key) ?? new Set<Hex>()).add(message.commitmentsHash));
        onMessage(message, child);
      });
      await once(child, 'exit');
      clearTimeout(late);
      assert.equal(
        child.signalCode,
        'SIGKILL',
        `ended by itself, or was not killed in time: ${JSON.stringify(assignment)}`,
      );
    }

    let passed = false;
    /** A life without callers: everything settles, the epoch passes and is paid. */
    async function settle(death: Pick<Assignment, 'dieAt'> = {}): Promise<void> {
      await live({ from: 0, serves: false, ...death }, (message, child) => {
        if (message.kind !== 'idle') return;
        if (world.now().epochs.get(0n)?.state === 'final') child.kill('SIGKILL');
        else if (!passed) {
          passed = true;
          world.pass(RECORD_WINDOW + 2n * CRASH_CLOCK.epochDuration);
        }
      });
    }

    async function check(): Promise<number> {
      const store = await openStore(file);
      try {
        const logs = await openLogs(store);
        const rows = await store.read(
          statement<{ serial: bigint; id: Hex; batch: bigint | null }>(
            'SELECT serial, id, batch FROM receipts ORDER BY serial',
          ),
        );
        // Whatever was reserved and not answered when a process died is free, and cost nothing.
        const count = BigInt(rows.length);
        const { keyHash, day, microUsd } = CHARGE;
        const total = { keyHash, microUsd: count * microUsd, todayMicroUsd: count * microUsd, requests: count };
        assert.deepEqual(await createSpendingLog(store).totals(day), [total]);
        assert.deepEqual(await store.read(statement('SELECT * FROM reservations')), []);
        const serials = new Map(rows.map(({ id, serial }) => [id, serial]));
        for (const [number, serial] of reported)
          assert.equal(serials.get(receipt(number).id), serial, `${number} is lost`);
        assert.equal(serials.size, rows.length, 'no receipt twice');
        const { batches, epochs, nextSerial } = world.now();
        for (const { serial, batch } of rows) {
          const holding = batches.filter(({ from, root }) => from === batch && root !== undefined);
          assert.equal(holding.length, 1, `serial ${serial} stands in one anchored batch`);
        }
        assert.equal(nextSerial, (rows.at(-1)?.serial ?? -1n) + 1n);
        for (const { root } of batches)
          assert.equal(world.posts.filter((post) => post.root === root).length, 1, 'records once');
        for (const said of [...shown.values(), ...world.proposed.values()]) assert.equal(said.size, 1, 'one word only');
        assert.equal(epochs.get(0n)?.state, 'final');
        const paid = await logs.epoch.batches(0n);
        assert.equal(
          paid.reduce((sum, { count }) => sum + count, 0),
          rows.length,
          'every receipt is in the epoch that was paid',
        );
        return rows.length;
      } finally {
        await store.close();
      }
    }
    return { live, settle, check, reported };
  }

  it(`loses nothing and does nothing twice, killed at ${runs(3, 200)} random moments`, async function () {
    this.timeout(runs(300_000, 3_600_000));
    const below = seeded(61);
    const world = createWorld('random');
    for (let life = 0; life < runs(3, 200); life += 1) {
      let left = 1 + below(60);
      await world.live({ from: ROOM * life, serves: true }, (message, child) => {
        if (message.kind !== 'served') return;
        left -= 1;
        if (left === 0) setTimeout(() => child.kill('SIGKILL'), below(40));
      });
    }
    await world.settle();
    assert.ok((await world.check()) >= world.reported.size);
  });

  it(`loses nothing and does nothing twice, killed ${deep ? 'before and ' : ''}after each step`, async function () {
    this.timeout(600_000);
    const world = createWorld('steps');
    let life = 0;
    const moments = deep ? (['before', 'after'] as const) : (['after'] as const);
    for (const step of STEPS) {
      for (const when of moments) {
        await world.live({ from: ROOM * life, serves: true, dieAt: `${step}:${when}` }, () => undefined);
        life += 1;
      }
    }
    for (const step of LATE_STEPS) for (const when of moments) await world.settle({ dieAt: `${step}:${when}` });
    await world.settle();
    assert.ok((await world.check()) >= world.reported.size);
  });
});

/** Whole numbers below a bound, by a multiplicative generator: the same in every run. */
function seeded(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % bound;
  };
}
