import assert from 'node:assert/strict';

import OpenAI from 'openai';

import { keccakText } from '../../../gateway/protocol/keccak.ts';
import { contentHash } from '../../../gateway/protocol/content.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import {
  answer,
  chunk,
  completion,
  failWith,
  json,
  sse,
  startFakeNode,
  STREAM_END,
  streamThen,
} from './support/fake-node.ts';
import type { FakeNode } from './support/fake-node.ts';
import { account, inferenceNode, startGateway } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';

const messages = [{ role: 'user' as const, content: 'Say hello to the world.' }];

describe('the OpenAI SDK against a gateway', () => {
  let nodes: FakeNode[];
  let gateway: TestGateway;
  let client: OpenAI;

  beforeEach(async () => {
    nodes = [
      await startFakeNode(answer('hello brave new world')),
      await startFakeNode(answer('hello brave new world')),
    ];
    gateway = await startGateway(nodes.map((node, index) => inferenceNode(index, node.url)));
    client = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  });
  afterEach(async () => {
    await gateway.close();
    await Promise.all(nodes.map((node) => node.close()));
  });

  it('returns a plain answer with a receipt that commits to it', async () => {
    const { data, response } = await client.chat.completions.create({ model: 'demo', messages }).withResponse();
    assert.equal(data.choices[0]?.message.content, 'hello brave new world');
    assert.equal(data.model, 'backend-model');
    const id = response.headers.get('x-dgrid-receipt') as Hex;
    const salt = response.headers.get('x-dgrid-salt') as Hex;
    const served = gateway.receipts.served()[0];
    assert.ok(served);
    assert.equal(served.receipt.id, id);
    assert.equal(served.receipt.model, keccakText('demo'));
    assert.equal(served.receipt.requestHash, contentHash(salt, served.content.request));
    assert.equal(served.receipt.responseHash, contentHash(salt, served.content.response));
    assert.equal(served.receipt.routeHash, keccakText(served.decision));
    assert.equal(served.receipt.flags, 0);
    assert.equal(response.headers.get('x-dgrid-node'), served.receipt.node);
    assert.equal(data.usage?.completion_tokens, served.receipt.completionTokens);
    const seen = nodes.flatMap((node) => node.requests)[0];
    assert.equal(seen?.headers['x-dgrid-request'], id);
    assert.equal(seen?.headers['x-dgrid-salt'], salt);
    assert.deepEqual(gateway.receipts.open(), []);
  });

  it('returns a streamed answer with the same content hash as the plain one', async () => {
    const { data, response } = await client.chat.completions
      .create({ model: 'demo', messages, stream: true })
      .withResponse();
    const parts = [];
    for await (const part of data) parts.push(part);
    const text = parts.map((part) => part.choices[0]?.delta.content ?? '').join('');
    assert.equal(text, 'hello brave new world');
    assert.ok(!parts.some((part) => 'usage' in part), 'usage was not asked for');
    await client.chat.completions.create({ model: 'demo', messages });
    const [streamed, plain] = gateway.receipts.served();
    assert.equal(streamed?.receipt.id, response.headers.get('x-dgrid-receipt'));
    assert.equal(streamed?.content.response, plain?.content.response);
    assert.equal(streamed?.content.request, plain?.content.request);
  });

  it('returns recounted usage and the cost in the last chunk when the caller asks', async () => {
    const stream = await client.chat.completions.create({
      model: 'demo',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const parts = [];
    for await (const part of stream) parts.push(part);
    const last = parts.at(-1);
    assert.deepEqual(last?.choices, []);
    const receipt = gateway.receipts.served()[0]?.receipt;
    assert.ok(receipt);
    assert.equal(last?.usage?.prompt_tokens, receipt.promptTokens);
    assert.equal((last?.usage as unknown as { cost: number }).cost, Number(receipt.priceMicroUsd) / 1e6);
    assert.notEqual(receipt.completionTokens, 7, "the node's claim is not what is billed");
  });

  it('returns tool calls through the streaming helper', async () => {
    const call = (args: string, head: object = {}): string =>
      sse(
        chunk({
          tool_calls: [{ index: 0, ...head, function: { arguments: args, ...(args === '' ? { name: 'add' } : {}) } }],
        }),
      );
    const pieces = [
      sse(chunk({ role: 'assistant', content: null })),
      call('', { id: 'call_1', type: 'function' }),
      call('{"a":1,'),
      call('"b":2}'),
      sse(chunk({}, 'tool_calls')),
      ...STREAM_END.slice(1),
    ];
    nodes.forEach((node) => node.behave(streamThen(pieces, (response) => response.end())));
    const helper = client.chat.completions.stream({
      model: 'demo',
      messages,
      tools: [{ type: 'function', function: { name: 'add', parameters: { type: 'object' } } }],
    });
    const final = await helper.finalChatCompletion();
    const tool = final.choices[0]?.message.tool_calls?.[0];
    assert.deepEqual(tool?.type === 'function' && { name: tool.function.name, arguments: tool.function.arguments }, {
      name: 'add',
      arguments: '{"a":1,"b":2}',
    });
    const response = JSON.parse(gateway.receipts.served()[0]?.content.response ?? '') as {
      choices: { message: { tool_calls: unknown } }[];
    };
    assert.deepEqual(response.choices[0]?.message.tool_calls, [
      { id: 'call_1', type: 'function', function: { name: 'add', arguments: '{"a":1,"b":2}' } },
    ]);
  });

  it('returns an answer to the schema helper', async () => {
    nodes.forEach((node) => node.behave(json(200, completion('{"ok":true}'))));
    const parsed = await client.chat.completions.parse({
      model: 'demo',
      messages,
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' }, strict: true } },
    });
    assert.deepEqual(parsed.choices[0]?.message.content, '{"ok":true}');
    assert.equal(gateway.receipts.served()[0]?.receipt.flags, 16);
  });

  it('returns the list of models, and one of them', async () => {
    const list = await client.models.list();
    assert.deepEqual(
      list.data.map((model) => model.id),
      ['demo'],
    );
    assert.equal((await client.models.retrieve('demo')).id, 'demo');
  });

  it('rejects a wrong key, an unknown model and a bad body with the SDK class of each', async () => {
    const stranger = new OpenAI({ apiKey: 'nobody', baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    await assert.rejects(stranger.chat.completions.create({ model: 'demo', messages }), (error) => {
      return error instanceof OpenAI.AuthenticationError && error.code === 'DGRID_INVALID_KEY';
    });
    await assert.rejects(client.chat.completions.create({ model: 'dem', messages }), (error) => {
      return (
        error instanceof OpenAI.NotFoundError &&
        error.code === 'DGRID_UNKNOWN_MODEL' &&
        error.message.includes('"demo"')
      );
    });
    await assert.rejects(client.chat.completions.create({ model: 'demo', messages: [] }), (error) => {
      return (
        error instanceof OpenAI.BadRequestError && error.code === 'DGRID_INVALID_BODY' && error.param === 'messages'
      );
    });
    assert.deepEqual(gateway.receipts.open(), []);
  });

  it('rejects once, without the SDK repeating it, when every node fails', async () => {
    nodes.forEach((node) => node.behave(failWith(500)));
    const patient = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/v1` });
    await assert.rejects(patient.chat.completions.create({ model: 'demo', messages }), (error) => {
      return error instanceof OpenAI.InternalServerError && error.status === 502 && error.code === 'DGRID_NODE_FAULT';
    });
    assert.equal(nodes.flatMap((node) => node.requests).length, 3);
    assert.deepEqual(gateway.receipts.served(), []);
    assert.deepEqual(gateway.receipts.open(), []);
  });

  it('returns to the payer, and to nobody else, what became of a receipt', async () => {
    const { response } = await client.chat.completions.create({ model: 'demo', messages }).withResponse();
    const path = `${gateway.url}/v1/receipts/${response.headers.get('x-dgrid-receipt')}`;
    const mine = await fetch(path, { headers: { authorization: `Bearer ${gateway.key}` } });
    assert.equal(mine.status, 200);
    const view = (await mine.json()) as { state: string; receipt: { node: string }; salt: string };
    assert.equal(view.state, 'served');
    assert.ok([account(0), account(1)].includes(view.receipt.node as Hex));
    assert.equal(view.salt, response.headers.get('x-dgrid-salt'));
    assert.equal((await fetch(path)).status, 404);
  });
});
