import assert from 'node:assert/strict';

import OpenAI from 'openai';

import {
  beginStream,
  answer,
  chunk,
  completion,
  failWith,
  json,
  reset,
  silent,
  sse,
  startFakeNode,
  STREAM_END,
  streamThen,
  streamWords,
} from './support/fake-node.ts';
import type { Behaviour, FakeNode } from './support/fake-node.ts';
import { inferenceNode, startGateway } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';

const messages = [{ role: 'user' as const, content: 'Say hello to the world.' }];
const TEXT = 'hello brave new world';
/** No case may take longer: two or three attempts of at most 600 ms each, and slack for a busy machine. */
const BOUND_MS = 3_000;

type Fault = {
  readonly name: string;
  readonly stream: boolean;
  readonly behaviour: Behaviour;
  /** How it looks when it is the only node: status and code, or the in-band code of a stream that had begun. */
  readonly alone: { readonly status?: number; readonly code: string };
  /** Whether it strikes only after the first words were sent, when no other node can help any more. */
  readonly late?: true;
  /** Whether it says something about the node. */
  readonly blame: boolean;
};

const words = streamWords(['hello ', 'brave ']);
const both = (fault: Omit<Fault, 'stream'>): Fault[] => [true, false].map((stream) => ({ ...fault, stream }));
const never = (): void => undefined;

const FAULTS: readonly Fault[] = [
  ...both({
    name: '429 with Retry-After',
    behaviour: failWith(429, { 'retry-after': '7' }),
    alone: { status: 503, code: 'DGRID_NODES_BUSY' },
    blame: true,
  }),
  ...both({
    name: '429 without',
    behaviour: failWith(429),
    alone: { status: 503, code: 'DGRID_NODES_BUSY' },
    blame: true,
  }),
  ...both({ name: '500', behaviour: failWith(500), alone: { status: 502, code: 'DGRID_NODE_FAULT' }, blame: true }),
  ...both({ name: '503', behaviour: failWith(503), alone: { status: 502, code: 'DGRID_NODE_FAULT' }, blame: true }),
  ...both({
    name: '401 of the node itself',
    behaviour: failWith(401),
    alone: { status: 502, code: 'DGRID_NODE_FAULT' },
    blame: true,
  }),
  ...both({
    name: 'connection reset',
    behaviour: reset,
    alone: { status: 502, code: 'DGRID_NODE_FAULT' },
    blame: true,
  }),
  ...both({ name: 'no response', behaviour: silent, alone: { status: 504, code: 'DGRID_NODE_TIMEOUT' }, blame: true }),
  ...both({
    name: 'garbage instead of JSON',
    behaviour: json(200, '<html>oops'),
    alone: { status: 502, code: 'DGRID_NODE_FAULT' },
    blame: true,
  }),
  ...both({
    name: 'an error with status 200',
    behaviour: json(200, { error: { message: 'no' } }),
    alone: { status: 502, code: 'DGRID_NODE_FAULT' },
    blame: true,
  }),
  {
    name: 'JSON cut in half',
    stream: false,
    behaviour: json(200, JSON.stringify(completion(TEXT)).slice(0, 80)),
    alone: { status: 502, code: 'DGRID_NODE_FAULT' },
    blame: true,
  },
  {
    name: 'an answer without a finish reason',
    stream: false,
    behaviour: json(
      200,
      completion(TEXT, {
        choices: [{ index: 0, message: { role: 'assistant', content: 'hel' }, finish_reason: null }],
      }),
    ),
    alone: { status: 502, code: 'DGRID_NODE_FAULT' },
    blame: true,
  },
  {
    name: 'more choices than were asked for',
    stream: false,
    behaviour: json(
      200,
      completion(TEXT, {
        choices: [0, 1].map((index) => ({ index, message: { content: TEXT }, finish_reason: 'stop' })),
      }),
    ),
    alone: { status: 502, code: 'DGRID_NODE_FAULT' },
    blame: true,
  },
  {
    name: 'a choice that nobody asked for',
    stream: true,
    late: true,
    behaviour: streamThen(
      [...words, sse({ ...chunk({}), choices: [{ index: 1, delta: { content: TEXT }, finish_reason: 'stop' }] })],
      (r) => r.end(STREAM_END.join('')),
    ),
    alone: { code: 'DGRID_STREAM_INTERRUPTED' },
    blame: true,
  },
  {
    name: 'body stalls',
    stream: false,
    behaviour: (response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{"id":'),
    alone: { status: 504, code: 'DGRID_NODE_TIMEOUT' },
    blame: true,
  },
  {
    name: 'body cut',
    stream: false,
    behaviour: (response) =>
      void response.writeHead(200, { 'content-length': '500' }).write('{"id":', () => response.destroy()),
    alone: { status: 502, code: 'DGRID_NODE_FAULT' },
    blame: true,
  },
  {
    name: 'slow first token',
    stream: true,
    behaviour: streamThen([sse(chunk({ role: 'assistant', content: '' }))], never),
    alone: { status: 504, code: 'DGRID_NODE_TIMEOUT' },
    blame: true,
  },
  {
    name: 'nothing but comments',
    stream: true,
    behaviour: streamThen([': wait\n\n'], never),
    alone: { status: 504, code: 'DGRID_NODE_TIMEOUT' },
    blame: true,
  },
  {
    name: 'an error as the first event',
    stream: true,
    behaviour: streamThen([sse({ error: { message: 'out of memory' } })], (r) => r.end()),
    alone: { status: 502, code: 'DGRID_NODE_FAULT' },
    blame: true,
  },
  {
    name: 'a clean end before the first word',
    stream: true,
    behaviour: streamThen([sse(chunk({ role: 'assistant' }))], (r) => r.end()),
    alone: { status: 502, code: 'DGRID_NODE_FAULT' },
    blame: true,
  },
  {
    name: 'stream cut',
    stream: true,
    late: true,
    behaviour: streamThen(words, (r) => r.destroy()),
    alone: { code: 'DGRID_STREAM_INTERRUPTED' },
    blame: true,
  },
  {
    name: 'stream stalls',
    stream: true,
    late: true,
    behaviour: streamThen(words, never),
    alone: { code: 'DGRID_STREAM_INTERRUPTED' },
    blame: true,
  },
  {
    name: 'malformed chunk',
    stream: true,
    late: true,
    behaviour: streamThen([...words, 'data: {"choices":[{"del\n\n'], (r) => r.end()),
    alone: { code: 'DGRID_STREAM_INTERRUPTED' },
    blame: true,
  },
  {
    name: 'an error amid the stream',
    stream: true,
    late: true,
    behaviour: streamThen([...words, sse({ error: { message: 'gone' } })], (r) => r.end()),
    alone: { code: 'DGRID_STREAM_INTERRUPTED' },
    blame: true,
  },
  {
    name: 'a clean end without a finish reason',
    stream: true,
    late: true,
    behaviour: streamThen(words, (r) => r.end()),
    alone: { code: 'DGRID_STREAM_INTERRUPTED' },
    blame: true,
  },
  {
    name: '[DONE] without a finish reason',
    stream: true,
    late: true,
    behaviour: streamThen([...words, sse('[DONE]')], (r) => r.end()),
    alone: { code: 'DGRID_STREAM_INTERRUPTED' },
    blame: true,
  },
  {
    name: 'no [DONE]',
    stream: true,
    late: true,
    behaviour: streamThen([...words, sse(chunk({}, 'stop'))], (r) => r.end()),
    alone: { code: 'DGRID_STREAM_INTERRUPTED' },
    blame: true,
  },
];

const CALLER_FAULTS = [
  { name: 'a full context', code: 'context_length_exceeded', ours: 'DGRID_CONTEXT_TOO_LONG', calls: 1 },
  { name: 'a content policy', code: 'content_filter', ours: 'DGRID_CONTENT_REFUSED', calls: 1 },
  { name: 'a body that two nodes call invalid', code: 'bad_value', ours: 'DGRID_REQUEST_REJECTED', calls: 2 },
];

async function ask(client: OpenAI, stream: boolean): Promise<string> {
  if (!stream)
    return (await client.chat.completions.create({ model: 'demo', messages })).choices[0]?.message.content ?? '';
  let text = '';
  for await (const part of await client.chat.completions.create({ model: 'demo', messages, stream: true }))
    text += part.choices[0]?.delta.content ?? '';
  return text;
}

describe('a gateway over misbehaving nodes', () => {
  let bad: FakeNode;
  let good: FakeNode;
  let gateway: TestGateway;
  let client: OpenAI;

  const start = async (...fakes: FakeNode[]): Promise<void> => {
    // The draw is pinned to 0, which falls to the first by address among equals: node 0.
    const nodes = fakes.map((fake, index) => inferenceNode(index, fake.url));
    gateway = await startGateway(nodes, { maxAnswerBytes: 4_194_304 });
    client = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  };

  beforeEach(async () => {
    bad = await startFakeNode();
    good = await startFakeNode(answer(TEXT));
  });
  afterEach(async () => {
    await gateway.close();
    await Promise.all([bad.close(), good.close()]);
  });

  for (const fault of FAULTS) {
    const mode = fault.stream ? 'streamed' : 'plain';

    it(`rejects in time, with nothing that looks like an answer: ${fault.name}, ${mode}, no other node`, async () => {
      bad.behave(fault.behaviour);
      await start(bad);
      const startedMs = performance.now();
      await assert.rejects(ask(client, fault.stream), (error) => {
        assert.ok(error instanceof OpenAI.APIError, String(error));
        assert.equal(error.code, fault.alone.code);
        assert.equal(error.status, fault.alone.status);
        return true;
      });
      assert.ok(performance.now() - startedMs < BOUND_MS);
      assert.ok(bad.requests.length <= 2, `${bad.requests.length} attempts`);
      assert.equal(gateway.conditions.of(inferenceNode(0, '').account, 'demo').successBps < 10_000, fault.blame);
      assert.deepEqual(gateway.receipts.served(), []);
      assert.deepEqual(gateway.receipts.open(), []);
    });

    if (fault.late === true) continue;
    it(`returns another node's answer: ${fault.name}, ${mode}`, async () => {
      bad.behave(fault.behaviour);
      await start(bad, good);
      const startedMs = performance.now();
      assert.equal(await ask(client, fault.stream), TEXT);
      assert.ok(performance.now() - startedMs < BOUND_MS);
      assert.equal(bad.requests.length, 1);
      const receipt = gateway.receipts.served()[0]?.receipt;
      assert.equal(receipt?.node, inferenceNode(1, '').account);
      assert.ok(gateway.conditions.of(inferenceNode(0, '').account, 'demo').successBps < 10_000);
      assert.equal(gateway.conditions.of(inferenceNode(1, '').account, 'demo').successBps, 10_000);
    });
  }

  it('returns the answer of the same node when a 500 was a passing one', async () => {
    bad.behave(failWith(500), answer(TEXT));
    await start(bad);
    assert.equal(await ask(client, false), TEXT);
    assert.equal(bad.requests.length, 2);
  });

  for (const fault of CALLER_FAULTS) {
    it(`rejects without blaming a node: ${fault.name}`, async () => {
      const refuse = json(400, {
        error: { message: 'said by the node', type: 'invalid_request_error', param: null, code: fault.code },
      });
      bad.behave(refuse);
      good.behave(refuse);
      await start(bad, good);
      await assert.rejects(ask(client, true), (error) => {
        return (
          error instanceof OpenAI.BadRequestError &&
          error.code === fault.ours &&
          error.message.includes('said by the node')
        );
      });
      assert.equal(bad.requests.length + good.requests.length, fault.calls);
      for (const index of [0, 1])
        assert.equal(gateway.conditions.of(inferenceNode(index, '').account, 'demo').successBps, 10_000);
    });
  }

  it('blames the node that called a request invalid which another one answers', async () => {
    bad.behave(failWith(422));
    await start(bad, good);
    assert.equal(await ask(client, false), TEXT);
    assert.ok(gateway.conditions.of(inferenceNode(0, '').account, 'demo').successBps < 10_000);
  });

  it('rejects with 503 and a Retry-After while the breaker is open, without asking the node', async () => {
    bad.behave(failWith(500));
    await start(bad);
    await assert.rejects(ask(client, false));
    await assert.rejects(ask(client, false));
    const asked = bad.requests.length;
    await assert.rejects(ask(client, false), (error) => {
      assert.ok(error instanceof OpenAI.APIError);
      assert.equal(error.status, 503);
      assert.equal(error.code, 'DGRID_NO_ELIGIBLE_NODE');
      assert.match(error.message, /breaker 1/);
      assert.ok(Number(error.headers?.get('retry-after')) >= 1);
      return true;
    });
    assert.equal(bad.requests.length, asked);
  });

  it('closes the upstream call when the client leaves before the first token', async () => {
    bad.behave(silent);
    await start(bad);
    const closed = bad.aborted();
    const leave = new AbortController();
    const asking = client.chat.completions.create({ model: 'demo', messages, stream: true }, { signal: leave.signal });
    while (bad.requests.length === 0) await new Promise(setImmediate);
    leave.abort();
    await assert.rejects(asking);
    await closed;
    assert.equal(gateway.conditions.of(inferenceNode(0, '').account, 'demo').successBps, 10_000);
  });

  it('closes the upstream call when the client leaves amid the stream, and charges nothing', async () => {
    const closed = bad.aborted();
    bad.behave((response) => {
      beginStream(response);
      response.write(words.join(''));
    });
    await start(bad);
    const stream = await client.chat.completions.create({ model: 'demo', messages, stream: true });
    for await (const part of stream) if (part.choices[0]?.delta.content === 'brave ') break;
    stream.controller.abort();
    await closed;
    while (gateway.receipts.open().length > 0) await new Promise(setImmediate);
    assert.deepEqual(gateway.receipts.served(), []);
    assert.equal(gateway.conditions.of(inferenceNode(0, '').account, 'demo').successBps, 10_000);
  });

  it('ends a stream in an error when its receipt cannot be written', async () => {
    await start(good);
    gateway.receipts.failCommits(true);
    await assert.rejects(
      ask(client, true),
      (error) => error instanceof OpenAI.APIError && error.code === 'DGRID_STORE_UNAVAILABLE',
    );
    await assert.rejects(ask(client, false), (error) => error instanceof OpenAI.APIError && error.status === 503);
  });

  it('returns every byte of a long stream to a client that reads slowly', async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => `word${index} ${'x'.repeat(200)} `);
    good.behave(streamThen([...streamWords(many), ...STREAM_END], (response) => response.end()));
    await start(good);
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'demo', messages, stream: true }),
    });
    let text = '';
    for await (const part of response.body ?? []) {
      text += Buffer.from(part as Uint8Array).toString();
      await new Promise(setImmediate);
    }
    assert.equal(text.match(/word\d+ /g)?.length, 3_000);
    assert.ok(text.endsWith('data: [DONE]\n\n'));
  });
});
