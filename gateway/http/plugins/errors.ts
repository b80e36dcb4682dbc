import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { DgridError, errorBody, toDgridError } from '../../errors.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Log } from '../../telemetry/logger.ts';
import { PREFERENCE_FIELDS } from '../schemas/preferences.ts';

const FASTIFY_CODES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['DGRID_INVALID_JSON', 'The body is not as long as Content-Length says.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['DGRID_UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json.'],
  FST_ERR_BAD_URL: ['DGRID_UNKNOWN_ROUTE', 'The path is not a valid URL.'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['DGRID_BODY_TOO_LARGE', 'The body is larger than this gateway accepts.'],
};

/** One shape for every error, Fastify's own included. */
export function registerErrors(app: FastifyInstance, log: Log): void {
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    return sendError(
      reply,
      new DgridError('DGRID_UNKNOWN_ROUTE', `There is no ${request.method} ${path.slice(0, 200)}.`),
    );
  });
  app.setErrorHandler((thrown: FastifyError | DgridError, request: FastifyRequest, reply: FastifyReply) => {
    const error = translate(thrown);
    if (error.statusCode >= 500)
      log[error.code === 'DGRID_INTERNAL' ? 'error' : 'warn'](logFields(error, request.id), 'request failed');
    return sendError(reply, error);
  });
}

export function logFields(error: DgridError, requestId: string): object {
  const cause =
    error.cause instanceof Error
      ? { name: error.cause.name, message: error.cause.message, stack: error.cause.stack }
      : error.cause;
  return { requestId, code: error.code, context: error.context, cause };
}

export function sendError(reply: FastifyReply, error: DgridError): FastifyReply {
  const { retryAfterMs } = error.context;
  if (retryAfterMs !== undefined)
    void reply.header('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1_000))));
  // Whatever the gateway could try it has tried: OpenAI's clients would otherwise repeat every 5xx twice.
  void reply.header('x-should-retry', error.retryable ? 'true' : 'false');
  return reply
    .code(error.statusCode)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(errorBody(error)));
}

export function translate(thrown: FastifyError | DgridError): DgridError {
  if (thrown instanceof DgridError) return thrown;
  if ('validation' in thrown && Array.isArray(thrown.validation)) return invalidBody(thrown);
  const known = FASTIFY_CODES[thrown.code];
  if (known !== undefined) return new DgridError(known[0], known[1], { cause: thrown });
  // A body that broke off, say.
  if (thrown.statusCode === 400)
    return new DgridError('DGRID_INVALID_JSON', 'The body is not acceptable JSON.', { cause: thrown });
  return toDgridError(thrown);
}

function invalidBody(thrown: FastifyError): DgridError {
  // Of the alternatives of a union every one complains: the deepest place is the one that was meant.
  const issues = (thrown.validation ?? []).toSorted((a, b) => b.instancePath.length - a.instancePath.length);
  const { instancePath = '', params = {}, message = 'is not valid' } = issues[0] ?? {};
  const names = [instancePath.slice(1).replaceAll('/', '.'), params['missingProperty'], params['additionalProperty']];
  const path = names.filter((name) => typeof name === 'string' && name !== '').join('.');
  const code = PREFERENCE_FIELDS.has(path.split('.')[0] ?? '') ? 'DGRID_INVALID_PREFERENCE' : 'DGRID_INVALID_BODY';
  const where = path === '' ? 'The body' : `"${path.slice(0, 120)}"`;
  return new DgridError(code, `${where} ${complaint(message, params)}.`, { context: { param: path }, cause: thrown });
}

function complaint(message: string, params: Readonly<Record<string, unknown>>): string {
  const { missingProperty, allowedValues } = params;
  if (missingProperty !== undefined) return 'is missing';
  return Array.isArray(allowedValues) ? `${message} (${allowedValues.join(', ')})` : message;
}
