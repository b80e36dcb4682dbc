import assert from 'node:assert/strict';

import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';

import { startRealAgent } from './support/agent.ts';
import type { RunningAgent } from './support/agent.ts';
import {
  answer,
  beginStream,
  chunk,
  completion,
  failWith,
  json,
  silent,
  sse,
  startFakeNode,
  STREAM_END,
  streamThen,
} from './support/fake-node.ts';
import type { Behaviour, FakeNode } from './support/fake-node.ts';
import { account, inferenceNode, startGateway } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';

const messages = [{ role: 'user' as const, content: 'Say hello to the world.' }];
const HELLO = 'hello brave new world';

type Refusal = {
  readonly of: string;
  readonly kind: new (...args: never[]) => Error;
  readonly status: number;
  readonly code: string;
  readonly ask: (client: OpenAI, gateway: TestGateway) => Promise<unknown>;
  readonly behaviour?: Behaviour;
};

const create = (client: OpenAI, extra: object = {}): Promise<unknown> =>
  client.chat.completions.create({ model: 'demo', messages, ...extra });

const REFUSALS: readonly Refusal[] = [
  {
    of: 'a key nobody gave out',
    kind: OpenAI.AuthenticationError,
    status: 401,
    code: 'DGRID_INVALID_KEY',
    ask: (client) => create(client.withOptions({ apiKey: 'nobody' })),
  },
  {
    of: 'a model nobody serves',
    kind: OpenAI.NotFoundError,
    status: 404,
    code: 'DGRID_UNKNOWN_MODEL',
    ask: (client) => create(client, { model: 'dem' }),
  },
  {
    of: 'a body without messages',
    kind: OpenAI.BadRequestError,
    status: 400,
    code: 'DGRID_INVALID_BODY',
    ask: (client) => create(client, { messages: [] }),
  },
  {
    of: 'a preference that is none',
    kind: OpenAI.BadRequestError,
    status: 400,
    code: 'DGRID_INVALID_PREFERENCE',
    ask: (client) => create(client, { provider: { sort: 'luck' } }),
  },
  {
    of: 'wishes that no node meets',
    kind: OpenAI.UnprocessableEntityError,
    status: 422,
    code: 'DGRID_UNSATISFIABLE',
    ask: (client) => create(client, { provider: { max_price: { prompt: 0, completion: 0 } } }),
  },
  {
    of: 'a body beyond the limit',
    kind: OpenAI.APIError,
    status: 413,
    code: 'DGRID_BODY_TOO_LARGE',
    ask: (client) => create(client, { messages: [{ role: 'user', content: 'x'.repeat(1_100_000) }] }),
  },
  {
    of: 'a context that is full',
    kind: OpenAI.BadRequestError,
    status: 400,
    code: 'DGRID_CONTEXT_TOO_LONG',
    ask: (client) => create(client),
    behaviour: json(400, { error: { message: 'too long', code: 'context_length_exceeded' } }),
  },
  {
    of: 'nodes that fail',
    kind: OpenAI.InternalServerError,
    status: 502,
    code: 'DGRID_NODE_FAULT',
    ask: (client) => create(client),
    behaviour: failWith(500),
  },
  {
    of: 'nodes that are busy',
    kind: OpenAI.InternalServerError,
    status: 503,
    code: 'DGRID_NODES_BUSY',
    ask: (client) => create(client),
    behaviour: failWith(429, { 'retry-after': '1' }),
  },
  {
    of: 'nodes that say nothing',
    kind: OpenAI.InternalServerError,
    status: 504,
    code: 'DGRID_NODE_TIMEOUT',
    ask: (client) => create(client),
    behaviour: silent,
  },
];

describe('the OpenAI SDK against a gateway and two node agents', () => {
  let backends: FakeNode[];
  let agents: RunningAgent[];
  let gateway: TestGateway;
  let client: OpenAI;
  const behave = (behaviour: Behaviour): void => backends.forEach((backend) => backend.behave(behaviour));
  const asked = (): number => backends.reduce((sum, { requests }) => sum + requests.length, 0);

  beforeEach(async () => {
    backends = [await startFakeNode(answer(HELLO)), await startFakeNode(answer(HELLO))];
    agents = await Promise.all(backends.map((backend, index) => startRealAgent(index, backend.url)));
    gateway = await startGateway(agents.map((agent, index) => inferenceNode(index, agent.url)));
    client = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  });
  afterEach(async () => {
    await gateway.close();
    await Promise.all([...agents, ...backends].map((server) => server.close()));
  });

  it('returns what the node then attests', async () => {
    const { data, response } = await client.chat.completions.create({ model: 'demo', messages }).withResponse();
    assert.equal(data.choices[0]?.message.content, HELLO);
    const node = response.headers.get('x-dgrid-node');
    const [served] = gateway.receipts.served();
    assert.ok(served);
    const { id: receiptId, requestHash, responseHash } = served.receipt;
    const [leaf] = (await agents[node === account(0) ? 0 : 1]?.signed()) ?? [];
    assert.deepEqual({ ...leaf, receiptId, requestHash, responseHash }, leaf);
  });

  it('returns the events of the streaming helper in their order, and the whole at its end', async () => {
    const events: string[] = [];
    const helper = client.chat.completions.stream({ model: 'demo', messages, stream_options: { include_usage: true } });
    helper.on('content', (_delta, snapshot) => void events.push(snapshot));
    const whole = await helper.finalChatCompletion();
    assert.equal(events.at(-1), HELLO);
    assert.equal(whole.choices[0]?.message.content, HELLO);
    assert.equal(whole.usage?.completion_tokens, gateway.receipts.served()[0]?.receipt.completionTokens);
  });

  it('returns a parsed object of a zod schema', async () => {
    behave(json(200, completion('{"answer":42}')));
    const parsed = await client.chat.completions.parse({
      model: 'demo',
      messages,
      response_format: zodResponseFormat(z.object({ answer: z.number() }), 'result'),
    });
    assert.deepEqual(parsed.choices[0]?.message.parsed, { answer: 42 });
  });

  it('runs a tool through the helper until the model is content', async () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'add', arguments: '{"a":1,"b":2}' } };
    behave((response, received) => {
      const told = (received.body['messages'] as { role: string }[]).some(({ role }) => role === 'tool');
      const message = { role: 'assistant', content: null, tool_calls: [call] };
      const ask = json(200, completion('', { choices: [{ index: 0, message, finish_reason: 'tool_calls' }] }));
      return (told ? answer('It is 3.') : ask)(response, received);
    });
    const given: string[] = [];
    const runner = client.chat.completions.runTools({
      model: 'demo',
      messages,
      tools: [
        {
          type: 'function',
          function: {
            name: 'add',
            description: 'Adds two numbers.',
            parameters: { type: 'object' },
            function: (args: string) => {
              given.push(args);
              return '3';
            },
          },
        },
      ],
    });
    assert.equal(await runner.finalContent(), 'It is 3.');
    assert.deepEqual(given, ['{"a":1,"b":2}']);
  });

  for (const { of, kind, status, code, ask, behaviour } of REFUSALS)
    it(`rejects ${of} with the SDK's class, status ${status} and a stable code, and charges nothing`, async () => {
      if (behaviour !== undefined) behave(behaviour);
      await assert.rejects(ask(client, gateway), (error) => {
        assert.ok(error instanceof kind && error instanceof OpenAI.APIError, String(error));
        assert.deepEqual([error.status, error.code], [status, code]);
        assert.ok(typeof error.type === 'string' && error.message.length > 20);
        return true;
      });
      assert.deepEqual([gateway.receipts.served(), gateway.receipts.open()], [[], []]);
    });

  it('is repeated by the SDK when that may help, and not when it may not', async () => {
    const patient = client.withOptions({ maxRetries: 2 });
    gateway.receipts.failCommits(true);
    const first = patient.chat.completions.create({ model: 'demo', messages });
    while (asked() === 0) await new Promise((resolve) => setImmediate(resolve));
    gateway.receipts.failCommits(false);
    await first;
    const before = asked();
    behave(failWith(500));
    await assert.rejects(create(patient), OpenAI.InternalServerError);
    assert.equal(asked() - before, 3, 'one request, as many attempts as the gateway makes');
  });

  const half = [sse(chunk({ role: 'assistant', content: '' })), sse(chunk({ content: 'hello ' }))];
  const ABORTS: readonly { readonly when: string; readonly stream: boolean; readonly behaviour: Behaviour }[] = [
    { when: 'before a plain answer', stream: false, behaviour: silent },
    { when: 'before the headers of a stream', stream: true, behaviour: silent },
    {
      when: 'before its first word',
      stream: true,
      behaviour: (response) => {
        beginStream(response);
        response.write(half[0]);
      },
    },
  ];

  for (const { when, stream, behaviour } of ABORTS)
    it(`closes the backend's connection when the client leaves ${when}, and blames and charges nobody`, async () => {
      const reached = Promise.withResolvers<void>();
      behave((response, received) => {
        reached.resolve();
        return behaviour(response, received);
      });
      const controller = new AbortController();
      const request = client.chat.completions.create(
        { model: 'demo', messages, stream },
        { signal: controller.signal },
      );
      await reached.promise;
      const closed = Promise.race(backends.map((backend) => backend.aborted()));
      controller.abort();
      await assert.rejects(request, OpenAI.APIUserAbortError);
      await closed; // by the abort and not by a time limit, or a second node would have been asked
      assert.equal(asked(), 1);
      await settled(gateway);
      assert.deepEqual(gateway.receipts.served(), []);
      for (const index of [0, 1]) assert.equal(gateway.conditions.of(account(index), 'demo').successBps, 10_000);
    });

  it('closes the connection when the client leaves amid a stream, and charges no more than it got', async () => {
    behave(streamThen(half, () => undefined));
    const stream = await client.chat.completions.create({ model: 'demo', messages, stream: true });
    const closed = Promise.race(backends.map((backend) => backend.aborted()));
    for await (const part of stream) if (part.choices[0]?.delta.content === 'hello ') break;
    await closed;
    await settled(gateway);
    assert.deepEqual(gateway.receipts.served(), []);
    for (const index of [0, 1]) assert.equal(gateway.conditions.of(account(index), 'demo').successBps, 10_000);
  });

  it('passes the trace of its caller on to the node, and keeps it with the decision', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = { traceparent: `00-${trace}-00f067aa0ba902b7-01`, 'x-request-id': 'mine-1' };
    const plain = await startGateway([inferenceNode(0, backends[0]?.url ?? '')]);
    try {
      const direct = new OpenAI({ apiKey: plain.key, baseURL: `${plain.url}/v1`, maxRetries: 0 });
      const { response } = await direct.chat.completions
        .create({ model: 'demo', messages }, { headers })
        .withResponse();
      assert.equal(response.headers.get('x-request-id'), 'mine-1');
      const [served] = plain.receipts.served();
      assert.equal((JSON.parse(served?.decision ?? '') as { traceId: string }).traceId, trace);
      const span = served?.receipt.id.slice(2, 18);
      assert.equal(backends[0]?.requests[0]?.headers['traceparent'], `00-${trace}-${span}-01`);
    } finally {
      await plain.close();
    }
  });

  it('ends well with a stream whose last words come together', async () => {
    behave(streamThen([[...half, ...STREAM_END].join('')], (response) => response.end()));
    const stream = await client.chat.completions.create({ model: 'demo', messages, stream: true });
    const words: string[] = [];
    for await (const part of stream) words.push(part.choices[0]?.delta.content ?? '');
    assert.equal(words.join(''), 'hello ');
    assert.equal(gateway.receipts.served().length, 1);
  });
});

/** Until the gateway has given up whatever was under way. */
async function settled({ receipts }: TestGateway): Promise<void> {
  while (receipts.open().length > 0) await new Promise((resolve) => setImmediate(resolve));
}
