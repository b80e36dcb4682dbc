import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

function start(command: string, ...argv: string[]) {
  const env = { PATH: process.env['PATH'] ?? '' };
  return spawnSync(process.execPath, [`scripts/${command}.ts`, ...argv], { cwd: ROOT, encoding: 'utf8', env });
}

describe('scripts as processes', () => {
  it('leave with 0 and the options on standard output for --help', () => {
    const { status, stdout, stderr } = start('verify', '--help');
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /--rpc URL/);
  });

  it('leave with 2 and one line on standard error for a missing option', () => {
    const { status, stdout, stderr } = start('register', '--role', 'gateway');
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^register: --metadata is missing[^\n]*\n$/);
  });

  it('leave with 2 where a password would have to be asked for and nobody is there', () => {
    const { status, stderr } = start('init', '--role', 'gateway', '--dir', '/tmp/dgrid-never-made');
    assert.equal(status, 2);
    assert.match(stderr, /^init: no password for the account key: set DGRID_KEYSTORE_PASSWORD/);
  });

  it('go on to their end when nobody reads their output any more', async () => {
    const child = spawn(process.execPath, ['scripts/audit.ts', '--help'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const said = Array.fromAsync(child.stderr.setEncoding('utf8'));
    assert.deepEqual(await once(child, 'close'), [0, null]);
    assert.deepEqual(await said, []);
  });
});
