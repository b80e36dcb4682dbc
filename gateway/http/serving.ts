import type { FastifyReply, FastifyRequest } from 'fastify';

import { DgridError, toDgridError } from '../errors.ts';
import type { Endpoint, JsonObject } from '../protocol/content.ts';
import type { ServeHead, ServeOutcome, ServeRequest } from '../serve.ts';
import { limitHeaders } from './limit-headers.ts';
import { logFields } from './plugins/errors.ts';
import { requireKey } from './plugins/keys.ts';
import type { HttpDeps } from './ports.ts';
import { createSseReply } from './sse-reply.ts';

/** One request of an inference endpoint, as its route has prepared it. */
export type Asked = {
  readonly endpoint: Endpoint;
  /** As it goes to the pipeline. */
  readonly body: JsonObject;
  /** Body of a plain answer; by default the one that the pipeline gives. */
  readonly answer?: (outcome: ServeOutcome) => JsonObject;
};

export type Serving = {
  /** @throws DgridError 401 for a stranger, 503 when too much is in work */
  readonly admit: (request: FastifyRequest) => Promise<void>;
  readonly handle: (request: FastifyRequest, reply: FastifyReply, asked: Asked) => Promise<FastifyReply>;
};

/** What the inference endpoints share: admission, the way through the pipeline, headers, streams. */
export function createServing(deps: HttpDeps): Serving {
  let inFlight = 0;
  const requireRoom = (): void => {
    if (inFlight >= deps.maxInFlight)
      throw new DgridError('DGRID_OVERLOADED', 'This gateway serves as many requests as it can.', {
        context: { retryAfterMs: 1_000 },
      });
  };
  return {
    async admit(request) {
      requireKey(request, deps.checkKey);
      requireRoom();
    },
    async handle(request, reply, asked) {
      const { hash } = requireKey(request, deps.checkKey);
      requireRoom(); // those that sent their bodies at the same time were all let in
      const gone = abortOnClose(reply);
      inFlight += 1;
      deps.metrics.inFlight(1);
      const { endpoint, body } = asked;
      const serving = { endpoint, body, keyHash: hash, flags: 0, signal: gone, ...traceOf(request) };
      try {
        if (body['stream'] === true) return await stream(deps, serving, request, reply);
        return await plain(deps, serving, reply, { request, asked });
      } catch (error) {
        void reply.headers(limitHeaders(deps.account(hash)));
        throw error;
      } finally {
        inFlight -= 1;
        deps.metrics.inFlight(-1);
      }
    },
  };
}

type Context = { readonly request: FastifyRequest; readonly asked: Asked };

async function plain(
  deps: HttpDeps,
  serving: ServeRequest,
  reply: FastifyReply,
  { request, asked }: Context,
): Promise<FastifyReply> {
  const outcome = await deps.serve(serving);
  void reply.headers({ ...headersOf(outcome.head), ...limitHeaders(deps.account(serving.keyHash)) });
  note(deps, outcome, request);
  return await reply.send(asked.answer?.(outcome) ?? outcome.body);
}

/** What the objects of a stream are called. */
const CHUNK = { chat: 'chat.completion.chunk', completion: 'text_completion', embedding: 'list' } as const;

async function stream(
  deps: HttpDeps,
  serving: ServeRequest,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const out = createSseReply(reply, {
    headersOf: (head) => ({ ...headersOf(head), ...limitHeaders(deps.account(serving.keyHash)) }),
    keepAliveMs: deps.keepAliveMs,
  });
  const { body, endpoint = 'chat' } = serving;
  try {
    const outcome = await deps.serve({ ...serving, sink: out.sink });
    note(deps, outcome, request);
    out.finish(asksForUsage(body) ? { ...outcome.body, object: CHUNK[endpoint], choices: [] } : undefined);
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

const TRACE = /^[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;

/** W3C trace context of the caller: kept with the decision, and passed on to the node. */
function traceOf(request: FastifyRequest): Pick<ServeRequest, 'traceId' | 'traceFlags'> {
  const header = request.headers['traceparent'];
  const [, traceId, traceFlags] = (typeof header === 'string' ? TRACE.exec(header) : null) ?? [];
  return traceId === undefined || traceFlags === undefined ? {} : { traceId, traceFlags };
}

function headersOf(head: ServeHead): Record<string, string> {
  return {
    'x-dgrid-receipt': head.receiptId,
    'x-dgrid-salt': head.salt,
    'x-dgrid-node': head.node,
    // Model ids come from metadata and may hold what a header may not, and half a character, which cannot be encoded.
    'x-dgrid-model': encodeURI(head.modelId.toWellFormed()),
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
