import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createNodeAgent } from '../../../gateway/agents/node/app.ts';
import { createAttestationBook } from '../../../gateway/agents/node/attestation-book.ts';
import type { AttestationBook } from '../../../gateway/agents/node/attestation-book.ts';
import { createBackend } from '../../../gateway/agents/node/backend.ts';
import { createNodeClient } from '../../../gateway/execute/node-client.ts';
import type { NodeClient } from '../../../gateway/execute/node-client.ts';
import { buildBatchTree } from '../../../gateway/protocol/batch-tree.ts';
import { nodeAttestationDigest } from '../../../gateway/protocol/eip712.ts';
import { answerLeaf } from '../../../gateway/protocol/leaf.ts';
import { createSigner, recoverSigner } from '../../../gateway/protocol/signature.ts';
import { decodeStruct } from '../../../gateway/protocol/struct-json.ts';
import type { Address, AnswerLeaf, Hex, NodeAttestation } from '../../../gateway/protocol/types.ts';
import {
  answer,
  beginStream,
  chunk,
  failWith,
  json,
  reset,
  silent,
  sse,
  startFakeNode,
  streamThen,
  streamWords,
} from './support/fake-node.ts';
import type { FakeNode } from './support/fake-node.ts';
import { account, GATEWAY, inferenceNode, startGateway } from './support/gateway.ts';

const CHAIN = { chainId: 31_337n, nodeStaking: account(500), proofRegistry: account(501) };
const NODE: Address = account(0);
const signer = createSigner(`0x${'11'.repeat(32)}`);
const SALT: Hex = `0x${'ab'.repeat(16)}`;
const id = (index: number): Hex => `0x${index.toString(16).padStart(64, '0')}`;

type Agent = {
  readonly url: string;
  readonly server: Server;
  readonly book: AttestationBook;
  readonly client: NodeClient;
};
type Attested = {
  readonly attestation: NodeAttestation;
  readonly signature: Hex;
  readonly answers: readonly AnswerLeaf[];
};

async function startAgent(backendUrl: string, path: string): Promise<Agent> {
  const client = createNodeClient({ connectMs: 200, keepAliveMs: 1_000 });
  const limits = { connectMs: 200, headersMs: 250, firstTokenMs: 250, chunkMs: 150, totalMs: 2_000 };
  const backend = createBackend({
    client,
    baseUrl: backendUrl,
    key: 'secret',
    names: new Map([['demo', 'inner']]),
    limits,
    maxAnswerBytes: 1e6,
  });
  const book = createAttestationBook({
    ...CHAIN,
    path,
    account: NODE,
    signer,
    attestAfterMs: 20,
    nowMs: Date.now,
    retainMs: 60_000,
  });
  const server = createNodeAgent({
    account: NODE,
    backend,
    book,
    gateways: [],
    offered: [],
    bodyLimitBytes: 100_000,
    onFault: () => undefined,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, book, client };
}

async function stopAgent(agent: Agent): Promise<void> {
  agent.server.closeAllConnections();
  agent.server.close();
  await once(agent.server, 'close');
  agent.book.close();
  await agent.client.close();
}

const ask = (url: string, body: object, index = 1): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-dgrid-request': id(index),
      'x-dgrid-salt': SALT,
      'x-dgrid-gateway': GATEWAY,
    },
    body: JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'hi' }], ...body }),
  });

async function attestations(url: string, after = '0', waitMs = 1_000): Promise<Attested[]> {
  const response = await fetch(`${url}/dgrid/v1/attestations?gateway=${GATEWAY}&after=${after}&waitMs=${waitMs}`);
  const body = (await response.json()) as {
    attestations: (Record<string, unknown> & { signature: Hex; answers: unknown[] })[];
  };
  return body.attestations.map((entry) => ({
    attestation: decodeStruct('nodeAttestation', entry),
    signature: entry.signature,
    answers: entry.answers.map((leaf) => decodeStruct('answer', leaf)),
  }));
}

describe('the node agent', () => {
  let backend: FakeNode;
  let agent: Agent;
  let folder: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dgrid-agent-'));
    backend = await startFakeNode(answer('hello brave new world'));
    agent = await startAgent(backend.url, join(folder, 'attestations.sqlite'));
  });
  afterEach(async () => {
    await stopAgent(agent);
    await backend.close();
    rmSync(folder, { recursive: true });
  });

  it('returns an attestation that proves what it answered', async () => {
    const body = (await (await ask(agent.url, {})).json()) as { choices: { message: { content: string } }[] };
    assert.equal(body.choices[0]?.message.content, 'hello brave new world');
    const [attested] = await attestations(agent.url);
    assert.ok(attested);
    const { attestation, signature, answers } = attested;
    const leaves = answers.map((leaf) => answerLeaf({ chainId: CHAIN.chainId, contract: CHAIN.proofRegistry }, leaf));
    assert.equal(buildBatchTree(leaves).root, attestation.root);
    assert.equal(attestation.count, 1);
    const digest = nodeAttestationDigest({ chainId: CHAIN.chainId, verifyingContract: CHAIN.nodeStaking }, attestation);
    assert.equal(recoverSigner(digest, signature), signer.address);
    assert.deepEqual([answers[0]?.promptTokens, answers[0]?.completionTokens], [11, 7]);
    assert.equal(backend.requests[0]?.headers.authorization, 'Bearer secret');
    assert.equal(backend.requests[0]?.body['model'], 'inner');
  });

  it('returns the same hashes for a streamed and a plain answer, and those of the gateway', async () => {
    const gateway = await startGateway([inferenceNode(0, agent.url)]);
    try {
      for (const stream of [true, false]) {
        const response = await fetch(`${gateway.url}/v1/chat/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
          body: JSON.stringify({
            model: 'demo',
            messages: [{ role: 'user', content: 'hi' }],
            dgrid: { format: { kind: 'count', unit: 'words', max: 50 } },
            stream,
          }),
        });
        assert.equal(response.status, 200);
        await response.text();
      }
      const answers = (await attestations(agent.url)).flatMap((attested) => attested.answers);
      while (answers.length < 2)
        answers.push(...(await attestations(agent.url)).flatMap((attested) => attested.answers).slice(answers.length));
      for (const { receipt } of gateway.receipts.served()) {
        const leaf = answers.find((entry) => entry.receiptId === receipt.id);
        assert.ok(leaf);
        const facts = ['gateway', 'node', 'requestHash', 'responseHash', 'model'] as const;
        for (const name of facts) assert.equal(leaf[name], receipt[name], name);
        assert.equal(receipt.flags & 16, 16);
      }
      assert.equal(backend.requests[0]?.body['dgrid'], undefined, 'a backend never sees our field');
    } finally {
      await gateway.close();
    }
  });

  it('returns the attestation to a gateway that was already waiting', async () => {
    const waiting = attestations(agent.url, '0', 5_000);
    await ask(agent.url, {});
    assert.equal((await waiting)[0]?.answers.length, 1);
  });

  it('returns only what comes after the acknowledged sequence', async () => {
    await ask(agent.url, {}, 1);
    const [first] = await attestations(agent.url);
    await ask(agent.url, {}, 2);
    const later = await attestations(agent.url, first?.attestation.sequence.toString());
    assert.deepEqual(
      later.flatMap((entry) => entry.answers.map((leaf) => leaf.receiptId)),
      [id(2)],
    );
    assert.ok((later[0]?.attestation.sequence ?? 0n) > (first?.attestation.sequence ?? 0n));
  });

  it('returns one answer when the same one was given twice', async () => {
    await Promise.all([ask(agent.url, {}, 7), ask(agent.url, {}, 7)]);
    assert.equal((await attestations(agent.url))[0]?.answers.length, 1);
  });

  it('returns after a crash what it had served before', async () => {
    await ask(agent.url, {}, 3);
    const path = join(folder, 'attestations.sqlite');
    const second = await startAgent(backend.url, path);
    try {
      assert.deepEqual(
        (await attestations(second.url)).flatMap(({ answers }) => answers.map((leaf) => leaf.receiptId)),
        [id(3)],
      );
    } finally {
      await stopAgent(second);
    }
  });

  const words = streamWords(['hello ', 'brave ']);
  const broken: readonly (readonly [string, Parameters<FakeNode['behave']>[0]])[] = [
    ['is cut', streamThen(words, (response) => response.destroy())],
    ['stalls', streamThen(words, () => undefined)],
    ['ends without [DONE]', streamThen([...words, sse(chunk({}, 'stop'))], (response) => response.end())],
    ['ends without a finish reason', streamThen([...words, sse('[DONE]')], (response) => response.end())],
    ['turns into garbage', streamThen([...words, 'data: {{{\n\n'], (response) => response.end())],
  ];
  for (const [name, behaviour] of broken) {
    it(`rejects in-band, unsigned, when the backend's stream ${name}`, async () => {
      backend.behave(behaviour);
      const text = await (await ask(agent.url, { stream: true })).text().catch(() => 'cut');
      assert.ok(!text.includes('[DONE]'));
      assert.ok(text === 'cut' || text.includes('DGRID_BACKEND_'), text);
      assert.deepEqual(await attestations(agent.url, '0', 0), []);
    });
  }

  const refusals: readonly (readonly [string, Parameters<FakeNode['behave']>[0], number, string | undefined])[] = [
    ['its 429 with the pause it asks for', failWith(429, { 'retry-after': '3' }), 429, undefined],
    ['its 500', failWith(500), 500, undefined],
    ['a wrong key of ours as a fault of this node', failWith(401), 502, undefined],
    ['a reset', reset, 502, 'DGRID_BACKEND_FAULT'],
    ['silence', silent, 504, 'DGRID_BACKEND_TIMEOUT'],
    ['garbage', json(200, 'nonsense'), 502, 'DGRID_BACKEND_FAULT'],
  ];
  for (const [name, behaviour, status, code] of refusals) {
    it(`rejects, unsigned, when the backend shows ${name}`, async () => {
      backend.behave(behaviour);
      const response = await ask(agent.url, {});
      assert.equal(response.status, status);
      const { error } = (await response.json()) as { error: { code: string | null; message: string } };
      assert.equal(typeof error.message, 'string');
      if (code !== undefined) assert.equal(error.code, code);
      if (status === 429) assert.equal(response.headers.get('retry-after'), '3');
      assert.deepEqual(await attestations(agent.url, '0', 0), []);
    });
  }

  it('cancels the backend when the gateway goes away', async () => {
    const closed = backend.aborted();
    backend.behave((response) => {
      beginStream(response);
      response.write(words.join(''));
    });
    const leave = new AbortController();
    const response = await fetch(`${agent.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'x-dgrid-request': id(1), 'x-dgrid-salt': SALT, 'x-dgrid-gateway': GATEWAY },
      body: JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'hi' }], stream: true }),
      signal: leave.signal,
    });
    const reading = response.text();
    leave.abort();
    await assert.rejects(reading);
    await closed;
  });

  it('rejects what is not a request of a gateway', async () => {
    const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`${agent.url}/v1/chat/completions`, {
        method: 'POST',
        body,
        headers: { 'x-dgrid-request': id(1), 'x-dgrid-salt': SALT, 'x-dgrid-gateway': GATEWAY, ...headers },
      });
    const code = async (response: Response): Promise<string> =>
      ((await response.json()) as { error: { code: string } }).error.code;
    assert.equal(await code(await post('{')), 'DGRID_INVALID_JSON');
    assert.equal(await code(await post('[]')), 'DGRID_INVALID_BODY');
    assert.equal(await code(await post('{"model":"demo"}')), 'DGRID_INVALID_BODY');
    assert.equal(await code(await post('{}', { 'x-dgrid-salt': '0x12' })), 'DGRID_INVALID_HEADER');
    assert.equal(
      await code(await post(JSON.stringify({ model: 'demo', messages: ['x'.repeat(200_000)] }))),
      'DGRID_BODY_TOO_LARGE',
    );
    assert.equal(await code(await fetch(`${agent.url}/nowhere`)), 'DGRID_UNKNOWN_ROUTE');
    assert.equal(await code(await fetch(`${agent.url}/dgrid/v1/attestations?gateway=1`)), 'DGRID_INVALID_BODY');
  });
});
