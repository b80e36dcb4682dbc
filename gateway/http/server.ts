import { randomUUID } from 'node:crypto';

import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';

import { DgridError } from '../errors.ts';
import { registerCors } from './plugins/cors.ts';
import { registerOpenApi } from './openapi/plugin.ts';
import { registerErrors, sendError, translate } from './plugins/errors.ts';
import { registerJsonBodies } from './plugins/json-body.ts';
import type { HttpDeps } from './ports.ts';
import { registerAccount } from './routes/account.ts';
import { registerDocumentation } from './routes/documentation.ts';
import { registerInference } from './routes/inference.ts';
import { registerNetwork } from './routes/network.ts';
import { registerOperations } from './routes/operations.ts';

/** How long answers under way may go on once the server is told to close. */
const DRAIN_MS = 10_000;

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The HTTP edge: routes over the functions it was handed. Does not listen. */
export function createServer(deps: HttpDeps): FastifyInstance {
  const app = fastify({
    logger: false, // one line per request costs more than serving it; what fails is logged by hand
    bodyLimit: deps.bodyLimitBytes,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    requestTimeout: 30_000, // until the whole body was received
    genReqId(request) {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
    // What fails before any route is found: a path that is no URL, say.
    frameworkErrors: (error, _request, reply) => void sendError(reply, translate(error)),
    // The body must reach the node as it was sent: nothing is coerced, filled in or taken out.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: false } },
  });
  registerErrors(app, deps.log);
  registerJsonBodies(app);
  registerLifecycle(app, deps);
  registerCors(app, deps.corsOrigins);
  if (deps.docs) registerOpenApi(app);
  // In a plugin of their own: the one before has to be there to see them.
  void app.register(async (routes) => registerRoutes(routes, deps));
  return app;
}

function registerRoutes(app: FastifyInstance, deps: HttpDeps): void {
  registerInference(app, deps);
  registerAccount(app, deps);
  registerNetwork(app, deps);
  registerOperations(app, deps);
  if (deps.docs) registerDocumentation(app);
}

function registerLifecycle(app: FastifyInstance, deps: HttpDeps): void {
  const startedMs = new WeakMap<object, number>();
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
    const { server } = app;
    const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    // A connection that falls idle after its last answer would be kept alive, and the server with it.
    const sweep = setInterval(() => server.closeIdleConnections(), 20);
    server.once('close', () => {
      clearTimeout(cut);
      clearInterval(sweep);
    });
    cut.unref();
    sweep.unref();
  });
  app.addHook('onRequest', async (request, reply) => {
    startedMs.set(request, deps.nowMs());
    void reply.header('x-request-id', request.id);
    // The end of a hijacked stream is seen on the socket only, so every route is timed there.
    reply.raw.once('close', () => {
      const route = request.routeOptions.url ?? 'unknown';
      deps.metrics.requestEnded(route, reply.raw.statusCode, deps.nowMs() - (startedMs.get(request) ?? 0));
    });
    if (closing)
      throw new DgridError('DGRID_SHUTTING_DOWN', 'This gateway is shutting down; try another one.', {
        context: { retryAfterMs: 1_000 },
      });
  });
}
