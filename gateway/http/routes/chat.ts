import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { DgridError, toDgridError } from '../../errors.ts';
import { MAX_JSON_DEPTH, isDeeperThan } from '../../lib/json-depth.ts';
import type { JsonObject } from '../../protocol/content.ts';
import type { ServeHead, ServeOutcome, ServeRequest } from '../../serve.ts';
import { logFields } from '../plugins/errors.ts';
import { requireKey } from '../plugins/keys.ts';
import type { HttpDeps } from '../ports.ts';
import { ChatRequest } from '../schemas/chat-request.ts';
import { createSseReply } from '../sse-reply.ts';

export function registerChat(app: FastifyInstance, deps: HttpDeps): void {
  let inFlight = 0;

  app.post<{ Body: JsonObject }>('/v1/chat/completions', {
    schema: { body: ChatRequest },
    // Before the body is read: neither a stranger nor an overload makes us parse megabytes.
    async onRequest(request) {
      requireKey(request, deps.checkKey);
      if (inFlight >= deps.maxInFlight)
        throw new DgridError('DGRID_OVERLOADED', 'This gateway serves as many requests as it can.', {
          context: { retryAfterMs: 1_000 },
        });
    },
    preHandler: refuseDeepBodies,
    async handler(request, reply) {
      const { hash } = requireKey(request, deps.checkKey);
      const gone = abortOnClose(reply);
      inFlight += 1;
      deps.metrics.inFlight(1);
      try {
        const serving = { body: request.body, keyHash: hash, flags: 0, signal: gone, ...traceOf(request) };
        if (request.body['stream'] === true) return await stream(deps, serving, request, reply);
        const outcome = await deps.serve(serving);
        void reply.headers(headersOf(outcome.head));
        note(deps, outcome, request);
        return await reply.send(outcome.body);
      } finally {
        inFlight -= 1;
        deps.metrics.inFlight(-1);
      }
    },
  });
}

export async function refuseDeepBodies({ body }: Pick<FastifyRequest, 'body'>): Promise<void> {
  if (isDeeperThan(body, MAX_JSON_DEPTH))
    throw new DgridError('DGRID_INVALID_BODY', `The body is nested more than ${MAX_JSON_DEPTH} levels deep.`);
}

async function stream(
  deps: HttpDeps,
  serving: ServeRequest,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const out = createSseReply(reply, { headersOf, keepAliveMs: deps.keepAliveMs });
  const body = serving.body;
  try {
    const outcome = await deps.serve({ ...serving, sink: out.sink });
    note(deps, outcome, request);
    out.finish(asksForUsage(body) ? { ...outcome.body, object: 'chat.completion.chunk', choices: [] } : undefined);
  } catch (thrown) {
    if (!out.started()) throw thrown;
    const error = toDgridError(thrown);
    if (error.code !== 'DGRID_CLIENT_CLOSED') deps.log.warn(logFields(error, request.id), 'stream ended in an error');
    out.fail(error);
  }
  return reply;
}

function asksForUsage(body: JsonObject): boolean {
  const options = body['stream_options'];
  return (
    typeof options === 'object' && options !== null && 'include_usage' in options && options.include_usage === true
  );
}

/** Aborts when the client's connection closes before the answer was written out. */
function abortOnClose(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

const TRACE = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** W3C trace id of the caller, kept with the decision. */
function traceOf(request: FastifyRequest): { traceId?: string } {
  const header = request.headers['traceparent'];
  const id = typeof header === 'string' ? TRACE.exec(header)?.[1] : undefined;
  return id === undefined ? {} : { traceId: id };
}

function headersOf(head: ServeHead): Record<string, string> {
  return {
    'x-dgrid-receipt': head.receiptId,
    'x-dgrid-salt': head.salt,
    'x-dgrid-node': head.node,
    // Model ids come from metadata and may hold what a header may not.
    'x-dgrid-model': encodeURI(head.modelId),
    'x-dgrid-cause': head.cause,
    'x-dgrid-attempts': String(head.attempts),
    'x-dgrid-price': `${head.price.input}/${head.price.output}`,
    'x-dgrid-quality': String(head.qualityBps),
  };
}

function note(deps: HttpDeps, outcome: ServeOutcome, request: FastifyRequest): void {
  const { receipt, head } = outcome;
  deps.log.debug(
    {
      requestId: request.id,
      receipt: receipt.id,
      node: head.node,
      attempts: head.attempts,
      units: receipt.units.toString(),
    },
    'served',
  );
}
