import { parseArgs } from 'node:util';

import { fastify } from 'fastify';
import { Pool } from 'undici';

/** The baseline: Fastify and an undici pool with nothing in between. Bodies are passed on unread. */
const { values } = parseArgs({ options: { port: { type: 'string' }, upstream: { type: 'string' } } });
const pool = new Pool(`http://127.0.0.1:${values.upstream}`, { connections: null, pipelining: 1 });
const app = fastify({ logger: false, bodyLimit: 4_194_304 });

app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.post<{ Body: Buffer }>('/v1/chat/completions', async (request, reply) => {
  const { statusCode, headers, body } = await pool.request({
    path: request.url,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: request.headers.authorization ?? '' },
    body: request.body,
  });
  void reply.code(statusCode).header('content-type', headers['content-type'] ?? 'application/json');
  if (headers['content-length'] !== undefined) void reply.header('content-length', headers['content-length']);
  return reply.send(body);
});
await app.listen({ port: Number(values.port), host: '127.0.0.1' });
