import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { encryptKeystoreJson } from 'ethers';

import { account } from './support/gateway.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const KEY = `0x${'11'.repeat(32)}`;

/** Every server with the prefix of its variables and of its lines. */
const SERVERS = [
  { path: 'gateway/main.ts', prefix: 'DGRID_', name: 'gateway' },
  { path: 'gateway/agents/node/main.ts', prefix: 'DGRID_NODE_', name: 'node agent' },
  { path: 'gateway/agents/evaluator/main.ts', prefix: 'DGRID_EVALUATOR_', name: 'evaluator' },
] as const;
type Subject = (typeof SERVERS)[number];
type Ended = { readonly code: number; readonly out: string; readonly err: string };

async function run({ path }: Subject, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [path, ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  const ended = { out: '', err: '' };
  child.stdout.on('data', (part: Buffer) => (ended.out += part.toString()));
  child.stderr.on('data', (part: Buffer) => (ended.err += part.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...ended };
}

describe('the three servers as programs', () => {
  let folder: string;
  let taken: Server;
  let port: number;
  const at = (name: string): string => join(folder, name);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dgrid-programs-'));
    taken = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(taken, 'listening');
    ({ port } = taken.address() as AddressInfo);
    const contracts = Object.fromEntries(
      ['NodeStaking', 'ProofRegistry', 'RewardDistributor'].map((name, index) => [name, { address: account(index) }]),
    );
    writeFileSync(at('deployment.json'), JSON.stringify({ version: 1, chainId: '31337', block: 0, contracts }));
    writeFileSync(at('api-keys.json'), '[]');
    const scrypt = { N: 1_024, r: 8, p: 1 };
    writeFileSync(
      at('signer.json'),
      await encryptKeystoreJson({ address: account(3), privateKey: KEY }, 'pw', { scrypt }),
    );
    const common = {
      account: account(0),
      signerKeystore: at('signer.json'),
      deploymentFile: at('deployment.json'),
      port,
    };
    const rpcUrl = `http://127.0.0.1:${port}`;
    const files = {
      gateway: { ...common, rpcUrl, keysFile: at('api-keys.json') },
      'node agent': { ...common, rpcUrl, backendUrl: rpcUrl },
      evaluator: { ...common, rpcUrl },
    };
    for (const [name, file] of Object.entries(files))
      writeFileSync(at(`${name}.json`), JSON.stringify({ ...file, dataDir: at(`data ${name}`) }));
  });
  after(() => {
    taken.close();
    rmSync(folder, { recursive: true });
  });

  for (const server of SERVERS) {
    const { name, prefix, path } = server;
    const config = (): string[] => ['--config', at(`${name}.json`)];
    const oneLine = ({ code, out, err }: Ended, expected: number, pattern: RegExp): void => {
      assert.deepEqual([code, out, err.trim().split('\n').length], [expected, '', 1], err);
      assert.ok(err.startsWith(`${name}: `), err);
      assert.match(err, pattern);
    };

    it(`returns usage, options and exit codes for --help of the ${name}`, async () => {
      const { code, out, err } = await run(server, ['--help']);
      assert.deepEqual([code, err], [0, '']);
      for (const part of [`npx node ${path} [--config FILE]`, `${prefix}SIGNER_PASSWORD`, 'Exit codes: 0'])
        assert.ok(out.includes(part), part);
      assert.equal(out.includes(`${path} doctor`), name !== 'gateway');
    });

    it(`rejects leftover arguments and files that are not there with code 2 (${name})`, async () => {
      const [leftover, unread, unlisted, noPassword] = await Promise.all([
        run(server, [...config(), 'now']),
        run(server, ['--config', at('none.json')]),
        run(server, config(), { [`${prefix}DEPLOYMENT`]: at('none.json') }),
        run(server, config()),
      ]);
      oneLine(leftover, 2, /not understood: now/);
      oneLine(unread, 2, /--config: .*ENOENT/);
      oneLine(unlisted, 2, new RegExp(`${prefix}DEPLOYMENT: .*ENOENT`));
      oneLine(noPassword, 2, new RegExp(`${prefix}SIGNER_PASSWORD: missing`));
    });

    it(`leaves with code 1 for a wrong password, and for what stands in the way of serving (${name})`, async () => {
      const [password, obstacle] = await Promise.all([
        run(server, config(), { [`${prefix}SIGNER_PASSWORD`]: 'guess' }),
        run(server, config(), { [`${prefix}SIGNER_PASSWORD`]: 'pw' }),
      ]);
      oneLine(password, 1, /wrong password for the keystore/);
      assert.doesNotMatch(password.err, /guess/);
      oneLine(
        obstacle,
        1,
        name === 'gateway' ? /no chain answers at http:\/\/127\.0\.0\.1/ : /cannot listen: .*EADDRINUSE/,
      );
    });
  }
});
