import type { IncomingMessage } from 'node:http';

import { DgridError } from '../../errors.ts';
import { MAX_JSON_DEPTH, isDeeperThan } from '../../lib/json-depth.ts';
import type { Endpoint, JsonObject } from '../../protocol/content.ts';
import type { Address, Hex } from '../../protocol/types.ts';
import { readBody } from '../http.ts';

/** A gateway's request as a node agent reads it. */
export type AgentRequest = {
  readonly endpoint: Endpoint;
  readonly receiptId: Hex;
  readonly salt: Hex;
  readonly gateway: Address;
  /** What the gateway shows to prove that it is one. */
  readonly session: string | undefined;
  /** As received: what the hash is taken of. */
  readonly body: JsonObject;
  readonly model: string;
  readonly stream: boolean;
};

/** The field without which a request of the endpoint asks for nothing. */
const ESSENTIAL = { chat: 'messages', completion: 'prompt', embedding: 'input' } as const;

/** @throws DgridError (400, 413) */
export async function readAgentRequest(
  endpoint: Endpoint,
  request: IncomingMessage,
  bodyLimitBytes: number,
): Promise<AgentRequest> {
  const receiptId = header(request, 'x-dgrid-request', /^0x[0-9a-f]{64}$/);
  const salt = header(request, 'x-dgrid-salt', /^0x[0-9a-f]{32}$/);
  const gateway = header(request, 'x-dgrid-gateway', /^0x[0-9a-f]{40}$/);
  const session = request.headers['x-dgrid-session'];
  const body = parseBody(await readBody(request, bodyLimitBytes));
  const { model } = body;
  const asked = body[ESSENTIAL[endpoint]];
  const isAsked = Array.isArray(asked) || (endpoint !== 'chat' && typeof asked === 'string');
  if (typeof model !== 'string' || model === '' || !isAsked)
    throw new DgridError('DGRID_INVALID_BODY', `This endpoint needs a model and "${ESSENTIAL[endpoint]}".`, {
      context: { param: ESSENTIAL[endpoint] },
    });
  const stream = body['stream'] === true && endpoint !== 'embedding';
  return {
    endpoint,
    receiptId,
    salt,
    gateway,
    session: typeof session === 'string' ? session.slice(0, 200) : undefined,
    body,
    model,
    stream,
  };
}

function header(request: IncomingMessage, name: string, pattern: RegExp): Hex {
  const value = request.headers[name];
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  if (!pattern.test(text))
    throw new DgridError('DGRID_INVALID_HEADER', `The header ${name} is missing or malformed.`, {
      context: { param: name },
    });
  return text as Hex;
}

function parseBody(text: string): JsonObject {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new DgridError('DGRID_INVALID_JSON', 'The body is not valid JSON.', { cause });
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body) || isDeeperThan(body, MAX_JSON_DEPTH))
    throw new DgridError('DGRID_INVALID_BODY', 'The body must be a JSON object, nested within reason.');
  return body as JsonObject;
}
