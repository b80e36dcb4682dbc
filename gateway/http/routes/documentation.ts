import type { FastifyInstance } from 'fastify';

/** The description of all routes for programs; the page for people is at `/docs`. */
export function registerDocumentation(app: FastifyInstance): void {
  app.get('/openapi.json', async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(JSON.stringify(app.swagger())),
  );
}
