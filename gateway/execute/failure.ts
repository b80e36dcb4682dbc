/**
 * Why an upstream call failed, and whose fault it is. Only `node` touches a node's success rate; `network` (nothing
 * could be connected) only opens its breaker; `caller` and `policy` touch nobody.
 */
export type FailureClass = 'caller' | 'node' | 'network' | 'policy';

export type FailureReason =
  | 'connect'
  | 'connect_timeout'
  | 'refused'
  | 'reset'
  | 'headers_timeout'
  | 'first_token_timeout'
  | 'chunk_timeout'
  | 'total_timeout'
  | 'busy'
  | 'server_error'
  | 'unusable_status'
  | 'rejected'
  | 'context_too_long'
  | 'content_refused'
  | 'malformed'
  | 'truncated'
  | 'in_band_error'
  | 'too_large'
  | 'aborted';

const CLASS_OF: Record<FailureReason, FailureClass> = {
  connect: 'network',
  connect_timeout: 'network',
  refused: 'node',
  reset: 'node',
  headers_timeout: 'node',
  first_token_timeout: 'node',
  chunk_timeout: 'node',
  total_timeout: 'node',
  busy: 'node',
  server_error: 'node',
  unusable_status: 'node',
  rejected: 'caller',
  context_too_long: 'caller',
  content_refused: 'policy',
  malformed: 'node',
  truncated: 'node',
  in_band_error: 'node',
  too_large: 'node',
  aborted: 'caller',
};

/** Faults after which the very same node may be tried once more: they are often over by then. */
const TRANSIENT: ReadonlySet<FailureReason> = new Set([
  'reset',
  'server_error',
  'truncated',
  'malformed',
  'in_band_error',
]);

type Details = {
  readonly status?: number;
  readonly retryAfterMs?: number;
  /** What the node said, shortened; shown to the caller only when the caller is at fault. */
  readonly said?: string;
  readonly cause?: unknown;
};

export class UpstreamFailure extends Error {
  readonly reason: FailureReason;
  readonly failureClass: FailureClass;
  readonly transient: boolean;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly said: string | undefined;

  constructor(reason: FailureReason, details: Details = {}) {
    super(reason, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'UpstreamFailure';
    this.reason = reason;
    this.failureClass = CLASS_OF[reason];
    this.transient = TRANSIENT.has(reason);
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
    this.said = details.said?.slice(0, 500);
  }
}

const UNREACHABLE = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL']);

/** A socket-level error as undici reports it. */
export function failureOfSocket(error: unknown): UpstreamFailure {
  if (error instanceof UpstreamFailure) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ECONNREFUSED') return new UpstreamFailure('refused', { cause: error });
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return new UpstreamFailure('connect_timeout', { cause: error });
  if (UNREACHABLE.has(code) || code.startsWith('ERR_TLS') || code.startsWith('CERT_'))
    return new UpstreamFailure('connect', { cause: error });
  if (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW')
    return new UpstreamFailure('malformed', { cause: error });
  return new UpstreamFailure('reset', { cause: error });
}

type Refusal = { readonly status: number; readonly body: string; readonly retryAfter: string | undefined };

/** What an answer other than 200 means. */
export function failureOfStatus(refusal: Refusal, nowMs: number): UpstreamFailure {
  const { status } = refusal;
  const error = errorOf(refusal.body);
  const retryAfterMs = retryAfter(refusal.retryAfter, nowMs);
  const details = { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }), said: error.message };
  if (status === 429) return new UpstreamFailure('busy', details);
  if (status === 503) return new UpstreamFailure(retryAfterMs === undefined ? 'server_error' : 'busy', details);
  if (status >= 500) return new UpstreamFailure('server_error', details);
  if (status === 400 || status === 413 || status === 422) {
    if (/context_length|context_too_long|too_large|string_above_max/i.test(error.code))
      return new UpstreamFailure('context_too_long', details);
    if (/content_filter|content_policy|content_refused|moderation/i.test(error.code))
      return new UpstreamFailure('content_refused', details);
    return new UpstreamFailure('rejected', details);
  }
  return new UpstreamFailure('unusable_status', details);
}

function errorOf(body: string): { readonly message: string; readonly code: string } {
  try {
    const parsed: unknown = JSON.parse(body);
    const error: unknown = typeof parsed === 'object' && parsed !== null && 'error' in parsed ? parsed.error : parsed;
    if (typeof error === 'string') return { message: error, code: '' };
    if (typeof error !== 'object' || error === null) return { message: '', code: '' };
    return {
      message: 'message' in error && typeof error.message === 'string' ? error.message : '',
      code: 'code' in error && typeof error.code === 'string' ? error.code : '',
    };
  } catch {
    return { message: '', code: '' };
  }
}

const MAX_RETRY_AFTER_MS = 300_000;

/** Seconds or an HTTP date (RFC 9110 §10.2.3), bounded: a node cannot talk itself out of routing for ever. */
export function retryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS) : undefined;
}
