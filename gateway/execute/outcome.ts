import { DgridError } from '../errors.ts';
import type { ErrorContext } from '../errors.ts';
import type { Attempt } from './execute.ts';
import type { UpstreamFailure } from './failure.ts';

/** What the caller is told when every attempt has failed. */
export function finalError(failures: readonly UpstreamFailure[], attempts: readonly Attempt[]): DgridError {
  const last = failures.at(-1);
  const context: ErrorContext = { attempts };
  const options = { context, cause: last };
  if (last === undefined)
    return new DgridError(
      'DGRID_NODES_BUSY',
      'Every node that could answer is paused after faults. Try again shortly.',
      {
        context: { ...context, retryAfterMs: 1_000 },
      },
    );
  const said = last.said === undefined || last.said === '' ? '' : ` The node says: ${last.said}`;
  if (last.reason === 'context_too_long')
    return new DgridError('DGRID_CONTEXT_TOO_LONG', `The request does not fit the model's context.${said}`, options);
  if (last.reason === 'content_refused')
    return new DgridError('DGRID_CONTENT_REFUSED', `The node's content policy refused this request.${said}`, options);
  if (failures.every((failure) => failure.reason === 'rejected'))
    return new DgridError('DGRID_REQUEST_REJECTED', `The request was refused as invalid.${said}`, options);
  if (failures.every((failure) => failure.reason === 'busy')) {
    const retryAfterMs = Math.max(1_000, Math.min(...failures.map((failure) => failure.retryAfterMs ?? 1_000)));
    return new DgridError('DGRID_NODES_BUSY', 'Every node that could answer is busy. Try again later.', {
      ...options,
      context: { ...context, retryAfterMs },
    });
  }
  const tried = `${attempts.length} attempt${attempts.length === 1 ? '' : 's'}`;
  if (last.reason.endsWith('_timeout'))
    return new DgridError('DGRID_NODE_TIMEOUT', `No node answered in time (${tried}, last: ${last.reason}).`, options);
  return new DgridError('DGRID_NODE_FAULT', `No node answered (${tried}, last: ${last.reason}).`, options);
}

/** The stream had begun: it can only end in an error, since another node's words would not fit on. */
export function interruptedError(failure: UpstreamFailure, attempts: readonly Attempt[]): DgridError {
  const [what, cost] =
    failure.reason === 'slow_caller'
      ? ['The answer was read too slowly to end in time', 'is charged']
      : ['The node failed while it was answering', 'costs nothing'];
  return new DgridError(
    'DGRID_STREAM_INTERRUPTED',
    `${what} (${failure.reason}). What was sent is incomplete, and ${cost}.`,
    { context: { attempts }, cause: failure },
  );
}
