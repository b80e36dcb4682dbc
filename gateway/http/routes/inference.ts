import type { FastifyInstance } from 'fastify';

import { DgridError } from '../../errors.ts';
import { MAX_JSON_DEPTH, isDeeperThan } from '../../lib/json-depth.ts';
import type { Endpoint, JsonObject } from '../../protocol/content.ts';
import type { HttpDeps } from '../ports.ts';
import { ChatRequest } from '../schemas/chat-request.ts';
import { CompletionRequest } from '../schemas/completion-request.ts';
import { EmbeddingRequest } from '../schemas/embedding-request.ts';
import { embeddingAnswer } from '../embedding-reply.ts';
import { sendJson } from '../send-json.ts';
import { createServing } from '../serving.ts';

/** The three endpoints that a node answers. */
export function registerInference(app: FastifyInstance, deps: HttpDeps): void {
  const serving = createServing(deps);
  /** Before the body is read: neither a stranger nor an overload makes us parse megabytes. */
  const onRequest = serving.admit;

  app.post<{ Body: JsonObject }>('/v1/chat/completions', {
    schema: { body: ChatRequest },
    onRequest,
    preHandler: refuseDeepBodies,
    handler: (request, reply) => serving.handle(request, reply, { endpoint: 'chat', body: request.body }),
  });
  app.post<{ Body: JsonObject }>('/v1/completions', {
    schema: { body: CompletionRequest },
    onRequest,
    preHandler: [refuseDeepBodies, refuseFieldsOf('chat')],
    handler: (request, reply) => serving.handle(request, reply, { endpoint: 'completion', body: request.body }),
  });
  app.post<{ Body: JsonObject }>('/v1/embeddings', {
    schema: { body: EmbeddingRequest },
    onRequest,
    preHandler: [refuseDeepBodies, refuseFieldsOf('chat'), refuseFieldsOf('completion')],
    handler(request, reply) {
      // Nodes are asked for numbers, whatever the caller wants them packed in: every backend can do that.
      const body = { ...request.body, encoding_format: 'float' };
      const answer = embeddingAnswer(request.body['encoding_format'] === 'base64');
      return serving.handle(request, reply, { endpoint: 'embedding', body, answer });
    },
  });
  app.post<{ Body: JsonObject }>(
    '/v1/route',
    { schema: { body: ChatRequest }, onRequest, preHandler: refuseDeepBodies },
    async (request, reply) => {
      return sendJson(reply, deps.explain(request.body));
    },
  );
}

type WithBody = { readonly body: unknown };

async function refuseDeepBodies({ body }: WithBody): Promise<void> {
  if (isDeeperThan(body, MAX_JSON_DEPTH))
    throw new DgridError('DGRID_INVALID_BODY', `The body is nested more than ${MAX_JSON_DEPTH} levels deep.`);
}

const FIELDS: Readonly<Record<Exclude<Endpoint, 'embedding'>, readonly [field: string, path: string]>> = {
  chat: ['messages', '/v1/chat/completions'],
  completion: ['prompt', '/v1/completions'],
};

/** A body with another endpoint's field would later be taken for one of that endpoint. */
function refuseFieldsOf(other: keyof typeof FIELDS) {
  const [param, path] = FIELDS[other];
  return async ({ body }: WithBody): Promise<void> => {
    if (typeof body === 'object' && body !== null && param in body)
      throw new DgridError('DGRID_INVALID_BODY', `"${param}" belongs to ${path}; this endpoint does not take it.`, {
        context: { param },
      });
  };
}
