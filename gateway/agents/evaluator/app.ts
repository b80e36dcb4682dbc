import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import { DgridError, errorBody, toDgridError } from '../../errors.ts';
import { reasonOf } from '../../lib/reason.ts';
import { encodeStruct } from '../../protocol/struct-json.ts';
import type { Address, Hex } from '../../protocol/types.ts';
import { readBody, sendJson } from '../http.ts';
import type { Evaluator } from './evaluator.ts';
import { readEvaluationRequest, readRevealRequest } from './wire.ts';

export type EvaluatorAgentDeps = {
  readonly account: Address;
  readonly scorerId: Hex;
  readonly evaluator: Evaluator;
  readonly bodyLimitBytes: number;
  /** What `GET /metrics` answers. */
  readonly metrics?: () => string;
  readonly onFault: (event: string, details: object) => void;
};

const REQUEST_MS = 60_000;

/** The evaluator's HTTP server, on plain `node:http`: many are started on one machine. Does not listen. */
export function createEvaluatorAgent(deps: EvaluatorAgentDeps): Server {
  return createServer({ keepAliveTimeout: 60_000, requestTimeout: REQUEST_MS }, (request, response) => {
    handle(deps, request, response).catch((thrown: unknown) => fail(deps, response, thrown));
  });
}

async function handle(deps: EvaluatorAgentDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const route = `${request.method} ${path}`;
  if (route === 'POST /dgrid/v1/evaluations') {
    const body = readEvaluationRequest(await readJson(request, deps.bodyLimitBytes));
    const { commit, signature } = await deps.evaluator.evaluate(body);
    return sendJson(response, 200, { commit: encodeStruct('evaluationCommit', commit), signature });
  }
  if (route === 'POST /dgrid/v1/reveals') {
    const body = readRevealRequest(await readJson(request, deps.bodyLimitBytes));
    const { evaluation, signature } = await deps.evaluator.reveal(body);
    return sendJson(response, 200, { evaluation: encodeStruct('evaluation', evaluation), signature });
  }
  if (route === 'GET /healthz')
    return sendJson(response, 200, { status: 'ok', account: deps.account, scorerId: deps.scorerId });
  if (route === 'GET /metrics' && deps.metrics !== undefined)
    return void response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(deps.metrics());
  throw new DgridError('DGRID_UNKNOWN_ROUTE', `There is no ${route.slice(0, 200)}.`);
}

async function readJson(request: IncomingMessage, limit: number): Promise<unknown> {
  const text = await readBody(request, limit);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DgridError('DGRID_INVALID_JSON', 'The body is not valid JSON.', { cause });
  }
}

function fail(deps: EvaluatorAgentDeps, response: ServerResponse, thrown: unknown): void {
  const error = toDgridError(thrown);
  if (error.statusCode >= 500)
    deps.onFault('request failed', { code: error.code, reason: error.message, cause: reasonOf(error.cause) });
  if (response.destroyed || response.headersSent) return;
  sendJson(response, error.statusCode, errorBody(error));
}
