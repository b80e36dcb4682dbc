import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

/** What a page may read of an answer besides its body. */
const EXPOSED = ['receipt', 'salt', 'node', 'model', 'cause', 'attempts', 'price', 'quality'].map(
  (name) => `x-dgrid-${name}`,
);

const LIMITS = ['limit', 'remaining', 'reset'].flatMap((what) =>
  ['requests', 'tokens'].map((unit) => `x-ratelimit-${what}-${unit}`),
);

/** Keys are sent in a header that pages set themselves: no cookie is ever taken, whatever the origin. */
export function registerCors(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  void app.register(cors, {
    origin: origins.includes('*') ? '*' : [...origins],
    credentials: false,
    methods: ['GET', 'POST'],
    exposedHeaders: [...EXPOSED, ...LIMITS, 'x-request-id', 'retry-after', 'x-should-retry'],
    maxAge: 600,
  });
}
