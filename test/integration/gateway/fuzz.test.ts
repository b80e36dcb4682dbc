import assert from 'node:assert/strict';

import fc from 'fast-check';

import { ChatRequest } from '../../../gateway/http/schemas/chat-request.ts';
import { CompletionRequest } from '../../../gateway/http/schemas/completion-request.ts';
import { EmbeddingRequest } from '../../../gateway/http/schemas/embedding-request.ts';
import { Feedback } from '../../../gateway/http/schemas/feedback.ts';
import { ERRORS } from '../../../gateway/errors.ts';
import { runs } from '../../deep.ts';
import { answer, completion, json, sse, startFakeNode, streamThen } from './support/fake-node.ts';
import type { Behaviour, FakeNode } from './support/fake-node.ts';
import { inferenceNode, startGateway } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';
import { mutated, valid } from './support/schema-arbitrary.ts';
import type { JsonSchema } from './support/schema-arbitrary.ts';

const SEED = 20_261_122;
const ID = `0x${'ab'.repeat(32)}`;

const POSTS = {
  '/v1/chat/completions': ChatRequest,
  '/v1/completions': CompletionRequest,
  '/v1/embeddings': EmbeddingRequest,
  '/v1/route': ChatRequest,
  [`/v1/receipts/${ID}/feedback`]: Feedback,
} as const;
const GETS = [
  'models',
  'models/*',
  'key',
  'receipts/*',
  'nodes',
  'nodes/*',
  'params',
  'epochs/*',
  'epochs/*/dataset',
  'batches/*/dataset',
];

/** A backend that answers whatever it is asked. */
const helpful: Behaviour = (response, received) => {
  const { path = '', body } = received;
  if (path.endsWith('/embeddings')) {
    const { input } = body;
    const count = Array.isArray(input) && typeof input[0] !== 'number' ? input.length : 1;
    const data = Array.from({ length: count }, (_, index) => ({ index, embedding: [0.5] }));
    return json(200, { model: 'inner', data })(response, received);
  }
  if (path.endsWith('/chat/completions')) return answer('hello')(response, received);
  const choice = { index: 0, text: 'hello', finish_reason: 'stop' };
  if (body['stream'] !== true) return json(200, completion('', { choices: [choice] }))(response, received);
  return streamThen([sse({ choices: [choice] }), sse('[DONE]')], (stream) => stream.end())(response, received);
};

type Call = {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
};

const rarely = (...values: string[]): fc.Arbitrary<string | undefined> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...values) });
const withModel = (body: object): object => ('model' in body ? { ...body, model: 'demo' } : body);
const withoutWishes = (body: object): object =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !WISHES.has(name)));
const WISHES = new Set(['models', 'provider', 'min_quality', 'max_cost']);

const post = (path: string, schema: object): fc.Arbitrary<Call> => {
  const any = valid(schema as JsonSchema).map((body) => withModel(body as object));
  // Wishes that a random text cannot meet would end nearly every request at the choice of a node.
  const good = fc.oneof(any, any.map(withoutWishes));
  const bodies = fc.oneof(good, mutated(good)).map((body) => JSON.stringify(body) ?? '');
  const texts = fc.oneof(
    { weight: 6, arbitrary: bodies },
    { weight: 1, arbitrary: fc.tuple(bodies, fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1))) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('', '[', '{"__proto__": 1}', '{"a":1,"a":2}', '['.repeat(9_000), '"\\ud800"', 'null'),
    },
  );
  const type = rarely('text/plain', 'x/y').map((other) => other ?? 'application/json');
  return fc.record({
    method: fc.constant('POST'),
    path: fc.constant(path),
    body: texts,
    headers: fc.record({ 'content-type': type }),
  });
};

const get = fc
  .tuple(
    fc.constantFrom(...GETS),
    fc.oneof(fc.constantFrom(ID, '0', '-1', '9'.repeat(40), '%00', '%2e%2e', '%'), fc.webSegment()),
    fc.webQueryParameters(),
  )
  .map(([route, part, query]): Call => ({
    method: 'GET',
    path: `/v1/${route.replace('*', part)}?${query}`,
    headers: {},
  }));

const anyCall: fc.Arbitrary<Call> = fc
  .tuple(
    fc.oneof(...Object.entries(POSTS).map(([path, schema]) => post(path, schema)), get),
    fc.record(
      {
        traceparent: fc.stringMatching(/^[ -~]{0,60}$/),
        'x-request-id': fc.stringMatching(/^[ -~]{0,200}$/),
        authorization: rarely('Bearer', 'Bearer nobody', 'Basic eDp5'),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([call, { authorization, ...headers }]) => ({
    ...call,
    headers: { ...call.headers, ...headers, ...(typeof authorization === 'string' ? { authorization } : {}) },
  }));

describe('any request at all', () => {
  let node: FakeNode;
  let gateway: TestGateway;
  before(async () => {
    node = await startFakeNode(helpful);
    const own = inferenceNode(0, node.url);
    const capabilities = ['chat', 'completions', 'embeddings', 'json', 'tools', 'vision'];
    const models = own.metadata.models.map((model) => ({ ...model, capabilities, contextLength: 1_000_000 }));
    gateway = await startGateway([{ ...own, metadata: { ...own.metadata, models } }]);
  });
  after(async () => {
    await gateway.close();
    await node.close();
  });

  async function send({ method, path, headers, body }: Call): Promise<void> {
    const response = await fetch(`${gateway.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${gateway.key}`, ...headers },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    assert.ok(response.status < 500, `${response.status} ${text.slice(0, 300)}`);
    if (response.status < 400) return;
    const { error } = JSON.parse(text) as { error: { code: string; message: string } };
    assert.ok(error.code in ERRORS && error.message !== '', text.slice(0, 300));
  }

  it('is answered or refused in time, with a code of the table, and never ends in a fault of ours', async function () {
    this.timeout(600_000);
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall, { minLength: 10, maxLength: 10 }), async (calls) => {
        await Promise.all(calls.map(send));
      }),
      { seed: SEED, numRuns: runs(30, 1_000) },
    );
    const served = gateway.receipts.served().length;
    assert.ok(served > 20, `only ${served} requests were good enough to be served`);
    assert.deepEqual(gateway.receipts.open(), []);
    const page = await (await fetch(`${gateway.url}/metrics`)).text();
    assert.match(page, /^dgrid_requests_in_flight 0$/m);
    assert.equal(gateway.ledger.view(gateway.keyHash)?.reserved, 0n);
  });
});
