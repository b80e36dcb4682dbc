import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { Network } from '../../../scripts/demo/joining.ts';

type Check = { readonly name: string; readonly status: 'ok' | 'wrong' | 'skipped'; readonly detail: string };
type Report = { readonly verified: boolean; readonly wrong: unknown; readonly checks: readonly Check[] };

const run = promisify(execFile);

/** Left open even when every earlier dataset and the chain are at hand: each says why. */
const NEVER_CHECKED = new Set([
  'prices',
  'reason of escalations',
  'late replays',
  'truth of golds',
  'golds without truth',
]);
/** Left open without the chain, or taken as given. */
const ONLY_ON_CHAIN = new Set(['chain', 'earlier datasets']);

export type Audited = {
  readonly url: string;
  readonly network: Network;
  readonly dir: string;
  readonly last: number;
};

/**
 * A stranger's audit of every epoch up to `last`, each with the datasets of all before it: offline, and against the chain.
 * @returns how many of the epochs stood on the table of an earlier one.
 */
export async function auditEpochs({ url, network, dir, last }: Audited): Promise<number> {
  const files: string[] = [];
  let chained = 0;
  for (let epoch = 0; epoch <= last; epoch += 1) {
    const file = join(dir, `epoch-${epoch}.jsonl`);
    const text = await textOf(`${url}/v1/epochs/${epoch}/dataset`);
    writeFileSync(file, text);
    if (!/"tableRoot":"0x0{64}"/.test(text.slice(0, text.indexOf('\n')))) chained += 1;
    const previous = files.length === 0 ? [] : ['--previous', files.join(',')];
    const trusted = ['--deployment', network.deploymentFile];
    // Golds are told by the gateway of the batches; an epoch without any names none.
    const open = text.includes('"type":"batch"') ? NEVER_CHECKED : new Set([...NEVER_CHECKED, 'root of golds']);
    await auditOne([file, ...previous, ...trusted], new Set([...open, ...ONLY_ON_CHAIN]));
    await auditOne([file, ...previous, ...trusted, '--rpc', network.chain.rpcUrl], open);
    await compareBatches(url, text);
    files.push(file);
  }
  return chained;
}

async function auditOne(words: readonly string[], mayBeSkipped: ReadonlySet<string>): Promise<void> {
  const { stdout } = await run(process.execPath, ['scripts/audit.ts', ...words, '--json']);
  const { verified, wrong, checks } = JSON.parse(stdout) as Report;
  assert.deepEqual([verified, wrong], [true, null]);
  const left = checks.filter(({ status, name }) => status !== 'ok' && !mayBeSkipped.has(name));
  assert.deepEqual(left, [], words.join(' '));
}

/** What is served for a batch alone hashes to what the chain has of it: the audit held these digests against the chain. */
async function compareBatches(url: string, dataset: string): Promise<void> {
  for (const line of dataset.split('\n')) {
    if (!line.includes('"type":"batch"')) continue;
    const batch = JSON.parse(line) as { batchId: string; dataHash: string; recordsDataHash: string };
    for (const [part, digest] of [
      ['receipts', batch.dataHash],
      ['records', batch.recordsDataHash],
    ] as const) {
      const text = await textOf(`${url}/v1/batches/${batch.batchId}/dataset?part=${part}`);
      assert.equal(`0x${createHash('sha256').update(text).digest('hex')}`, digest, `batch ${batch.batchId}: ${part}`);
    }
  }
}

async function textOf(address: string): Promise<string> {
  const response = await fetch(address, { signal: AbortSignal.timeout(20_000) });
  assert.equal(response.status, 200, address);
  return await response.text();
}
