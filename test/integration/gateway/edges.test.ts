import assert from 'node:assert/strict';

import { createMeter } from '../../../gateway/execute/meter.ts';
import { Flag } from '../../../gateway/protocol/constants.ts';
import {
  answer,
  chunk,
  failWith,
  silent,
  sse,
  startFakeNode,
  STREAM_END,
  streamWords,
  beginStream,
} from './support/fake-node.ts';
import type { ChatContent } from '../../../gateway/protocol/content.ts';
import type { FakeNode } from './support/fake-node.ts';
import { account, inferenceNode, startGateway } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';

const BODY = { model: 'demo', messages: [{ role: 'user', content: 'Say hello.' }] };

describe('a gateway at its edges', () => {
  let node: FakeNode;
  let gateway: TestGateway | undefined;

  const ask = (body: object, init: RequestInit = {}): Promise<Response> =>
    fetch(`${gateway?.url ?? ''}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway?.key ?? ''}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...BODY, ...body }),
      ...init,
    });

  beforeEach(async () => {
    node = await startFakeNode(answer('hello brave new world'));
  });
  afterEach(async () => {
    await gateway?.close();
    await node.close();
  });

  it('closes the upstream call when the client of a plain request leaves', async () => {
    node.behave(silent);
    gateway = await startGateway([inferenceNode(0, node.url)]);
    const closed = node.aborted();
    const leave = new AbortController();
    const asking = ask({}, { signal: leave.signal });
    while (node.requests.length === 0) await new Promise(setImmediate);
    leave.abort();
    await assert.rejects(asking);
    await closed;
    while (gateway.receipts.open().length > 0) await new Promise(setImmediate);
    assert.deepEqual(gateway.receipts.served(), []);
  });

  it('asks another node when the endpoint of one is unusable or unreachable', async () => {
    const dead = await startFakeNode();
    await dead.close();
    const endpoints = ['http://[broken', 'http://127.0.0.1:99999', dead.url, node.url];
    gateway = await startGateway(
      endpoints.map((endpoint, index) => inferenceNode(index, endpoint)),
      { maxAttempts: 4 },
    );
    const response = await ask({});
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-dgrid-node'), account(3));
    assert.deepEqual(
      [response.headers.get('x-dgrid-cause'), response.headers.get('x-dgrid-attempts')],
      ['fallback', '4'],
    );
    const decision = JSON.parse(gateway.receipts.served()[0]?.decision ?? '') as { attempts: { outcome: string }[] };
    assert.deepEqual(
      decision.attempts.map(({ outcome }) => outcome),
      ['connect', 'connect', 'refused', 'served'],
    );
  });

  it('returns an answer although the node keeps the connection open after [DONE]', async () => {
    node.behave((response) => {
      beginStream(response);
      response.write([...streamWords(['hello']), ...STREAM_END].join(''));
    });
    gateway = await startGateway([inferenceNode(0, node.url)]);
    const text = await (await ask({ stream: true })).text();
    assert.ok(text.endsWith('data: [DONE]\n\n'));
    assert.equal(gateway.receipts.served().length, 1);
  });

  it('sends comments while the node is silent amid a stream', async () => {
    const commented = Promise.withResolvers<void>();
    node.behave((response) => {
      beginStream(response);
      response.write(streamWords(['hello']).join(''));
      void commented.promise.then(() => response.end([sse(chunk({ content: ' again' })), ...STREAM_END].join('')));
    });
    gateway = await startGateway([inferenceNode(0, node.url)], { keepAliveMs: 20 });
    const response = await ask({ stream: true });
    let text = '';
    for await (const part of response.body ?? []) {
      text += Buffer.from(part as Uint8Array).toString();
      if (text.includes(': keep-alive\n\n')) commented.resolve(); // the node goes on once its silence was bridged
    }
    assert.ok(text.includes(' again'));
    assert.ok(text.endsWith('data: [DONE]\n\n'));
  });

  it('ends a stream that never ends when its whole time is over', async () => {
    node.behave((response) => {
      beginStream(response);
      const timer = setInterval(() => response.write(sse(chunk({ content: 'more ' }))), 10);
      response.on('close', () => clearInterval(timer));
    });
    const limits = { connectMs: 300, headersMs: 300, firstTokenMs: 300, chunkMs: 300, totalMs: 200, plainMs: 300 };
    gateway = await startGateway([inferenceNode(0, node.url)], { limits });
    const closed = node.aborted();
    const text = await (await ask({ stream: true })).text();
    assert.ok(text.includes('DGRID_STREAM_INTERRUPTED') && text.includes('total_timeout'));
    assert.ok(!text.includes('[DONE]'));
    await closed;
  });

  it('keeps our preferences from the node and writes the flags of the request', async () => {
    gateway = await startGateway([inferenceNode(0, node.url), inferenceNode(1, node.url)]);
    const response = await ask({
      model: 'auto:fast',
      private: true,
      provider: { sort: 'price' },
      task: 'code',
      max_cost: 1,
      min_quality: 0.1,
      response_format: { type: 'json_object' },
    });
    assert.equal(response.status, 200);
    assert.deepEqual(Object.keys(node.requests[0]?.body ?? {}).toSorted(), ['messages', 'model', 'response_format']);
    assert.equal(node.requests[0]?.body['model'], 'demo');
    assert.equal(gateway.receipts.served()[0]?.receipt.flags, Flag.private | Flag.formatConstrained);
    assert.equal(gateway.receipts.served()[0]?.receipt.family, 1);
  });

  it('writes the flag of a pinned request when a list of models falls back to what one node alone serves', async () => {
    const broken = await startFakeNode(failWith(500));
    const own = inferenceNode(2, node.url);
    const models = own.metadata.models.map((model) => ({ ...model, id: 'mine-alone' }));
    const nodes = [0, 1].map((index) => inferenceNode(index, broken.url));
    gateway = await startGateway([...nodes, { ...own, metadata: { ...own.metadata, models } }]);
    const response = await ask({ model: 'demo', models: ['mine-alone'] });
    await broken.close();
    assert.deepEqual([response.status, response.headers.get('x-dgrid-cause')], [200, 'fallback']);
    const [served] = gateway.receipts.served();
    assert.deepEqual([served?.receipt.node, served?.receipt.flags], [account(2), Flag.pinned]);
  });

  it('serves golds and replays the ordinary way, streamed without anybody listening', async () => {
    gateway = await startGateway([inferenceNode(0, node.url), inferenceNode(1, node.url)]);
    const request = { keyHash: gateway.keyHash, signal: new AbortController().signal };
    const gold = await gateway.app.serve({ ...request, body: { ...BODY, stream: true }, flags: Flag.gold });
    assert.equal(gold.receipt.flags, Flag.gold);
    assert.equal((gold.content as ChatContent).choices[0]?.message.content, 'hello brave new world');
    const replay = await gateway.app.serve({ ...request, body: BODY, flags: Flag.replay, pin: [account(1)] });
    assert.deepEqual([replay.receipt.flags, replay.receipt.node], [Flag.replay, account(1)]);
    assert.equal(replay.receipt.serial, 1n);
  });

  it('returns the decision without asking anybody', async () => {
    gateway = await startGateway([inferenceNode(0, node.url), inferenceNode(1, node.url)]);
    const response = await fetch(`${gateway.url}/v1/route`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...BODY, model: 'auto' }),
    });
    const decision = (await response.json()) as { eligible: number; candidates: object[] };
    assert.deepEqual([decision.eligible, decision.candidates.length], [2, 2]);
    assert.deepEqual(node.requests, []);
  });

  it('measures in its own thread and books its own overhead', async () => {
    const meter = createMeter({
      maxQueue: 100,
      thread: new URL('../../../gateway/wiring/meter-thread.ts', import.meta.url),
    });
    gateway = await startGateway([inferenceNode(0, node.url)], { meter });
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask({})));
    assert.ok(answers.every(({ status }) => status === 200));
    const serials = gateway.receipts.served().map(({ receipt }) => receipt.serial);
    assert.equal(new Set(serials).size, 20);
    const page = await (await fetch(`${gateway.url}/metrics`)).text();
    assert.match(page, /dgrid_overhead_ms_count 20/);
    await meter.close();
  });

  it('ends answers under way before it closes, and takes no new ones', async () => {
    const gate = Promise.withResolvers<void>();
    node.behave((response) => {
      beginStream(response);
      response.write(streamWords(['hello']).join(''));
      void gate.promise.then(() => response.end(STREAM_END.join('')));
    });
    gateway = await startGateway([inferenceNode(0, node.url)]);
    const response = await ask({ stream: true });
    const closing = gateway.close();
    gateway = undefined;
    gate.resolve();
    assert.ok((await response.text()).endsWith('data: [DONE]\n\n'));
    await closing;
  });
});
