import type { FastifyInstance } from 'fastify';

import type { HttpDeps } from '../ports.ts';

/** What operators and their tools ask: alive, ready, figures. */
export function registerOperations(app: FastifyInstance, deps: HttpDeps): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const waiting = deps.notReady();
    return reply
      .code(waiting.length === 0 ? 200 : 503)
      .send({ status: waiting.length === 0 ? 'ready' : 'waiting', waiting });
  });
  app.get('/metrics', async (_request, reply) => reply.type(deps.metrics.contentType).send(await deps.metrics.page()));
}
