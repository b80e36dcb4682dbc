import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import OpenAI from 'openai';

import { ROOT } from '../../../scripts/lib/artifacts.ts';
import { verify } from '../../../scripts/verify.ts';

/** The whole demo as a newcomer runs it: one process from the outside. */
const DEADLINE_MS = 240_000;

type Run = {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly token: string;
};

type Outcome = {
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
  readonly requests: { readonly sent: number; readonly answered: number };
  readonly results: readonly { readonly role: number; readonly claimed: string }[];
  readonly network: {
    readonly apiKey: string;
    readonly gatewayUrl: string;
    readonly rpcUrl: string;
    readonly deploymentFile: string;
  };
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

describe('demo', function () {
  this.timeout(DEADLINE_MS + 60_000);
  const runs: Run[] = [];
  const dir = mkdtempSync(join(tmpdir(), 'dgrid-demo-test-'));

  after(() => {
    for (const { child } of runs) child.kill('SIGKILL');
    rmSync(dir, { recursive: true });
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

  it('runs an epoch in which everything holds, and stays up for the SDK when it is kept', async () => {
    const run = begin('--json', '--keep', '--epochs', '1', '--seed', 'test');
    await until('the result is printed', run, () => run.out().trimEnd().endsWith('}'));
    const { checks, requests, results, network } = JSON.parse(run.out()) as Outcome;
    assert.deepEqual(
      checks.filter(({ ok }) => !ok),
      [],
    );
    assert.ok(requests.sent >= 60 && requests.answered > 0.9 * requests.sent);
    assert.equal(results.length, 14);
    assert.ok(results.some(({ role, claimed }) => role === 0 && BigInt(claimed) > 0n));

    const receiptId = await askTwice(network);
    const file = join(dir, 'receipt.json');
    await until('its receipt is recorded', run, () => saveRecorded(network, receiptId, file));
    assert.equal(await verifyFile(file, network), 0);
    changeOneByte(file);
    assert.equal(await verifyFile(file, network), 1);

    assert.equal(await interrupt(run), 130);
    assert.equal(existsSync(network.deploymentFile), false);
  });

  async function askTwice({ gatewayUrl, apiKey }: Outcome['network']): Promise<string> {
    const client = new OpenAI({ baseURL: `${gatewayUrl}/v1`, apiKey, maxRetries: 2 });
    const messages = [
      { role: 'user' as const, content: 'Ida has 31 shells and gives 12 to Jon. How many shells are left?' },
    ];
    const stream = await client.chat.completions.create({ model: 'auto', messages, stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    assert.notEqual(text, '');
    const { data, response } = await client.chat.completions.create({ model: 'auto', messages }).withResponse();
    assert.notEqual(data.choices[0]?.message.content, '');
    return response.headers.get('x-dgrid-receipt') ?? '';
  }

  async function saveRecorded(network: Outcome['network'], receiptId: string, file: string): Promise<boolean> {
    const headers = { authorization: `Bearer ${network.apiKey}` };
    const response = await fetch(`${network.gatewayUrl}/v1/receipts/${receiptId}`, { headers });
    assert.equal(response.status, 200);
    const document = (await response.json()) as { readonly state: string };
    writeFileSync(file, JSON.stringify(document));
    return document.state === 'recorded' || document.state === 'final';
  }

  function verifyFile(file: string, { rpcUrl, deploymentFile }: Outcome['network']): Promise<number> {
    const argv = ['receipt', file, '--rpc', rpcUrl, '--deployment', deploymentFile];
    return verify(argv, { env: {}, stdout: () => undefined, stderr: () => undefined });
  }

  function changeOneByte(file: string): void {
    const text = readFileSync(file, 'utf8');
    const changed = text.replace(
      /"promptTokens":(\d)/,
      (_, digit: string) => `"promptTokens":${(Number(digit) % 9) + 1}`,
    );
    assert.notEqual(changed, text);
    writeFileSync(file, changed);
  }
});
