import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { Ajv2020 } from 'ajv/dist/2020.js';

import type { Hex } from '../../../gateway/protocol/types.ts';
import { answer, failWith, startFakeNode } from './support/fake-node.ts';
import type { FakeNode } from './support/fake-node.ts';
import { account, inferenceNode, startGateway } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';

type Content = Readonly<Record<string, { readonly schema: object }>>;
type Operation = { readonly responses: Readonly<Record<string, { readonly content: Content }>> };
type Spec = { readonly openapi: string; readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

const chat = { model: 'demo', messages: [{ role: 'user', content: 'hi' }] };
const HASH: Hex = `0x${'ab'.repeat(32)}`;
const LINES = gzipSync('{}\n');
const page = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');

type Call = readonly [
  status: number,
  route: string,
  path?: string | undefined,
  body?: object | undefined,
  key?: boolean,
];

describe('the description of the interface', () => {
  let node: FakeNode;
  let gateway: TestGateway;
  let spec: Spec;
  const ajv = new Ajv2020({ strict: false });

  before(async () => {
    node = await startFakeNode();
    gateway = await startGateway([inferenceNode(0, node.url)], {
      epochs: { find: async (epoch) => (epoch === 3n ? { epoch: 3n } : undefined) },
      datasets: {
        epoch: async () => ({ dataHash: HASH, bytes: LINES.length, packed: () => Readable.from([LINES]) }),
        batch: async () => ({ dataHash: HASH, text: () => Readable.from(['{}\n']) }),
      },
    });
    spec = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as Spec;
  });
  after(async () => {
    await gateway.close();
    await node.close();
  });

  const ask = (method: string, path: string, body?: object, key = true): Promise<Response> => {
    const authorization = key ? { authorization: `Bearer ${gateway.key}` } : {};
    if (body === undefined) return fetch(`${gateway.url}${path}`, { method, headers: { ...authorization } });
    const headers = { ...authorization, 'content-type': 'application/json' };
    return fetch(`${gateway.url}${path}`, { method, headers, body: JSON.stringify(body) });
  };
  const schemaOf = (route: string, status: number, type: string): object | undefined => {
    const [method = '', template = ''] = route.split(' ');
    return spec.paths[template]?.[method.toLowerCase()]?.responses[String(status)]?.content[type]?.schema;
  };
  async function hold(response: Response, route: string, status: number): Promise<void> {
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
    const text = await response.text();
    assert.equal(response.status, status, `${route} ${text}`);
    const schema = schemaOf(route, status, type);
    assert.ok(schema !== undefined, `${route} ${status} ${type} is not described`);
    const holds = ajv.compile(schema);
    const value: unknown = type === 'application/json' ? JSON.parse(text) : text;
    assert.ok(holds(value), `${route} ${status}: ${ajv.errorsText(holds.errors)}`);
  }

  it('has every route, and no other, without a key', () => {
    const listed = [...page.matchAll(/^\| `(GET|POST) (\/\S+)`/gm)].map(([, method = '', path = '']) => {
      return `${method} ${path.replace('*', '{model}').replaceAll(/:(\w+)/g, '{$1}')}`;
    });
    const described = Object.entries(spec.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    assert.ok(listed.length > 15);
    assert.deepEqual(described.toSorted(), listed.toSorted());
    assert.match(spec.openapi, /^3\.1/);
  });

  it('holds of real answers and real refusals of every route', async () => {
    const served = await ask('POST', '/v1/chat/completions', chat);
    const receipt = served.headers.get('x-dgrid-receipt') ?? '';
    const calls: readonly Call[] = [
      [200, 'POST /v1/chat/completions', undefined, chat],
      [400, 'POST /v1/chat/completions', undefined, {}],
      [401, 'POST /v1/chat/completions', undefined, chat, false],
      [404, 'POST /v1/chat/completions', undefined, { ...chat, model: 'no' }],
      [422, 'POST /v1/completions', undefined, { model: 'demo', prompt: 'x' }],
      [422, 'POST /v1/embeddings', undefined, { model: 'demo', input: 'x' }],
      [200, 'POST /v1/route', undefined, chat],
      [200, 'GET /v1/models'],
      [200, 'GET /v1/models/{model}', '/v1/models/demo'],
      [404, 'GET /v1/models/{model}', '/v1/models/no'],
      [200, 'GET /v1/key'],
      [401, 'GET /v1/key', undefined, undefined, false],
      [200, 'GET /v1/receipts/{id}', `/v1/receipts/${receipt}`],
      [404, 'GET /v1/receipts/{id}', '/v1/receipts/1'],
      [200, 'POST /v1/receipts/{id}/feedback', `/v1/receipts/${receipt}/feedback`, { rating: 'good' }],
      [400, 'POST /v1/receipts/{id}/feedback', `/v1/receipts/${receipt}/feedback`, { rating: 'so' }],
      [404, 'POST /v1/receipts/{id}/feedback', '/v1/receipts/1/feedback', { rating: 'bad' }],
      [200, 'GET /v1/nodes'],
      [200, 'GET /v1/nodes/{id}', `/v1/nodes/${account(0)}`],
      [404, 'GET /v1/nodes/{id}', `/v1/nodes/${account(9)}`],
      [200, 'GET /v1/params'],
      [200, 'GET /v1/epochs/{epoch}', '/v1/epochs/3'],
      [404, 'GET /v1/epochs/{epoch}', '/v1/epochs/9'],
      [200, 'GET /v1/epochs/{epoch}/dataset', '/v1/epochs/3/dataset'],
      [200, 'GET /v1/batches/{batch}/dataset', '/v1/batches/1/dataset'],
      [200, 'GET /healthz'],
      [200, 'GET /readyz'],
      [200, 'GET /metrics'],
      [200, 'GET /openapi.json'],
    ];
    for (const [status, route, path, body, key] of calls) {
      const [method = '', template = ''] = route.split(' ');
      await hold(await ask(method, path ?? template, body, key), route, status);
    }
    assert.equal(
      new Set(calls.filter(([status]) => status === 200).map(([, route]) => route)).size + 2,
      Object.keys(spec.paths).length,
    );
    node.behave(failWith(500));
    await hold(await ask('POST', '/v1/chat/completions', chat), 'POST /v1/chat/completions', 502);
    node.behave(answer('hello'));
  });

  it('is a page that loads nothing from elsewhere and runs nothing inline', async () => {
    const response = await fetch(`${gateway.url}/docs`);
    const html = await response.text();
    assert.equal(response.status, 200);
    const policy = response.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'self'/);
    assert.doesNotMatch(policy, /unsafe-|https?:|\w\.\w|upgrade-insecure-requests/);
    assert.deepEqual([...html.matchAll(/(?:src|href)="(https?:)?\/\//g)], []);
    const script = /<script src="([^"]+)"/.exec(html)?.[1] ?? '';
    assert.equal((await fetch(new URL(script, `${gateway.url}/docs/`))).status, 200);
  });

  it('is not there when the configuration says so', async () => {
    const silent = await startGateway([], { docs: false });
    for (const path of ['/docs', '/openapi.json']) assert.equal((await fetch(`${silent.url}${path}`)).status, 404);
    await silent.close();
  });
});
