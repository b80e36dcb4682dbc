import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';

import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';

import { createApiKey, createKeyring } from '../../../gateway/account/keyring.ts';
import { DgridError } from '../../../gateway/errors.ts';
import type { HttpDeps } from '../../../gateway/http/ports.ts';
import { FORMAT_KINDS } from '../../../gateway/http/schemas/preferences.ts';
import { constraintsOf } from '../../../gateway/poq/dimensions/constraints-of.ts';
import { createServer } from '../../../gateway/http/server.ts';
import type { Hex, Receipt } from '../../../gateway/protocol/types.ts';
import type { StoredReceipt, Vote } from '../../../gateway/receipt/ports.ts';
import type { ServeOutcome, ServeRequest } from '../../../gateway/serve.ts';
import { createLogger } from '../../../gateway/telemetry/logger.ts';
import { createMetrics } from '../../../gateway/telemetry/metrics.ts';

const ID: Hex = `0x${'ab'.repeat(32)}`;
const HASH: Hex = `0x${'cd'.repeat(32)}`;
const ADDRESS: Hex = `0x${'ef'.repeat(20)}`;
const RECEIPT: Receipt = {
  id: ID,
  gateway: ADDRESS,
  node: ADDRESS,
  serial: 2n ** 60n,
  servedAt: 5n,
  requestHash: HASH,
  responseHash: HASH,
  model: HASH,
  family: 1,
  complexity: 2,
  promptTokens: 3,
  completionTokens: 4,
  firstTokenMs: 5,
  totalMs: 6,
  priceMicroUsd: 7n,
  units: 8n,
  flags: 4,
  routeHash: HASH,
};
const OUTCOME: ServeOutcome = {
  head: {
    receiptId: ID,
    salt: `0x${'01'.repeat(16)}`,
    node: ADDRESS,
    modelId: 'modèle/1',
    cause: 'drawn',
    attempts: 1,
    price: { input: 1, output: 2 },
    qualityBps: 7_000,
  },
  receipt: RECEIPT,
  content: { model: 'm', choices: [] },
  body: { id: 'x', object: 'chat.completion', choices: [] },
};
const PACKED = gzipSync('{"a":1}\n');
const DATASET = { dataHash: HASH, bytes: PACKED.length, packed: () => Readable.from([PACKED], { objectMode: false }) };
const mine = createApiKey('mine');
const other = createApiKey('other');
const BODY = { model: 'demo', messages: [{ role: 'user', content: 'hi' }] };

describe('the HTTP edge', () => {
  let app: FastifyInstance;
  let served: ServeRequest[];
  let serve: (request: ServeRequest) => Promise<ServeOutcome>;
  let stored: StoredReceipt | undefined;
  let logged: string[];
  let votes: Vote[];

  const deps = (): HttpDeps => ({
    serve: (request) => {
      served.push(request);
      return serve(request);
    },
    domain: {
      chainId: 31337n,
      nodeStaking: `0x${'a1'.repeat(20)}`,
      proofRegistry: `0x${'a2'.repeat(20)}`,
      rewardDistributor: `0x${'a3'.repeat(20)}`,
    },
    explain: () => ({ cause: 'drawn' }),
    models: () => [
      {
        id: 'org/demo',
        contextLength: 1,
        maxOutputTokens: 1,
        capabilities: [],
        price: { input: 1, output: 2 },
        nodes: 1,
      },
    ],
    nodes: () => [{ account: ADDRESS, stake: 10n ** 22n }],
    findReceipt: async () => stored,
    epochs: {
      find: async (epoch) => (epoch === 3n ? { epoch, pot: 2n ** 70n } : undefined),
    },
    datasets: {
      epoch: async (epoch) => (epoch === 3n ? DATASET : undefined),
      batch: async (id, part) =>
        id === 7n ? { dataHash: HASH, text: () => Readable.from([`["${part}"]`], { objectMode: false }) } : undefined,
    },
    params: () => ({ version: 1 }),
    account: () => undefined,
    node: () => undefined,
    vote: async (vote) => void votes.push(vote),
    checkKey: createKeyring([mine.record, other.record]).check,
    notReady: () => ['chain'],
    metrics: createMetrics(),
    log: createLogger('debug', { write: (line: string) => void logged.push(line) }),
    nowMs: () => 0,
    bodyLimitBytes: 10_000,
    corsOrigins: [],
    maxInFlight: 1,
    keepAliveMs: 1_000,
    docs: true,
  });

  beforeEach(() => {
    served = [];
    logged = [];
    votes = [];
    stored = undefined;
    serve = async () => OUTCOME;
    app = createServer(deps());
  });
  afterEach(() => app.close());

  const post = (payload: object | string, headers: Record<string, string> = {}, url = '/v1/chat/completions') =>
    app.inject({
      method: 'POST',
      url,
      payload,
      headers: { authorization: `Bearer ${mine.key}`, 'content-type': 'application/json', ...headers },
    });
  const get = (url: string, key?: string) =>
    app.inject({ method: 'GET', url, headers: key === undefined ? {} : { authorization: `Bearer ${key}` } });
  const code = (response: {
    readonly json: () => { readonly error?: { readonly code?: string } };
  }): string | undefined => response.json().error?.code;

  it('returns the answer of a model whose name holds half a character', async () => {
    serve = async () => ({ ...OUTCOME, head: { ...OUTCOME.head, modelId: 'odd\ud800' } });
    const response = await post(BODY);
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers['x-dgrid-model'], 'odd%EF%BF%BD');
  });

  it('returns the answer with all headers of the receipt', async () => {
    const response = await post(BODY, {
      'x-request-id': 'abc-1',
      traceparent: `00-${'1a'.repeat(16)}-${'2b'.repeat(8)}-01`,
    });
    assert.equal(response.statusCode, 200);
    assert.deepEqual(response.json(), OUTCOME.body);
    const { headers } = response;
    assert.equal(headers['x-dgrid-receipt'], ID);
    assert.equal(headers['x-dgrid-model'], 'mod%C3%A8le/1');
    assert.deepEqual(
      [headers['x-dgrid-node'], headers['x-dgrid-cause'], headers['x-dgrid-attempts']],
      [ADDRESS, 'drawn', '1'],
    );
    assert.deepEqual(
      [headers['x-dgrid-price'], headers['x-dgrid-quality'], headers['x-request-id']],
      ['1/2', '7000', 'abc-1'],
    );
    assert.equal(served[0]?.keyHash, mine.record.hash);
    assert.equal(served[0]?.traceId, '1a'.repeat(16));
  });

  it('hands the body on as it came: nothing coerced, filled in or dropped', async () => {
    const body = { ...BODY, temperature: 0.5, seed: 7, unknown: { deep: [null, '1'] }, stop: null, user: '' };
    await post(body);
    assert.deepEqual(served[0]?.body, body);
  });

  const bad: readonly (readonly [string, object | string, string, string?])[] = [
    ['no JSON', '{"model":', 'DGRID_INVALID_JSON'],
    ['an empty body', '', 'DGRID_INVALID_JSON'],
    ['a prototype', '{"__proto__":{"x":1}}', 'DGRID_INVALID_JSON'],
    ['a list', [], 'DGRID_INVALID_BODY'],
    ['no model', { messages: BODY.messages }, 'DGRID_INVALID_BODY', 'model'],
    ['no messages', { model: 'demo' }, 'DGRID_INVALID_BODY', 'messages'],
    ['empty messages', { ...BODY, messages: [] }, 'DGRID_INVALID_BODY', 'messages'],
    ['a message without a role', { ...BODY, messages: [{ content: 'x' }] }, 'DGRID_INVALID_BODY', 'messages.0.role'],
    ['a model that is a number', { ...BODY, model: 7 }, 'DGRID_INVALID_BODY', 'model'],
    ['a stream flag that is a text', { ...BODY, stream: 'yes' }, 'DGRID_INVALID_BODY', 'stream'],
    ['max_tokens below one', { ...BODY, max_tokens: 0 }, 'DGRID_INVALID_BODY', 'max_tokens'],
    ['a sort that is unknown', { ...BODY, provider: { sort: 'luck' } }, 'DGRID_INVALID_PREFERENCE', 'provider.sort'],
    ['a preference that is unknown', { ...BODY, provider: { zdr: true } }, 'DGRID_INVALID_PREFERENCE', 'provider.zdr'],
    [
      'a negative price',
      { ...BODY, provider: { max_price: { prompt: -1 } } },
      'DGRID_INVALID_PREFERENCE',
      'provider.max_price.prompt',
    ],
    ['a family that is unknown', { ...BODY, task: 'magic' }, 'DGRID_INVALID_PREFERENCE', 'task'],
    [
      'a format rule that is unknown',
      { ...BODY, dgrid: { format: { kind: 'rhyme' } } },
      'DGRID_INVALID_PREFERENCE',
      'dgrid.format.kind',
    ],
    ['a format that is no rule', { ...BODY, dgrid: { format: [7] } }, 'DGRID_INVALID_PREFERENCE', 'dgrid.format.0'],
    ['a private flag that is a text', { ...BODY, private: 'true' }, 'DGRID_INVALID_PREFERENCE', 'private'],
  ];
  for (const [name, body, expected, param] of bad) {
    it(`rejects ${name}`, async () => {
      const response = await post(body);
      assert.equal(response.statusCode, 400);
      assert.equal(code(response), expected);
      if (param !== undefined) assert.equal(response.json().error.param, param);
      assert.deepEqual(Object.keys(response.json().error), ['message', 'type', 'param', 'code']);
      assert.deepEqual(served, []);
    });
  }

  it('rejects bodies that are nested too deep for anybody to write down again', async () => {
    const deep = `{"model":"demo","messages":[{"role":"user","content":"x"}],"x":${'['.repeat(4_000)}${']'.repeat(4_000)}}`;
    for (const url of ['/v1/chat/completions', '/v1/route']) {
      const response = await post(deep, {}, url);
      assert.deepEqual([response.statusCode, code(response)], [400, 'DGRID_INVALID_BODY']);
    }
    const fine = `{"model":"demo","messages":[{"role":"user","content":"x"}],"x":${'['.repeat(90)}${']'.repeat(90)}}`;
    assert.equal((await post(fine)).statusCode, 200);
  });

  it('accepts every format rule that evaluators know', async () => {
    const rules = {
      json: {},
      count: { unit: 'words', max: 5 },
      list: {},
      language: { code: 'fr' },
      codeFence: {},
      include: { text: 'x' },
      exclude: { text: 'x' },
      case: { form: 'upper' },
      startsWith: { text: 'x' },
      endsWith: { text: 'x' },
      pattern: { source: 'x' },
      choice: { options: ['x'] },
    };
    assert.deepEqual(Object.keys(rules), FORMAT_KINDS);
    const format = Object.entries(rules).map(([kind, fields]) => ({ kind, ...fields }));
    assert.equal(constraintsOf({ prompt: '', user: '', responseFormat: undefined, format }).length, format.length);
    for (const one of [format, ...format])
      assert.equal((await post({ ...BODY, dgrid: { format: one } })).statusCode, 200);
  });

  it('rejects too much, the wrong type, and paths that are none', async () => {
    const large = await post({ ...BODY, messages: [{ role: 'user', content: 'x'.repeat(20_000) }] });
    assert.deepEqual([large.statusCode, code(large)], [413, 'DGRID_BODY_TOO_LARGE']);
    const typed = await post('a=1', { 'content-type': 'application/x-www-form-urlencoded' });
    assert.deepEqual([typed.statusCode, code(typed)], [415, 'DGRID_UNSUPPORTED_MEDIA_TYPE']);
    const lost = await get('/v2/chat', mine.key);
    assert.deepEqual([lost.statusCode, code(lost)], [404, 'DGRID_UNKNOWN_ROUTE']);
  });

  it('rejects a request without a known key before it reads the body', async () => {
    for (const authorization of ['', 'Basic abc', 'Bearer', 'Bearer nobody']) {
      const response = await post('not even JSON', { authorization });
      assert.equal(response.statusCode, 401, authorization);
    }
    for (const url of ['/v1/models', '/v1/models/org/demo']) assert.equal((await get(url)).statusCode, 401);
    assert.equal((await post(BODY, { authorization: '' }, '/v1/route')).statusCode, 401);
  });

  it('rejects more than it can serve at once, and serves again afterwards', async () => {
    const gate = Promise.withResolvers<ServeOutcome>();
    const started = Promise.withResolvers<void>();
    serve = () => {
      started.resolve();
      return gate.promise;
    };
    const firstAnswer = post(BODY);
    await started.promise;
    const second = await post(BODY);
    assert.deepEqual([second.statusCode, code(second), second.headers['retry-after']], [503, 'DGRID_OVERLOADED', '1']);
    gate.resolve(OUTCOME);
    assert.equal((await firstAnswer).statusCode, 200);
    assert.equal((await post(BODY)).statusCode, 200);
  });

  it('returns the status, the pause and the advice that an error carries', async () => {
    serve = () => Promise.reject(new DgridError('DGRID_NODES_BUSY', 'Busy.', { context: { retryAfterMs: 2_500 } }));
    const busy = await post(BODY);
    assert.deepEqual(
      [busy.statusCode, busy.headers['retry-after'], busy.headers['x-should-retry']],
      [503, '3', 'true'],
    );
    serve = () => Promise.reject(new DgridError('DGRID_NODE_FAULT', 'Fault.'));
    assert.equal((await post(BODY)).headers['x-should-retry'], 'false');
  });

  it('tells nothing of a defect, and logs it without the prompt', async () => {
    serve = () => Promise.reject(new TypeError('boom'));
    const response = await post({ ...BODY, messages: [{ role: 'user', content: 'my secret prompt' }] });
    assert.deepEqual([response.statusCode, code(response)], [500, 'DGRID_INTERNAL']);
    assert.ok(!response.body.includes('boom'));
    const log = logged.join('');
    assert.ok(log.includes('boom') && !log.includes('secret') && !log.includes(mine.key));
  });

  it('takes a vote from the payer alone, until the epoch is counted', async () => {
    const { hash: keyHash } = mine.record;
    const receipt = { receipt: RECEIPT, signature: null, keyHash, salt: OUTCOME.head.salt, modelId: 'm' };
    const vote = (key: string | undefined, body: object = { rating: 'bad' }) =>
      app.inject({
        method: 'POST',
        url: `/v1/receipts/${ID}/feedback`,
        headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
        payload: body,
      });
    stored = { ...receipt, state: 'recorded', isCounted: false };
    assert.equal((await vote(mine.key)).statusCode, 200);
    assert.deepEqual(
      votes.map(({ keyHash: by, good }) => [by, good]),
      [[keyHash, false]],
    );
    assert.equal(code(await vote(other.key)), 'DGRID_UNKNOWN_RECEIPT');
    assert.equal(code(await vote(undefined)), 'DGRID_MISSING_KEY');
    assert.equal(code(await vote(mine.key, { rating: 'good', pad: 'x'.repeat(2_000) })), 'DGRID_BODY_TOO_LARGE');
    stored = { ...receipt, state: 'recorded', isCounted: true };
    const late = await vote(mine.key);
    assert.deepEqual([late.statusCode, code(late)], [409, 'DGRID_FEEDBACK_CLOSED']);
    assert.equal(votes.length, 1);
  });

  it('shows a receipt to its payer, and to others once it is final', async () => {
    const receipt = {
      receipt: RECEIPT,
      signature: null,
      keyHash: mine.record.hash,
      salt: OUTCOME.head.salt,
      modelId: 'm',
    };
    stored = { ...receipt, state: 'recorded', isCounted: true };
    const own = await get(`/v1/receipts/${ID}`, mine.key);
    assert.equal(own.statusCode, 200);
    assert.deepEqual([own.json().receipt.serial, own.json().salt], [(2n ** 60n).toString(), OUTCOME.head.salt]);
    for (const key of [undefined, other.key])
      assert.equal(code(await get(`/v1/receipts/${ID}`, key)), 'DGRID_UNKNOWN_RECEIPT');
    stored = { ...receipt, state: 'final', isCounted: true };
    const open = await get(`/v1/receipts/${ID}`);
    assert.deepEqual([open.statusCode, open.json().salt], [200, undefined]);
    assert.equal((await get('/v1/receipts/nonsense', mine.key)).statusCode, 404);
  });

  it('returns epochs, datasets, nodes, models, parameters, decisions and figures', async () => {
    assert.deepEqual((await get('/v1/epochs/3')).json(), { epoch: '3', pot: (2n ** 70n).toString() });
    for (const url of ['/v1/epochs/4', '/v1/epochs/4/dataset', '/v1/epochs/x'])
      assert.equal(code(await get(url)), 'DGRID_UNKNOWN_EPOCH');
    assert.deepEqual((await get('/v1/nodes')).json().data[0].stake, (10n ** 22n).toString());
    assert.equal((await get('/v1/models', mine.key)).json().data[0].id, 'org/demo');
    assert.equal((await get('/v1/models/org/demo', mine.key)).json().object, 'model');
    assert.equal(code(await get('/v1/models/none', mine.key)), 'DGRID_UNKNOWN_MODEL');
    assert.deepEqual((await get('/v1/params')).json(), { version: 1 });
    assert.deepEqual((await post(BODY, {}, '/v1/route')).json(), { cause: 'drawn' });
    assert.equal((await get('/healthz')).statusCode, 200);
    assert.deepEqual([(await get('/readyz')).statusCode, (await get('/readyz')).json().waiting], [503, ['chain']]);
    const figures = await get('/metrics');
    assert.match(figures.body, /dgrid_request_ms_count\{route="\/v1\/nodes",status="200"\} 1/);
    assert.ok(!figures.body.includes('v1/epochs/4'), 'routes are labels, paths are not');
  });

  it('returns the dataset of an epoch, packed for whoever takes it so, and only once to whoever has it', async () => {
    const ask = (headers: Record<string, string>) => app.inject({ url: '/v1/epochs/3/dataset', headers });
    const plain = await ask({});
    assert.deepEqual([plain.body, plain.headers['content-encoding']], ['{"a":1}\n', undefined]);
    assert.equal((await ask({ 'accept-encoding': 'br, gzip;q=0' })).body, '{"a":1}\n');
    const packed = await ask({ 'accept-encoding': 'br, gzip;q=0.5' });
    assert.deepEqual(
      [packed.headers['content-encoding'], packed.headers['content-length'], packed.headers['etag']],
      ['gzip', String(PACKED.length), `"${HASH}"`],
    );
    assert.equal(gunzipSync(packed.rawPayload).toString(), '{"a":1}\n');
    assert.equal((await ask({ 'if-none-match': `"${HASH}"` })).statusCode, 304);
  });

  it('returns the datasets of a batch: its receipts, or its records', async () => {
    assert.equal((await get('/v1/batches/7/dataset')).body, '["receipts"]');
    const records = await get('/v1/batches/7/dataset?part=records');
    assert.deepEqual([records.body, records.headers['etag']], ['["records"]', `"${HASH}"`]);
    for (const url of ['/v1/batches/8/dataset', '/v1/batches/x/dataset', '/v1/batches/-7/dataset'])
      assert.equal(code(await get(url)), 'DGRID_UNKNOWN_BATCH');
    assert.equal(code(await get('/v1/batches/7/dataset?part=all')), 'DGRID_INVALID_BODY');
  });

  it('never answers any body with a defect of its own', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc
            .record({ model: fc.jsonValue(), messages: fc.jsonValue(), provider: fc.jsonValue() })
            .map((body) => JSON.stringify(body)),
        ),
        async (payload) => {
          const response = await post(payload);
          assert.ok(response.statusCode < 500, `${response.statusCode} ${payload}`);
          if (response.statusCode !== 200) assert.match(code(response) ?? '', /^DGRID_/);
        },
      ),
      { numRuns: 300 },
    );
  });
});
