/**
 * Every error that leaves a DGrid server, in one table: status, OpenAI error type, and whether the same call may succeed
 * when it is sent again. A code never changes its meaning and is never reused. `docs/errors.md` says what to do about
 * each; a test holds the two together.
 */
type Row = { readonly status: number; readonly type: ErrorType; readonly retryable: boolean };
export type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'not_found_error'
  | 'insufficient_quota'
  | 'rate_limit_error'
  | 'upstream_error'
  | 'unavailable_error'
  | 'timeout_error'
  | 'internal_error';

const row = (status: number, type: ErrorType, retryable = false): Row => ({ status, type, retryable });

export const ERRORS = {
  // the caller's body and preferences
  DGRID_INVALID_JSON: row(400, 'invalid_request_error'),
  DGRID_INVALID_BODY: row(400, 'invalid_request_error'),
  DGRID_INVALID_PREFERENCE: row(400, 'invalid_request_error'),
  DGRID_REQUEST_REJECTED: row(400, 'invalid_request_error'),
  DGRID_CONTEXT_TOO_LONG: row(400, 'invalid_request_error'),
  DGRID_CONTENT_REFUSED: row(400, 'invalid_request_error'),
  DGRID_MISSING_KEY: row(401, 'authentication_error'),
  DGRID_INVALID_KEY: row(401, 'authentication_error'),
  DGRID_INSUFFICIENT_CREDIT: row(402, 'insufficient_quota'),
  DGRID_BUDGET_EXCEEDED: row(402, 'insufficient_quota'),
  DGRID_UNKNOWN_MODEL: row(404, 'not_found_error'),
  DGRID_UNKNOWN_RECEIPT: row(404, 'not_found_error'),
  DGRID_UNKNOWN_EPOCH: row(404, 'not_found_error'),
  DGRID_UNKNOWN_BATCH: row(404, 'not_found_error'),
  DGRID_UNKNOWN_ROUTE: row(404, 'not_found_error'),
  DGRID_BODY_TOO_LARGE: row(413, 'invalid_request_error'),
  DGRID_UNSUPPORTED_MEDIA_TYPE: row(415, 'invalid_request_error'),
  DGRID_UNSATISFIABLE: row(422, 'invalid_request_error'),
  DGRID_RATE_LIMITED: row(429, 'rate_limit_error', true),
  DGRID_REQUEST_ABOVE_LIMIT: row(429, 'rate_limit_error'),
  DGRID_FEEDBACK_CLOSED: row(409, 'invalid_request_error'),
  DGRID_UNKNOWN_NODE: row(404, 'not_found_error'),
  DGRID_CLIENT_CLOSED: row(499, 'invalid_request_error'),
  // the nodes behind the gateway
  DGRID_NODE_FAULT: row(502, 'upstream_error'),
  DGRID_STREAM_INTERRUPTED: row(502, 'upstream_error'),
  DGRID_NO_ELIGIBLE_NODE: row(503, 'unavailable_error', true),
  DGRID_NODES_BUSY: row(503, 'unavailable_error', true),
  DGRID_NODE_TIMEOUT: row(504, 'timeout_error'),
  // the server that answers
  DGRID_INTERNAL: row(500, 'internal_error'),
  DGRID_STORE_UNAVAILABLE: row(503, 'unavailable_error', true),
  DGRID_OVERLOADED: row(503, 'unavailable_error', true),
  DGRID_SHUTTING_DOWN: row(503, 'unavailable_error', true),
  // a node agent's own words to the gateway
  DGRID_INVALID_HEADER: row(400, 'invalid_request_error'),
  DGRID_UNKNOWN_GATEWAY: row(403, 'authentication_error'),
  DGRID_BACKEND_FAULT: row(502, 'upstream_error'),
  DGRID_BACKEND_TIMEOUT: row(504, 'timeout_error'),
  // an evaluator agent's refusals
  DGRID_EVALUATION_REFUSED: row(422, 'invalid_request_error'),
  DGRID_EVALUATION_CONFLICT: row(409, 'invalid_request_error'),
  DGRID_UNKNOWN_EVALUATION: row(404, 'not_found_error'),
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof ERRORS;

/** Facts about one error: for logs and tests; only `param` and `retryAfterMs` ever reach a caller. */
export type ErrorContext = {
  readonly param?: string;
  readonly retryAfterMs?: number;
  readonly [key: string]: unknown;
};

export class DgridError extends Error {
  readonly code: ErrorCode;
  readonly statusCode: number;
  readonly retryable: boolean;
  readonly context: ErrorContext;

  constructor(code: ErrorCode, message: string, options: { context?: ErrorContext; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DgridError';
    this.code = code;
    this.statusCode = ERRORS[code].status;
    this.retryable = ERRORS[code].retryable;
    this.context = options.context ?? {};
  }
}

/** The body OpenAI's clients read: `{error: {message, type, param, code}}`. */
export type ErrorBody = {
  readonly error: {
    readonly message: string;
    readonly type: ErrorType;
    readonly param: string | null;
    readonly code: ErrorCode;
  };
};

export function errorBody(error: DgridError): ErrorBody {
  return {
    error: {
      message: error.message,
      type: ERRORS[error.code].type,
      param: error.context.param ?? null,
      code: error.code,
    },
  };
}

/** Anything thrown becomes an error of the table; what was not foreseen says nothing about our insides. */
export function toDgridError(thrown: unknown): DgridError {
  if (thrown instanceof DgridError) return thrown;
  return new DgridError('DGRID_INTERNAL', 'The server failed to handle this request.', { cause: thrown });
}
