import assert from 'node:assert/strict';

import OpenAI from 'openai';

import { createEvaluand } from './support/evaluand.ts';
import { Flag } from '../../../gateway/protocol/constants.ts';
import { canonicalJson } from '../../../gateway/protocol/canonical-json.ts';
import { contentHash } from '../../../gateway/protocol/content.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import { startRealAgent } from './support/agent.ts';
import type { RunningAgent } from './support/agent.ts';
import { json, sse, startFakeNode, streamThen } from './support/fake-node.ts';
import type { Behaviour, FakeNode } from './support/fake-node.ts';
import { account, inferenceNode, startGateway } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';

const price = { input: 100_000, output: 400_000 };
const limits = { contextLength: 8_192, maxOutputTokens: 2_048, price };
const usage = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 };

const piece = (text: string, finish: string | null, index = 0): object => ({
  id: 'cmpl-1',
  object: 'text_completion',
  created: 1_700_000_000,
  model: 'inner',
  choices: [{ index, text, logprobs: null, finish_reason: finish }],
});
const END = [sse({ ...piece('', null), choices: [], usage }), sse('[DONE]')];

/** A backend that continues every prompt it is given, and turns every input into a vector of its length. */
const backend: Behaviour = (response, received) => {
  const { path = '', body } = received;
  const reply = (value: object): void => void json(200, value)(response, received);
  if (path.endsWith('/embeddings')) {
    const inputs = Array.isArray(body['input']) ? body['input'] : [body['input']];
    const data = inputs.map((text: unknown, index) => ({
      object: 'embedding',
      index,
      embedding: [String(text).length / 3, -0.1, 1e-9],
    }));
    return reply({
      object: 'list',
      model: 'inner',
      data: data.reverse(),
      usage: { prompt_tokens: 3, total_tokens: 3 },
    });
  }
  if (body['stream'] === true) {
    const parts = [sse(piece('and so ', null)), sse(piece('on', null)), sse({ ...piece('', 'stop'), usage })];
    return streamThen([...parts, ...END], (stream) => stream.end())(response, received);
  }
  const prompts = Array.isArray(body['prompt']) ? body['prompt'].length : 1;
  const choices = Array.from({ length: prompts }, (_, index) => ({ index, text: 'and so on', finish_reason: 'stop' }));
  reply({ ...piece('', null), choices, usage });
};

describe('completions and embeddings through a gateway and a node agent', () => {
  let behind: FakeNode;
  let agent: RunningAgent;
  let gateway: TestGateway;
  let client: OpenAI;

  beforeEach(async () => {
    behind = await startFakeNode(backend);
    agent = await startRealAgent(0, behind.url);
    const node = inferenceNode(0, agent.url);
    const models = [
      { id: 'writer', capabilities: ['completions'], ...limits },
      { id: 'talker', capabilities: [], ...limits },
      { id: 'vectors', capabilities: ['embeddings'], ...limits },
    ];
    gateway = await startGateway([{ ...node, metadata: { ...node.metadata, models } }]);
    client = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  });
  afterEach(async () => {
    await gateway.close();
    await agent.close();
    await behind.close();
  });

  const served = () => {
    const entry = gateway.receipts.served()[0];
    assert.ok(entry);
    return entry;
  };
  const refused = (promise: Promise<unknown>, status: number | undefined, code: string): Promise<void> =>
    assert.rejects(
      promise,
      (error) => error instanceof OpenAI.APIError && error.status === status && error.code === code,
    );

  it('returns a completion whose hashes node and gateway agree on', async () => {
    const answer = await client.completions.create({ model: 'writer', prompt: 'Once upon a time', max_tokens: 9 });
    assert.equal(answer.choices[0]?.text, 'and so on');
    assert.equal(answer.object, 'text_completion');
    assert.equal(answer.usage?.completion_tokens, 3);
    assert.equal((answer.usage as { cost?: number }).cost, 0.000_002);
    const { receipt, content } = served();
    assert.equal(
      content.response,
      '{"choices":[{"finish_reason":"stop","index":0,"text":"and so on"}],"model":"inner"}',
    );
    const [leaf] = await agent.signed();
    assert.deepEqual([leaf?.requestHash, leaf?.responseHash], [receipt.requestHash, receipt.responseHash]);
    assert.equal(receipt.flags & Flag.private, 0);
  });

  it('returns a streamed completion with the same content, usage only when it was asked for', async () => {
    const ask = { model: 'writer', prompt: 'Once upon a time', stream: true } as const;
    const bare = await Array.fromAsync(await client.completions.create(ask));
    assert.equal(bare.map((part) => part.choices[0]?.text ?? '').join(''), 'and so on');
    assert.ok(bare.every((part) => part.usage === undefined));
    const full = await Array.fromAsync(
      await client.completions.create({ ...ask, stream_options: { include_usage: true } }),
    );
    const last = full.at(-1);
    assert.deepEqual([last?.object, last?.choices, last?.usage?.completion_tokens], ['text_completion', [], 3]);
    assert.ok((last?.usage as { cost?: number }).cost);
    const [first, second] = gateway.receipts.served();
    assert.equal(first?.content.response, second?.content.response);
    assert.deepEqual(
      (await agent.signed(2)).map((leaf) => leaf.responseHash),
      [first?.receipt.responseHash, second?.receipt.responseHash],
    );
  });

  it('returns one choice for each prompt, and keeps such receipts from evaluators', async () => {
    const answer = await client.completions.create({ model: 'writer', prompt: ['one', 'two', 'three'] });
    assert.deepEqual(
      answer.choices.map(({ index }) => index),
      [0, 1, 2],
    );
    assert.equal(served().receipt.flags & Flag.private, Flag.private);
  });

  it('returns text that evaluators read like that of a chat', async () => {
    await client.completions.create({ model: 'writer', prompt: 'Reply in at most 50 words: what is a mole?' });
    const { request, answer, constraints } = createEvaluand(served().content);
    assert.equal(request, 'Reply in at most 50 words: what is a mole?');
    assert.equal(answer, 'and so on');
    assert.equal(constraints, 1);
  });

  it('returns vectors as the SDK asks for them, packed, and the same ones as numbers', async () => {
    const input = ['mole', 'badger'];
    const packed = await client.embeddings.create({ model: 'vectors', input });
    const plain = await client.embeddings.create({ model: 'vectors', input, encoding_format: 'float' });
    assert.deepEqual(
      packed.data.map((row) => Array.from(row.embedding)),
      plain.data.map((row) => row.embedding),
    );
    assert.deepEqual(
      plain.data.map(({ index, object, embedding }) => [index, object, embedding.length]),
      [
        [0, 'embedding', 3],
        [1, 'embedding', 3],
      ],
    );
    assert.equal(plain.usage.prompt_tokens, plain.usage.total_tokens);
    assert.ok((plain.usage as { cost?: number }).cost);
    assert.equal(behind.requests[0]?.body['encoding_format'], 'float');
    assert.equal(behind.requests[0]?.path, '/v1/embeddings');
  });

  it('returns to whoever took packed vectors what the receipt is a hash of', async () => {
    const { data: answer, response } = await client.embeddings
      .create({ model: 'vectors', input: 'mole' })
      .withResponse();
    const data = answer.data.map(({ index, embedding }) => ({ index, embedding: Array.from(embedding) }));
    const salt = response.headers.get('x-dgrid-salt') as Hex;
    const { receipt } = served();
    assert.equal(contentHash(salt, canonicalJson({ model: answer.model, data })), receipt.responseHash);
    assert.equal((await agent.signed())[0]?.responseHash, receipt.responseHash);
    assert.deepEqual([receipt.completionTokens, receipt.flags & Flag.private], [0, Flag.private]);
  });

  it('rejects a model that cannot do it with 422, whichever way round, and never asks its node', async () => {
    await refused(client.completions.create({ model: 'talker', prompt: 'x' }), 422, 'DGRID_UNSATISFIABLE');
    await refused(client.embeddings.create({ model: 'talker', input: 'x' }), 422, 'DGRID_UNSATISFIABLE');
    const messages = [{ role: 'user' as const, content: 'x' }];
    await refused(client.chat.completions.create({ model: 'vectors', messages }), 422, 'DGRID_UNSATISFIABLE');
    assert.deepEqual(behind.requests, []);
    const auto = await client.embeddings.create({ model: 'auto', input: 'x' });
    assert.equal(auto.data.length, 1);
  });

  it('rejects a body of another endpoint, an empty input, and a stream of vectors', async () => {
    const mixed = { model: 'vectors', input: 'x', messages: [{ role: 'user', content: 'x' }] };
    await refused(client.embeddings.create(mixed), 400, 'DGRID_INVALID_BODY');
    await refused(client.embeddings.create({ model: 'vectors', input: [] }), 400, 'DGRID_INVALID_BODY');
    const streamed = { model: 'vectors', input: 'x', stream: true };
    await refused(client.embeddings.create(streamed), 400, 'DGRID_INVALID_BODY');
    const text = { model: 'writer', prompt: 'x', messages: [] };
    await refused(client.completions.create(text), 400, 'DGRID_INVALID_BODY');
  });

  const faults: readonly (readonly [name: string, body: object])[] = [
    ['too few vectors', { data: [] }],
    ['a vector twice', { data: [0, 0].map((index) => ({ index, embedding: [1] })) }],
    ['vectors of different lengths', { data: [[1], [1, 2]].map((embedding, index) => ({ index, embedding })) }],
    ['a number that is none', { data: [[1], [null]].map((embedding, index) => ({ index, embedding })) }],
    ['a number beyond 32 bits', { data: [[1], [1e300]].map((embedding, index) => ({ index, embedding })) }],
    ['an error with status 200', { error: { message: 'no' } }],
  ];
  for (const [name, body] of faults) {
    it(`rejects ${name} as a fault of the node, charging nothing`, async () => {
      behind.behave(json(200, body));
      await refused(client.embeddings.create({ model: 'vectors', input: ['a', 'b'] }), 502, 'DGRID_NODE_FAULT');
      assert.deepEqual([gateway.receipts.served(), gateway.receipts.open()], [[], []]);
      assert.equal(gateway.conditions.of(account(0), 'vectors').samples > 0, true);
    });
  }

  it('rejects in-band, without [DONE], when a streamed completion is cut', async () => {
    behind.behave(streamThen([sse(piece('and ', null))], (stream) => stream.destroy()));
    const stream = await client.completions.create({ model: 'writer', prompt: 'x', stream: true });
    await refused(Array.fromAsync(stream), undefined, 'DGRID_STREAM_INTERRUPTED');
    assert.deepEqual(gateway.receipts.served(), []);
  });
});
