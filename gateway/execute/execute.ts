import { DgridError } from '../errors.ts';
import type { Endpoint, JsonObject } from '../protocol/content.ts';
import type { Address, Hex } from '../protocol/types.ts';
import type { Breaker } from './breaker.ts';
import { callPlain, callStream } from './chat-call.ts';
import type { ChatCallDeps, ChatResult, ContentSink } from './chat-call.ts';
import { DIALECTS } from './dialect.ts';
import { UpstreamFailure } from './failure.ts';
import type { FailureClass, FailureReason } from './failure.ts';
import type { CallLimits } from './node-client.ts';
import { finalError, interruptedError } from './outcome.ts';

/** W3C trace context, as far as it is passed on. */
export type Trace = { readonly id: string; readonly flags: string };

export type Target = { readonly account: Address; readonly endpoint: string; readonly modelId: string };

export type Attempt = {
  readonly node: Address;
  readonly model: string;
  readonly outcome: 'served' | FailureReason;
  readonly ms: number;
};

export type ExecuteRequest = {
  readonly endpoint: Endpoint;
  /** Best first. Each is asked at most once, but for one more try at the only one that is left. */
  readonly targets: readonly Target[];
  readonly bodyOf: (target: Target) => JsonObject;
  readonly receiptId: Hex;
  readonly salt: Hex;
  readonly stream: boolean;
  readonly signal: AbortSignal;
  /** The caller's trace, which the node is told of. */
  readonly trace?: Trace;
  /** When all of it must be over, on the clock of `nowMs`; by default after the whole time that a request has. */
  readonly deadlineMs?: number;
  /** The commit point: from here on the answer is this node's or an error. */
  readonly onCommit: (target: Target, attempts: number) => void;
  readonly write: (bytes: Buffer) => boolean;
  readonly drained: () => Promise<void>;
};

export type Executed = {
  readonly target: Target;
  /** The body as it was written down for that target. */
  readonly sent: string;
  readonly result: ChatResult;
  readonly attempts: readonly Attempt[];
  /** What is left of its time ends here, whatever else is done for the same request. */
  readonly deadlineMs: number;
};

/** What an attempt taught about its node. */
export type Observation =
  { readonly ok: true; readonly result: ChatResult } | { readonly ok: false; readonly failureClass: FailureClass };

export type ExecuteDeps = ChatCallDeps & {
  readonly breaker: Breaker;
  readonly gateway: Address;
  /** What a node is shown so that it knows who asks. */
  readonly session?: (node: Address) => string;
  readonly maxAttempts: number;
  readonly limits: CallLimits & { readonly plainMs: number };
  /** Called when an attempt starts; what it returns is called once when it ends. */
  readonly observe: (target: Target) => (observation: Observation) => void;
};

export const circuitKey = (account: Address, modelId: string): string => `${account}/${modelId}`;

export type Execute = (request: ExecuteRequest) => Promise<Executed>;

type Run = {
  readonly request: ExecuteRequest;
  readonly deadlineMs: number;
  readonly attempts: Attempt[];
  readonly failures: UpstreamFailure[];
  /** Nodes that called the request wrong; to blame if another one then answers it. */
  readonly rejecters: Target[];
  /** The last body that was written down. */
  sent: string;
  committed: boolean;
};

/** Asks the targets in turn until one answers. @throws DgridError */
export function createExecute(deps: ExecuteDeps): Execute {
  return async (request) => {
    const run: Run = {
      request,
      deadlineMs: request.deadlineMs ?? deps.nowMs() + deps.limits.totalMs,
      attempts: [],
      failures: [],
      rejecters: [],
      sent: '',
      committed: false,
    };
    const waiting = [...request.targets];
    let last: Target | undefined;
    while (run.attempts.length < deps.maxAttempts && deps.nowMs() < run.deadlineMs) {
      const target = nextTarget(waiting, deps.breaker) ?? againAt(last, run, deps.breaker);
      if (target === undefined) break;
      last = target;
      const result = await attempt(deps, run, target);
      if (result !== undefined)
        return { target, sent: run.sent, result, attempts: run.attempts, deadlineMs: run.deadlineMs };
      if (isFinal(run)) break;
    }
    throw finalError(run.failures, run.attempts);
  };
}

function nextTarget(waiting: Target[], breaker: Breaker): Target | undefined {
  while (waiting.length > 0) {
    const target = waiting.shift();
    if (target === undefined) break;
    const key = circuitKey(target.account, target.modelId);
    const isSpared = breaker.yields(key) && waiting.some((other) => isClosed(breaker, other));
    if (isSpared) waiting.push(target);
    else if (breaker.enter(key)) return target;
  }
  return undefined;
}

const isClosed = (breaker: Breaker, { account, modelId }: Target): boolean =>
  breaker.stateOf(circuitKey(account, modelId)).state === 'closed';

/** One more try at the last node when nobody else is left and the fault was of a passing kind. */
function againAt(last: Target | undefined, run: Run, breaker: Breaker): Target | undefined {
  if (last === undefined || run.failures.at(-1)?.transient !== true) return undefined;
  const tries = run.attempts.filter(({ node, model }) => node === last.account && model === last.modelId).length;
  return tries < 2 && breaker.enter(circuitKey(last.account, last.modelId)) ? last : undefined;
}

/** Two accounts that call a request wrong are right about it; a policy's no and a full context are not asked twice. */
function isFinal(run: Run): boolean {
  const failure = run.failures.at(-1);
  if (failure === undefined || failure.failureClass === 'node' || failure.failureClass === 'network') return false;
  return failure.reason !== 'rejected' || new Set(run.rejecters.map((target) => target.account)).size >= 2;
}

async function attempt(deps: ExecuteDeps, run: Run, target: Target): Promise<ChatResult | undefined> {
  const startedMs = deps.nowMs();
  const settle = deps.observe(target);
  const record = (outcome: Attempt['outcome']): void => {
    run.attempts.push({ node: target.account, model: target.modelId, outcome, ms: deps.nowMs() - startedMs });
  };
  try {
    const result = await call(deps, run, target);
    record('served');
    deps.breaker.succeed(circuitKey(target.account, target.modelId));
    settle({ ok: true, result });
    run.rejecters.forEach((rejecter) => blame(deps, rejecter));
    return result;
  } catch (error) {
    const failure = error instanceof UpstreamFailure ? error : undefined;
    settle({ ok: false, failureClass: failure?.failureClass ?? 'caller' });
    if (failure === undefined) {
      deps.breaker.leave(circuitKey(target.account, target.modelId));
      throw error; // ours: no node is to blame for it
    }
    record(failure.reason);
    run.failures.push(failure);
    book(deps, run, target, failure);
    if (failure.reason === 'aborted') throw new DgridError('DGRID_CLIENT_CLOSED', 'The client closed the request.');
    if (run.committed) throw interruptedError(failure, run.attempts);
    return undefined;
  }
}

function blame(deps: ExecuteDeps, target: Target): void {
  deps.breaker.fail(circuitKey(target.account, target.modelId));
  deps.observe(target)({ ok: false, failureClass: 'node' });
}

function book(deps: ExecuteDeps, run: Run, target: Target, failure: UpstreamFailure): void {
  const key = circuitKey(target.account, target.modelId);
  if (failure.reason === 'rejected') run.rejecters.push(target);
  if (failure.reason === 'busy') {
    deps.breaker.leave(key); // busy is not broken: it asked for a pause and gets one
    deps.breaker.pause(key, failure.retryAfterMs ?? 1_000);
  } else if (failure.failureClass === 'node' || failure.failureClass === 'network') deps.breaker.fail(key);
  else deps.breaker.leave(key);
}

/** The call of a node is a span of its own, named after the receipt. */
const traceparent = ({ id, flags }: Trace, receiptId: Hex): string => `00-${id}-${receiptId.slice(2, 18)}-${flags}`;

function call(deps: ExecuteDeps, run: Run, target: Target): Promise<ChatResult> {
  const { request } = run;
  const leftMs = Math.max(1, run.deadlineMs - deps.nowMs());
  const { plainMs, ...limits } = deps.limits;
  const body = request.bodyOf(target);
  run.sent = JSON.stringify(body);
  const dialect = DIALECTS[request.endpoint];
  const upstream = {
    endpoint: target.endpoint,
    path: `/v1${dialect.path}`,
    method: 'POST' as const,
    headers: {
      'content-type': 'application/json',
      accept: request.stream ? 'text/event-stream' : 'application/json',
      'x-dgrid-request': request.receiptId,
      'x-dgrid-salt': request.salt,
      'x-dgrid-gateway': deps.gateway,
      ...(deps.session === undefined ? {} : { 'x-dgrid-session': deps.session(target.account) }),
      ...(request.trace === undefined ? {} : { traceparent: traceparent(request.trace, request.receiptId) }),
    },
    body: run.sent,
    limits: { ...limits, totalMs: leftMs, ...(request.stream ? {} : { headersMs: Math.min(plainMs, leftMs) }) },
    signal: request.signal,
    dialect,
    maxChoices: dialect.partsAsked(body),
  };
  if (!request.stream) return callPlain(deps, upstream);
  const sink: ContentSink = {
    commit() {
      run.committed = true;
      request.onCommit(target, run.attempts.length + 1);
    },
    write: request.write,
    drained: request.drained,
  };
  return callStream(deps, upstream, sink);
}
