import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { encryptKeystoreJson } from 'ethers';

import { answer, json, startFakeNode } from './support/fake-node.ts';
import type { FakeNode } from './support/fake-node.ts';
import { account, GATEWAY } from './support/gateway.ts';

const MAIN = fileURLToPath(new URL('../../../gateway/agents/node/main.ts', import.meta.url));
const KEY = `0x${'11'.repeat(32)}`;

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

function start(env: Record<string, string>, args: readonly string[] = []) {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env['PATH'] ?? '', ...env } });
  let out = '';
  let err = '';
  child.stdout.on('data', (part: Buffer) => (out += part.toString()));
  child.stderr.on('data', (part: Buffer) => (err += part.toString()));
  const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, out, err }));
  /** Resolves with the line of the log that matches. */
  const line = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(err);
      if (found !== null) return found;
      await once(child.stderr, 'data');
    }
  };
  return { child, ended, line };
}

describe('the node agent as a process', () => {
  let folder: string;
  let backend: FakeNode;
  let env: Record<string, string>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dgrid-agent-'));
    backend = await startFakeNode(answer('hello'));
    const contracts = Object.fromEntries(
      ['NodeStaking', 'ProofRegistry', 'RewardDistributor'].map((name, index) => [
        name,
        { address: account(700 + index) },
      ]),
    );
    writeFileSync(
      join(folder, 'deployment.json'),
      JSON.stringify({ version: 1, chainId: '31337', block: 0, contracts }),
    );
    env = {
      DGRID_NODE_ACCOUNT: account(0),
      DGRID_NODE_SIGNER_KEY: KEY,
      DGRID_NODE_BACKEND_URL: backend.url,
      DGRID_NODE_DEPLOYMENT: join(folder, 'deployment.json'),
      DGRID_NODE_DATA_DIR: join(folder, 'data'),
      DGRID_NODE_PORT: '0',
    };
  });
  afterEach(async () => {
    await backend.close();
    rmSync(folder, { recursive: true });
  });

  it('serves, signs what it served, and ends on a signal with code 0', async () => {
    const agent = start(env);
    const [, url = ''] = await agent.line(/"url":"([^"]+)"/);
    const headers = {
      'x-dgrid-request': `0x${'0a'.repeat(32)}`,
      'x-dgrid-salt': `0x${'0b'.repeat(16)}`,
      'x-dgrid-gateway': GATEWAY,
    };
    const body = JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'hi' }] });
    assert.equal((await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body })).status, 200);
    const answer = await fetch(`${url}/dgrid/v1/attestations?gateway=${GATEWAY}&after=0&waitMs=2000`);
    assert.equal(((await answer.json()) as { attestations: unknown[] }).attestations.length, 1);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    agent.child.kill('SIGTERM');
    assert.equal((await agent.ended).code, 0);
  });

  it('rejects missing and broken options with one line each and code 2', async () => {
    const { DGRID_NODE_ACCOUNT: _account, ...rest } = env;
    const { code, err } = await start({ ...rest, DGRID_NODE_PORT: 'many', DGRID_NODE_BACKEND_URL: 'ftp://x' }).ended;
    assert.equal(code, 2);
    const lines = err.trim().split('\n');
    assert.deepEqual(lines.map((line) => /DGRID_NODE_[A-Z_]+/.exec(line)?.[0]).toSorted(), [
      'DGRID_NODE_ACCOUNT',
      'DGRID_NODE_BACKEND_URL',
      'DGRID_NODE_PORT',
    ]);
  });

  it('rejects a key, a file and a command that do not hold with code 2, and never prints the key', async () => {
    const runs = [
      start({ ...env, DGRID_NODE_SIGNER_KEY: 'deadbeef' }),
      start({ ...env, DGRID_NODE_SIGNER_KEY: '' }),
      start({ ...env, DGRID_NODE_DEPLOYMENT: join(folder, 'none.json') }),
      start(env, ['fly']),
    ];
    for (const { code, err } of await Promise.all(runs.map((run) => run.ended))) {
      assert.equal(code, 2, err);
      assert.equal(err.trim().split('\n').length, 1, err);
      assert.ok(!err.includes('deadbeef'));
    }
  });

  it('returns from the doctor what works and what does not', async () => {
    backend.behave(json(200, { object: 'list', data: [{ id: 'demo' }] }));
    const keystore = join(folder, 'keystore.json');
    writeFileSync(
      keystore,
      await encryptKeystoreJson({ address: account(3), privateKey: KEY }, 'pw', { scrypt: { N: 1_024, r: 8, p: 1 } }),
    );
    const sealed = { ...env, DGRID_NODE_SIGNER_KEY: '', DGRID_NODE_SIGNER_KEYSTORE: keystore };
    const well = await start({ ...sealed, DGRID_NODE_SIGNER_PASSWORD: 'pw' }, ['doctor']).ended;
    assert.equal(well.code, 0, well.out);
    assert.equal(well.out.trim().split('\n').length, 4);
    assert.match(well.out, /backend: serves demo/);
    const ill = await start({ ...sealed, DGRID_NODE_SIGNER_PASSWORD: 'wrong', DGRID_NODE_MODELS: 'a=missing' }, [
      'doctor',
    ]).ended;
    assert.equal(ill.code, 1);
    assert.match(ill.out, /FAIL signer: wrong password/);
    assert.match(ill.out, /FAIL backend: .*missing/);
  });
});
