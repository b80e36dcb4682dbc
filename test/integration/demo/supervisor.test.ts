import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ChildError, answers, createSupervisor, freePorts } from '../../../scripts/demo/supervisor.ts';
import type { Supervisor } from '../../../scripts/demo/supervisor.ts';

const SUPERVISOR = new URL('../../../scripts/demo/supervisor.ts', import.meta.url).href;
const BACKENDS = new URL('../../../scripts/demo/backends/main.ts', import.meta.url).pathname;
/** Starts a grandchild, ignores SIGTERM if asked to, and writes both ids down. */
const STUBBORN = `
  const { spawn } = require('node:child_process');
  const { writeFileSync } = require('node:fs');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  if (process.argv[2] === 'deaf') process.on('SIGTERM', () => {});
  writeFileSync(process.argv[1], process.pid + ' ' + child.pid);
  setInterval(() => {}, 1000);
`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    // A zombie that nobody has waited for yet is dead.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}

async function gone(pids: readonly number[], deadlineMs = 8_000): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (pids.some(isAlive)) {
    assert.ok(performance.now() < deadline, `still running: ${pids.filter(isAlive).join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('demo/supervisor', function () {
  this.timeout(20_000);
  let dir = '';
  let supervisor: Supervisor;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'dgrid-supervisor-'));
    supervisor = createSupervisor({ logDir: join(dir, 'logs'), graceMs: 300 });
  });
  afterEach(async () => {
    await supervisor.stop();
    rmSync(dir, { recursive: true });
  });

  async function startStubborn(...args: readonly string[]): Promise<number[]> {
    const file = join(dir, 'pids');
    supervisor.start({ name: 'stubborn', command: process.execPath, args: ['-e', STUBBORN, file, ...args] });
    await supervisor.until('ids are written', async () => readFileSync(file, 'utf8').includes(' '), 5_000);
    return readFileSync(file, 'utf8').split(' ').map(Number);
  }

  it('returns once a server answers its health check', async () => {
    const [port = 0] = await freePorts(1);
    const list = JSON.stringify([{ profile: 'honest', model: 'm', port, seed: '1' }]);
    const child = supervisor.start({ name: 'backend', command: process.execPath, args: [BACKENDS, list] });
    await supervisor.until('backend is up', answers(`http://127.0.0.1:${port}/healthz`), 10_000);
    await supervisor.stop();
    assert.match(readFileSync(child.logFile, 'utf8'), /"profile":"honest"/);
    await gone([child.pid]);
  });

  it('rejects with the end of the log when a child ends by itself', async () => {
    supervisor.start({
      name: 'broken',
      command: process.execPath,
      args: ['-e', 'console.error("no disk"); process.exit(3)'],
    });
    const never = supervisor.until('nothing', () => Promise.resolve(false), 10_000);
    await assert.rejects(
      never,
      (error) => error instanceof ChildError && /broken ended by itself.*no disk/s.test(error.message),
    );
    assert.ok(supervisor.signal.aborted);
  });

  it('rejects what does not happen before the deadline, and commands that do not exist', async () => {
    await assert.rejects(
      supervisor.until('the flood', () => Promise.reject(new Error('no')), 100),
      /the flood did not happen/,
    );
    assert.throws(() => supervisor.start({ name: 'x', command: '/nowhere/x', args: [] }), ChildError);
  });

  it('leaves no grandchild and no deaf child behind', async () => {
    const pids = await startStubborn('deaf');
    assert.equal(pids.length, 2);
    await supervisor.stop();
    await gone(pids);
    assert.throws(() => supervisor.start({ name: 'late', command: process.execPath, args: [] }), ChildError);
  });

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    it(`leaves nothing behind when its own process dies of ${signal}`, async () => {
      const file = join(dir, 'pids');
      const script = join(dir, 'parent.ts');
      writeFileSync(
        script,
        `import { createSupervisor } from ${JSON.stringify(SUPERVISOR)};
         const supervisor = createSupervisor({ logDir: ${JSON.stringify(join(dir, 'inner'))} });
         const args = ['-e', ${JSON.stringify(STUBBORN)}, ${JSON.stringify(file)}, 'deaf'];
         supervisor.start({ name: 'stubborn', command: process.execPath, args });
         setInterval(() => {}, 1000);`,
      );
      const parent = spawn(process.execPath, [script], { stdio: 'ignore' });
      await supervisor.until('ids are written', async () => readFileSync(file, 'utf8').includes(' '), 10_000);
      const pids = readFileSync(file, 'utf8').split(' ').map(Number);
      assert.ok(pids.length === 2 && pids.every(isAlive));
      parent.kill(signal);
      await once(parent, 'exit');
      await gone(pids);
    });
  }

  it('returns different free ports', async () => {
    const ports = await freePorts(20);
    assert.equal(new Set(ports).size, 20);
    for (const port of ports) assert.ok(port > 1_023);
  });
});
