import assert from 'node:assert/strict';

import OpenAI from 'openai';

import { Flag } from '../../../gateway/protocol/constants.ts';
import { answer, completion, failWith, json, startFakeNode } from './support/fake-node.ts';
import type { FakeNode } from './support/fake-node.ts';
import { inferenceNode, startGateway } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';

const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'], additionalProperties: false };
const ask = {
  model: 'demo',
  messages: [{ role: 'user' as const, content: 'A number, please.' }],
  response_format: { type: 'json_schema' as const, json_schema: { name: 'x', strict: true, schema } },
};
const GOOD = '{"n": 7}';
const BAD = '{"n": "seven"}';

describe('structured output', () => {
  let nodes: FakeNode[];
  let gateway: TestGateway;
  let client: OpenAI;

  /** Added to the gateway's clock. */
  let laterMs = 0;

  const start = async (...texts: readonly string[][]): Promise<void> => {
    nodes = await Promise.all(texts.map((own) => startFakeNode(...own.map((text) => answer(text)))));
    laterMs = 0;
    gateway = await startGateway(
      nodes.map((node, index) => inferenceNode(index, node.url)),
      { nowMs: () => performance.now() + laterMs },
    );
    client = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  };
  afterEach(async () => {
    await gateway.close();
    await Promise.all(nodes.map((node) => node.close()));
  });
  const asked = (): number[] => nodes.map((node) => node.requests.length);
  const said = async (body: object = {}): Promise<string | null | undefined> =>
    (await client.chat.completions.create({ ...ask, ...body, stream: false })).choices[0]?.message.content;

  it('is answered by another node when the first one misses the schema, with the same words', async () => {
    await start([BAD], [GOOD]);
    const { data, response } = await client.chat.completions.parse(ask).withResponse();
    assert.equal(data.choices[0]?.message.content, GOOD);
    assert.equal(response.headers.get('x-dgrid-attempts'), '2');
    assert.deepEqual(asked(), [1, 1]);
    assert.deepEqual(nodes[0]?.requests[0]?.body, nodes[1]?.requests[0]?.body);
    const [stored] = gateway.receipts.served();
    assert.equal(stored?.receipt.flags, Flag.formatConstrained);
    assert.match(stored?.content.response ?? '', /\{\\"n\\": 7\}/);
    assert.deepEqual([gateway.receipts.served().length, gateway.receipts.charges().length], [1, 1]);
  });

  it('is asked of the only node once more, and of nobody a third time', async () => {
    await start([BAD, GOOD]);
    assert.equal(await said(), GOOD);
    nodes[0]?.behave(answer(BAD));
    assert.equal(await said(), BAD);
    assert.deepEqual(asked(), [4]);
  });

  it('keeps the first answer when the second try fails', async () => {
    await start([BAD], []);
    nodes[1]?.behave(failWith(500));
    assert.equal(await said(), BAD);
    assert.equal(gateway.receipts.served().length, 1);
  });

  it('is not asked for twice when the first answer took most of the time that the request has', async () => {
    await start([BAD], [GOOD]);
    nodes[0]?.behave((response, request) => {
      laterMs += 2_000; // of 3,000 in all
      return answer(BAD)(response, request);
    });
    assert.equal(await said(), BAD);
    assert.deepEqual(asked(), [1, 0]);
  });

  it('is not asked for twice when it is right, a refusal, cut off, or a stream', async () => {
    await start([GOOD]);
    assert.equal(await said(), GOOD);
    const choice = { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: '', refusal: 'No.' } };
    nodes[0]?.behave(json(200, completion('', { choices: [choice] })));
    await said();
    nodes[0]?.behave(
      json(
        200,
        completion('', {
          choices: [{ ...choice, finish_reason: 'length', message: { role: 'assistant', content: BAD } }],
        }),
      ),
    );
    await said();
    nodes[0]?.behave(answer(BAD));
    const parts = await Array.fromAsync(await client.chat.completions.create({ ...ask, stream: true }));
    assert.equal(parts.map((part) => part.choices[0]?.delta.content ?? '').join(''), BAD);
    assert.deepEqual(asked(), [4]);
  });

  it('holds for json_object, and lets a hostile schema constrain nothing, in bounded time', async () => {
    await start(['not JSON', GOOD]);
    assert.equal(await said({ response_format: { type: 'json_object' } }), GOOD);
    const bomb = { type: 'object', properties: { n: { type: 'string', pattern: '^(a+)+$' } } };
    nodes[0]?.behave(answer(JSON.stringify({ n: `${'a'.repeat(40)}!` })));
    const response_format = { type: 'json_schema', json_schema: { name: 'x', schema: bomb } };
    assert.match((await said({ response_format })) ?? '', /aaa/);
  });
});
