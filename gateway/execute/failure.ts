import { isObject, objectOf, parsed, textOf } from './json.ts';

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
  | 'slow_caller'
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
  slow_caller: 'caller',
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

const OF_CODE: Readonly<Record<string, FailureReason>> = {
  ECONNREFUSED: 'refused',
  UND_ERR_CONNECT_TIMEOUT: 'connect_timeout',
  ENOTFOUND: 'connect',
  EAI_AGAIN: 'connect',
  ENETUNREACH: 'connect',
  EHOSTUNREACH: 'connect',
  EADDRNOTAVAIL: 'connect',
  DGRID_ADDRESS_REFUSED: 'connect',
  UND_ERR_HEADERS_OVERFLOW: 'malformed',
};

/** A socket-level error as undici reports it. */
export function failureOfSocket(error: unknown): UpstreamFailure {
  if (error instanceof UpstreamFailure) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const family = /^(?:ERR_TLS|CERT_)/.test(code) ? 'connect' : code.startsWith('HPE_') ? 'malformed' : 'reset';
  return new UpstreamFailure(OF_CODE[code] ?? family, { cause: error });
}

type Refusal = { readonly status: number; readonly body: string; readonly retryAfter: string | undefined };

/** What an answer other than 200 means. */
export function failureOfStatus(refusal: Refusal, nowMs: number): UpstreamFailure {
  const { status } = refusal;
  const error = errorOf(refusal.body);
  const retryAfterMs = retryAfter(refusal.retryAfter, nowMs);
  const details = { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }), said: error.message };
  return new UpstreamFailure(reasonOfStatus(status, error.code, retryAfterMs !== undefined), details);
}

function reasonOfStatus(status: number, code: string, saysWhen: boolean): FailureReason {
  if (status === 429 || (status === 503 && saysWhen)) return 'busy';
  if (status >= 500) return 'server_error';
  if (status !== 400 && status !== 413 && status !== 422) return 'unusable_status';
  if (/context_length|context_too_long|too_large|string_above_max/i.test(code)) return 'context_too_long';
  return /content_filter|content_policy|content_refused|moderation/i.test(code) ? 'content_refused' : 'rejected';
}

function errorOf(body: string): { readonly message: string; readonly code: string } {
  const answer = objectOf(parsed(body));
  const { error } = answer;
  if (typeof error === 'string') return { message: error, code: '' };
  const { message, code } = isObject(error) ? error : answer;
  return { message: textOf(message) ?? '', code: textOf(code) ?? '' };
}

const MAX_RETRY_AFTER_MS = 300_000;

/** Seconds or an HTTP date (RFC 9110 §10.2.3), bounded: a node cannot talk itself out of routing for ever. */
export function retryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS) : undefined;
}
