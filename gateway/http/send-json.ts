import type { FastifyReply } from 'fastify';

import type { JsonView } from './ports.ts';

/** Bigints become decimal texts. */
export function sendJson(reply: FastifyReply, view: JsonView): FastifyReply {
  const text = JSON.stringify(view, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  return reply.type('application/json; charset=utf-8').send(text);
}
