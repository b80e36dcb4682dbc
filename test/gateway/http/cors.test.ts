import assert from 'node:assert/strict';

import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';

import { registerCors } from '../../../gateway/http/plugins/cors.ts';

const PAGE = 'https://app.example';

async function serverFor(origins: readonly string[]): Promise<FastifyInstance> {
  const app = fastify();
  registerCors(app, origins);
  void app.register(async (routes) => routes.post('/v1/chat/completions', async () => ({ ok: true })));
  await app.ready();
  return app;
}

const preflight = (app: FastifyInstance, origin: string) =>
  app.inject({
    method: 'OPTIONS',
    url: '/v1/chat/completions',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,x-stainless-os',
    },
  });

describe('pages of other origins', () => {
  it('may call when their origin is allowed, with the headers of OpenAI’s clients, and read ours', async () => {
    const app = await serverFor([PAGE]);
    const asked = await preflight(app, PAGE);
    assert.equal(asked.statusCode, 204);
    assert.equal(asked.headers['access-control-allow-origin'], PAGE);
    assert.match(String(asked.headers['access-control-allow-headers']), /authorization.*x-stainless-os/);
    assert.equal(asked.headers['access-control-allow-credentials'], undefined);
    const called = await app.inject({ method: 'POST', url: '/v1/chat/completions', headers: { origin: PAGE } });
    assert.equal(called.headers['access-control-allow-origin'], PAGE);
    assert.match(String(called.headers['access-control-expose-headers']), /x-dgrid-receipt.*retry-after/);
    await app.close();
  });

  it('may not when it is another one, and none may when none is named', async () => {
    for (const [origins, status] of [
      [[PAGE], 204],
      [[], 404],
    ] as const) {
      const app = await serverFor(origins);
      const asked = await preflight(app, 'https://other.example');
      assert.equal(asked.statusCode, status);
      assert.notEqual(asked.headers['access-control-allow-origin'], 'https://other.example');
      await app.close();
    }
  });

  it('may all when the operator says so', async () => {
    const app = await serverFor(['*']);
    assert.equal((await preflight(app, 'https://any.example')).headers['access-control-allow-origin'], '*');
    await app.close();
  });
});
