import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import { DgridError, errorBody, toDgridError } from '../../errors.ts';
import { UpstreamFailure } from '../../execute/failure.ts';
import { drained } from '../../lib/drained.ts';
import { answerContent, contentHash, requestContent } from '../../protocol/content.ts';
import { keccakText } from '../../protocol/keccak.ts';
import { encodeStruct } from '../../protocol/struct-json.ts';
import type { Endpoint } from '../../protocol/content.ts';
import type { Address } from '../../protocol/types.ts';
import { sendJson } from '../http.ts';
import type { Admission } from './admission.ts';
import type { AttestationBook, SignedAttestation } from './attestation-book.ts';
import { BackendRefusal } from './backend.ts';
import type { Backend, BackendAnswer, Relay } from './backend.ts';
import { readAgentRequest } from './request.ts';
import type { AgentRequest } from './request.ts';

export type NodeAgentDeps = {
  readonly account: Address;
  readonly backend: Backend;
  readonly book: AttestationBook;
  /** Gateway accounts that are served; empty: all. */
  readonly gateways: readonly Address[];
  /** Checks that a gateway is who it says; without it everybody is believed. */
  readonly admission?: Admission;
  readonly offered: readonly string[];
  readonly bodyLimitBytes: number;
  readonly onFault: (event: string, details: object) => void;
};

/**
 * The signing sidecar in front of a backend, on plain `node:http`: an operator starts one per model server, so it has to
 * be light. Does not listen.
 */
export function createNodeAgent(deps: NodeAgentDeps): Server {
  return createServer({ keepAliveTimeout: 60_000, requestTimeout: 60_000 }, (request, response) => {
    handle(deps, request, response).catch((thrown: unknown) => fail(deps, response, thrown));
  });
}

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  'POST /v1/chat/completions': 'chat',
  'POST /v1/completions': 'completion',
  'POST /v1/embeddings': 'embedding',
};

async function handle(deps: NodeAgentDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://agent');
  const route = `${request.method} ${url.pathname}`;
  const gone = goneSignal(response);
  const endpoint = ENDPOINTS[route];
  if (endpoint !== undefined)
    return answer(deps, await readAgentRequest(endpoint, request, deps.bodyLimitBytes), response, gone);
  if (route === 'GET /dgrid/v1/attestations') return attestations(deps, url.searchParams, response, gone);
  if (route === 'GET /v1/models') return models(deps, response, gone);
  if (route === 'GET /healthz') return sendJson(response, 200, { status: 'ok', account: deps.account });
  throw new DgridError('DGRID_UNKNOWN_ROUTE', `There is no ${route.slice(0, 200)}.`);
}

async function answer(
  deps: NodeAgentDeps,
  request: AgentRequest,
  response: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  if (deps.gateways.length > 0 && !deps.gateways.includes(request.gateway))
    throw new DgridError('DGRID_UNKNOWN_GATEWAY', 'This node does not serve that gateway.');
  await deps.admission?.(request.gateway, request.session);
  if (!request.stream) {
    const whole = await deps.backend.plain(request.endpoint, request.body, gone);
    record(deps, request, whole);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(whole.bytes.length) });
    response.end(whole.bytes);
    return;
  }
  const streamed = await deps.backend.stream(request.endpoint, request.body, {
    signal: gone,
    relay: relayTo(response),
  });
  // The answer is in the book before its end is told: whoever sees [DONE] will get the signature.
  record(deps, request, streamed);
  response.end('data: [DONE]\n\n');
}

function record(deps: NodeAgentDeps, request: AgentRequest, { content, usage }: BackendAnswer): void {
  deps.book.add({
    receiptId: request.receiptId,
    gateway: request.gateway,
    node: deps.account,
    requestHash: contentHash(request.salt, requestContent(request.body)),
    responseHash: contentHash(request.salt, answerContent(content)),
    model: keccakText(request.model),
    promptTokens: usage?.promptTokens ?? 0,
    completionTokens: usage?.completionTokens ?? 0,
  });
}

function relayTo(response: ServerResponse): Relay {
  return {
    begin() {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    },
    write: (bytes) => response.destroyed || response.write(bytes),
    drained: () => drained(response),
  };
}

const ADDRESS = /^0x[0-9a-f]{40}$/;
const SEQUENCE = /^\d{1,15}$/;
const MAX_WAIT_MS = 10_000;

async function attestations(
  deps: NodeAgentDeps,
  query: URLSearchParams,
  response: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  const gateway = (query.get('gateway') ?? '').toLowerCase();
  const after = query.get('after') ?? '0';
  const waitMs = query.get('waitMs') ?? '0';
  if (!ADDRESS.test(gateway) || !SEQUENCE.test(after) || !SEQUENCE.test(waitMs))
    throw new DgridError('DGRID_INVALID_BODY', 'Ask with gateway=0x…, after=<sequence> and waitMs=0…10000.');
  const read = (): readonly SignedAttestation[] => deps.book.after(gateway as Address, BigInt(after));
  let found = read();
  if (found.length === 0) {
    await deps.book.wait(gateway as Address, Math.min(Number(waitMs), MAX_WAIT_MS), gone);
    if (gone.aborted) return;
    found = read();
  }
  sendJson(response, 200, { attestations: found.map(wire) });
}

const wire = ({ attestation, signature, answers }: SignedAttestation): object => ({
  ...encodeStruct('nodeAttestation', attestation),
  signature,
  answers: answers.map((answer) => encodeStruct('answer', answer)),
});

async function models(deps: NodeAgentDeps, response: ServerResponse, gone: AbortSignal): Promise<void> {
  if (deps.offered.length > 0) {
    const data = deps.offered.map((id) => ({ id, object: 'model', created: 0, owned_by: 'dgrid' }));
    return sendJson(response, 200, { object: 'list', data });
  }
  const bytes = await deps.backend.models(gone);
  response.writeHead(200, { 'content-type': 'application/json' }).end(bytes);
}

function goneSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** A fault must look like one: before the first byte a status, after it an error event and no [DONE]. */
function fail(deps: NodeAgentDeps, response: ServerResponse, thrown: unknown): void {
  if (response.destroyed) return;
  if (thrown instanceof BackendRefusal && !response.headersSent) return refuse(deps, response, thrown);
  const error = thrown instanceof UpstreamFailure ? backendFault(thrown) : toDgridError(thrown);
  if (error.statusCode >= 500)
    deps.onFault('request failed', { code: error.code, reason: error.message, cause: error.cause });
  if (!response.headersSent) return sendJson(response, error.statusCode, errorBody(error));
  response.end(`data: ${JSON.stringify(errorBody(error))}\n\n`, () => response.destroy());
}

function backendFault(failure: UpstreamFailure): DgridError {
  const isTimeout = failure.reason.endsWith('_timeout');
  return new DgridError(
    isTimeout ? 'DGRID_BACKEND_TIMEOUT' : 'DGRID_BACKEND_FAULT',
    `The backend failed: ${failure.reason}.`,
    { cause: failure },
  );
}

/** What the backend refuses it refuses in its own words: whether it is the caller's fault is for the gateway to read. */
function refuse(deps: NodeAgentDeps, response: ServerResponse, { refusal }: BackendRefusal): void {
  deps.onFault('backend refused', { status: refusal.status });
  // Its 401 or 404 is about this agent's key or model, not about the gateway's: a fault of this node.
  const status = [400, 413, 422, 429].includes(refusal.status) || refusal.status >= 500 ? refusal.status : 502;
  const headers = {
    'content-type': 'application/json',
    ...(refusal.retryAfter === undefined ? {} : { 'retry-after': refusal.retryAfter }),
  };
  response
    .writeHead(status, headers)
    .end(isErrorBody(refusal.body) ? refusal.body : JSON.stringify(fallbackBody(refusal.status)));
}

function isErrorBody(text: string): boolean {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && 'error' in body;
  } catch {
    return false;
  }
}

const fallbackBody = (status: number): object =>
  errorBody(new DgridError('DGRID_BACKEND_FAULT', `The backend answered with status ${status}.`));
