import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import OpenAI from 'openai';

/** The demo as its users run it: another chain client, and a network that is kept and talked to with the SDK. */
type Network = {
  readonly gatewayUrl: string;
  readonly apiKey: string;
  readonly rpcUrl: string;
  readonly deploymentFile: string;
};
type Result = {
  /** Only while it is kept. */
  readonly network?: Network;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
};

const run = promisify(execFile);
// Twice the time for everything: the suite is about what holds, on whatever machine it runs.
const DEMO = ['scripts/demo.ts', '--json', '--slow', '2'];
const QUESTION = 'A baker has 24 rolls and sells 9. How many are left?';
const POLLS = 600;
/** The demo takes half a minute on a free machine; where others take the processor it stretches its own windows. */
const DEADLINE_MS = 400_000;

describe('demo', () => {
  it('holds on Anvil, and pay follows work there too', async function () {
    this.timeout(DEADLINE_MS);
    const { stdout } = await run(process.execPath, [...DEMO, '--epochs', '2', '--chain', 'anvil', '--seed', 'anvil']);
    const { checks } = JSON.parse(stdout) as Result;
    assert.ok(checks.length >= 11);
    for (const merit of ['better work earns more', 'lying does not pay'])
      assert.equal(checks.find(({ name }) => name === merit)?.ok, true, merit);
    assert.deepEqual(
      checks.filter(({ ok }) => !ok),
      [],
    );
  });

  it('is left up for the SDK, whose receipts verify on chain, and leaves nothing behind', async function () {
    this.timeout(DEADLINE_MS);
    const folder = mkdtempSync(join(tmpdir(), 'dgrid-kept-'));
    const child = spawn(process.execPath, [...DEMO, '--epochs', '1', '--keep', '--seed', 'kept'], { stdio: 'pipe' });
    const exited = once(child, 'exit');
    try {
      const { network: result } = await firstDocument(child.stdout);
      assert.ok(result !== undefined);
      const client = new OpenAI({ baseURL: `${result.gatewayUrl}/v1`, apiKey: result.apiKey, maxRetries: 0 });
      for (const receiptId of [await askPlain(client), await askStreamed(client)]) {
        const file = join(folder, `${receiptId}.json`);
        writeFileSync(file, JSON.stringify(await recorded(result, receiptId)));
        const chain: readonly string[] = ['--rpc', result.rpcUrl, '--deployment', result.deploymentFile];
        const { stdout }: { stdout: string } = await run(process.execPath, [
          'scripts/verify.ts',
          file,
          '--json',
          ...chain,
        ]);
        assert.equal((JSON.parse(stdout) as { verified: boolean }).verified, true);
      }
      child.kill('SIGINT');
      assert.deepEqual(await exited, [130, null]);
      assert.equal(existsSync(dirname(result.deploymentFile)), false);
      await assert.rejects(fetch(`${result.gatewayUrl}/healthz`));
      await assert.rejects(fetch(result.rpcUrl));
    } finally {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

async function firstDocument(output: NodeJS.ReadableStream): Promise<Result> {
  let text = '';
  for await (const part of output) {
    text += String(part);
    if (text.endsWith('}\n')) return JSON.parse(text) as Result;
  }
  throw new Error('the demo ended before its result');
}

async function askPlain(client: OpenAI): Promise<string> {
  const { data, response } = await client.chat.completions
    .create({ model: 'auto', messages: [{ role: 'user', content: QUESTION }] })
    .withResponse();
  assert.ok((data.choices[0]?.message.content ?? '').length > 0);
  assert.ok((data.usage?.completion_tokens ?? 0) > 0);
  return response.headers.get('x-dgrid-receipt') ?? '';
}

async function askStreamed(client: OpenAI): Promise<string> {
  const { data, response } = await client.chat.completions
    .create({ model: 'auto', stream: true, messages: [{ role: 'user', content: QUESTION }] })
    .withResponse();
  let text = '';
  let finish: string | null = null;
  for await (const chunk of data) {
    text += chunk.choices[0]?.delta.content ?? '';
    finish = chunk.choices[0]?.finish_reason ?? finish;
  }
  assert.ok(text.length > 0);
  assert.equal(finish, 'stop');
  return response.headers.get('x-dgrid-receipt') ?? '';
}

/** The receipt once its PoQ record stands on chain. */
async function recorded({ gatewayUrl, apiKey }: Network, receiptId: string): Promise<unknown> {
  assert.match(receiptId, /^0x[0-9a-f]{64}$/);
  for (let poll = 0; poll < POLLS; poll += 1) {
    const response = await fetch(`${gatewayUrl}/v1/receipts/${receiptId}`, {
      headers: { authorization: `Bearer ${apiKey}` },
    });
    const receipt = (await response.json()) as { readonly state: string };
    if (receipt.state === 'recorded' || receipt.state === 'final') return receipt;
    await once(AbortSignal.timeout(100), 'abort');
  }
  throw new Error(`receipt ${receiptId} was not recorded`);
}
