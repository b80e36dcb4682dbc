import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { ROOT } from '../../../scripts/lib/artifacts.ts';

/** The demo from the outside, ended before its time: what `loop/demo.test.ts` runs to its end. */
const DEADLINE_MS = 120_000;

type Run = {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly token: string;
};

function start(...argv: readonly string[]): Run {
  const token = randomUUID();
  const child = spawn(process.execPath, [join(ROOT, 'scripts/demo.ts'), ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DGRID_DEMO_TEST: token }, // inherited by every process it starts
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  return { child, out: () => out, err: () => err, token };
}

/** Processes, other than this one, that carry the token in their environment. Linux only: elsewhere none are found. */
function survivors(token: string): number[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(token);
      } catch {
        return false; // gone, or not ours to look into
      }
    })
    .map(Number);
}

async function until(what: string, run: Run, happened: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await happened())) {
    assert.equal(run.child.exitCode, null, `the demo ended before ${what}: ${run.err()}`);
    assert.ok(performance.now() < deadline, `${what} did not happen: ${run.err()}`);
    await delay(50);
  }
}

async function interrupt({ child, token }: Run): Promise<number | null> {
  const ended = once(child, 'exit') as Promise<[number | null]>;
  child.kill('SIGINT');
  const [code] = await ended;
  assert.deepEqual(survivors(token), []);
  return code;
}

describe('demo, interrupted', function () {
  this.timeout(DEADLINE_MS + 60_000);
  const runs: Run[] = [];

  after(() => {
    for (const { child } of runs) child.kill('SIGKILL');
  });

  function begin(...argv: readonly string[]): Run {
    const run = start(...argv);
    runs.push(run);
    return run;
  }

  it('leaves no process behind when it is interrupted while it starts', async () => {
    const run = begin('--json');
    await until('the chain is up', run, () => run.err().includes('chain'));
    assert.ok(survivors(run.token).length > 1 || process.platform !== 'linux');
    assert.equal(await interrupt(run), 130);
    assert.equal(run.out(), '');
  });

  it('leaves no process behind when it is killed', async () => {
    const run = begin('--json');
    await until('the chain is up', run, () => run.err().includes('chain'));
    run.child.kill('SIGKILL');
    await once(run.child, 'exit');
    const deadline = performance.now() + 10_000;
    while (survivors(run.token).length > 0) {
      assert.ok(performance.now() < deadline, `still running: ${survivors(run.token).join(', ')}`);
      await delay(50);
    }
  });
});
