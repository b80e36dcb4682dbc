import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { evaluationCommitDigest, evaluationDigest } from '../../../gateway/protocol/eip712.ts';
import { keccakText } from '../../../gateway/protocol/keccak.ts';
import { recoverSigner } from '../../../gateway/protocol/signature.ts';
import { decodeStruct, encodeStruct } from '../../../gateway/protocol/struct-json.ts';
import * as fx from '../../gateway/agents/evaluator/fixtures.ts';
import { startFakeChain } from './fake-chain.ts';
import type { FakeChain } from './fake-chain.ts';

type Answer = { readonly status: number; readonly body: Record<string, unknown> };

async function post(url: string, body: unknown): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: text });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const wireRequest = (fields: object = {}, index = 0, batchId = '7'): object => ({
  ...fx.evaluationRequest(fields, index),
  batchId,
});

describe('evaluator agent', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dgrid-evaluator-agent-'));
  const deploymentFile = join(folder, 'deployment.json');
  const children: ChildProcess[] = [];
  let chain: FakeChain;

  const environment = (): NodeJS.ProcessEnv => ({
    PATH: process.env['PATH'],
    DGRID_EVALUATOR_ACCOUNT: fx.ACCOUNT,
    DGRID_EVALUATOR_SIGNER_KEY: keccakText('evaluator key'),
    DGRID_EVALUATOR_RPC_URL: chain.url,
    DGRID_EVALUATOR_DEPLOYMENT: deploymentFile,
    DGRID_EVALUATOR_DATA_DIR: join(folder, 'data'),
    DGRID_EVALUATOR_PORT: '0',
  });
  const run = (args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess => {
    const child = spawn(process.execPath, ['gateway/agents/evaluator/main.ts', ...args], { env, stdio: 'pipe' });
    children.push(child);
    return child;
  };
  const start = async (args: readonly string[] = []): Promise<{ child: ChildProcess; url: string }> => {
    const child = run(args, environment());
    for await (const line of createInterface({ input: child.stderr ?? process.stdin })) {
      const { msg, url } = JSON.parse(line) as { msg: string; url: string };
      if (msg === 'evaluator listens') return { child, url };
    }
    throw new Error('the agent ended before it listened');
  };
  const finished = async (child: ChildProcess): Promise<{ code: number; output: string }> => {
    let output = '';
    child.stdout?.on('data', (part: Buffer) => (output += part.toString()));
    child.stderr?.on('data', (part: Buffer) => (output += part.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return { code, output };
  };

  before(async () => {
    const contract = (address: string) => ({ address });
    const contracts = {
      NodeStaking: contract(fx.DOMAIN.verifyingContract),
      ProofRegistry: contract(fx.REGISTRY),
      RewardDistributor: contract(`0x${'12'.repeat(20)}`),
    };
    writeFileSync(deploymentFile, JSON.stringify({ chainId: 31337, block: 1, contracts }));
    chain = await startFakeChain({ nodeStaking: fx.DOMAIN.verifyingContract, proofRegistry: fx.REGISTRY });
    chain.batches.set(7n, fx.BATCH);
    chain.signers.set(`${fx.GATEWAY}:2`, fx.gatewaySigner.address);
    chain.signers.set(`${fx.ACCOUNT}:1`, fx.evaluatorSigner.address);
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await chain.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('returns a commit, then the evaluation behind it, and the same after a kill', async () => {
    const first = await start();
    const answer = await post(`${first.url}/dgrid/v1/evaluations`, wireRequest());
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    const commit = decodeStruct('evaluationCommit', answer.body['commit']);
    const signer = recoverSigner(evaluationCommitDigest(fx.DOMAIN, commit), answer.body['signature'] as `0x${string}`);
    assert.equal(signer, fx.evaluatorSigner.address);
    first.child.kill('SIGKILL');
    await once(first.child, 'close');

    const { url, child } = await start(['--behaviour', 'liar:inverted']);
    assert.deepEqual(await post(`${url}/dgrid/v1/evaluations`, wireRequest()), answer);
    const set = fx.revealRequest(commit.commitment);
    const body = { ...set, commitSet: encodeStruct('commitSet', set.commitSet) };
    const revealed = await post(`${url}/dgrid/v1/reveals`, body);
    assert.equal(revealed.status, 200, JSON.stringify(revealed.body));
    const evaluation = decodeStruct('evaluation', revealed.body['evaluation']);
    assert.equal(evaluationDigest(fx.DOMAIN, evaluation), commit.commitment);
    assert.equal(evaluation.accuracy, 10_000);
    assert.deepEqual(await post(`${url}/dgrid/v1/reveals`, body), revealed);
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'close'), [0, null]);
  });

  it('rejects with codes, and goes on', async () => {
    const { url } = await start();
    const error = async (path: string, body: unknown): Promise<unknown[]> => {
      const { status, body: answer } = await post(`${url}${path}`, body);
      return [status, (answer['error'] as { code: string }).code];
    };
    assert.deepEqual(await error('/dgrid/v1/evaluations', '{'), [400, 'DGRID_INVALID_JSON']);
    assert.deepEqual(await error('/dgrid/v1/evaluations', {}), [400, 'DGRID_INVALID_BODY']);
    assert.deepEqual(await error('/dgrid/v1/nothing', {}), [404, 'DGRID_UNKNOWN_ROUTE']);
    assert.deepEqual(await error('/dgrid/v1/evaluations', wireRequest({ seed: keccakText('no') }, 1)), [
      422,
      'DGRID_EVALUATION_REFUSED',
    ]);
    assert.deepEqual(await error('/dgrid/v1/evaluations', wireRequest({ response: '{}' })), [
      409,
      'DGRID_EVALUATION_CONFLICT',
    ]);
    const set = fx.revealRequest(keccakText('x'), { leaf: keccakText('y') });
    const unknown = { ...set, commitSet: encodeStruct('commitSet', set.commitSet) };
    assert.deepEqual(await error('/dgrid/v1/reveals', unknown), [404, 'DGRID_UNKNOWN_EVALUATION']);
    assert.deepEqual(await error('/dgrid/v1/evaluations', 'x'.repeat(17_000_000)), [413, 'DGRID_BODY_TOO_LARGE']);
    chain.failing = true;
    assert.deepEqual(await error('/dgrid/v1/evaluations', wireRequest({}, 1, '8')), [500, 'DGRID_INTERNAL']);
    chain.failing = false;
    assert.equal((await post(`${url}/dgrid/v1/evaluations`, wireRequest({}, 1))).status, 200);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  });

  it('returns a report of the doctor and its verdict as exit code', async () => {
    const good = await finished(run(['doctor'], environment()));
    assert.equal(good.code, 0, good.output);
    assert.match(good.output, /ok {3}registration: registered, active from epoch 1/);
    chain.chainId = 1n;
    chain.signers.set(`${fx.ACCOUNT}:1`, fx.gatewaySigner.address);
    const bad = await finished(run(['doctor'], environment()));
    chain.chainId = 31337n;
    chain.signers.set(`${fx.ACCOUNT}:1`, fx.evaluatorSigner.address);
    assert.equal(bad.code, 1);
    assert.match(bad.output, /FAIL chain: .*\nFAIL registration: the chain knows the signer/);
  });

  it('rejects missing and broken options with one line each and exit code 2', async () => {
    const missing = await finished(run([], { PATH: process.env['PATH'] }));
    assert.equal(missing.code, 2);
    assert.match(missing.output, /DGRID_EVALUATOR_ACCOUNT: missing/);
    const wrong = await finished(run(['--behaviour', 'liar:unheard'], environment()));
    assert.deepEqual([wrong.code, wrong.output.trim().split('\n').length], [2, 1]);
    assert.equal((await finished(run(['frobnicate'], environment()))).code, 2);
  });
});
