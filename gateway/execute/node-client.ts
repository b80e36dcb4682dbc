import { Pool } from 'undici';
import type { Dispatcher, buildConnector } from 'undici';

import { UpstreamFailure, failureOfSocket } from './failure.ts';
import type { FailureReason } from './failure.ts';
import { createPauses } from './pauses.ts';
import type { Pauses } from './pauses.ts';

/** Time limits of one upstream call, in ms; each has a failure of its own. */
export type CallLimits = {
  readonly connectMs: number;
  /** Until the status line. A plain answer's comes when the answer is complete: give it the time of an answer. */
  readonly headersMs: number;
  /** From the status line to the first content event. */
  readonly firstTokenMs: number;
  /** Between content events. */
  readonly chunkMs: number;
  /** Of the node's own time. Pauses for a slow caller do not count, but may not add up to more than this again. */
  readonly totalMs: number;
};

export type UpstreamCall = {
  /** Base URL without a trailing slash. */
  readonly endpoint: string;
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly limits: CallLimits;
  readonly signal: AbortSignal;
};

export type ResponseHead = { readonly status: number; readonly headers: Readonly<Record<string, string>> };

export type CallControl = {
  /** A content event was read: the wait for the next one begins. */
  readonly progress: () => void;
  /** Stops reading, and the node's clocks, while the caller is slower than the node. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** The answer is whole. The connection gets a moment to end by itself, so that it can be used again. */
  readonly complete: () => void;
};

/** What becomes of the answer. Whatever these throw ends the call and is what `send` rejects with. */
export type CallReader = {
  readonly onHead: (head: ResponseHead, control: CallControl) => void;
  readonly onData: (chunk: Buffer, control: CallControl) => void;
};

export type NodeClient = {
  /** Resolves when the whole answer was read. @throws UpstreamFailure; the upstream socket is closed by then. */
  readonly send: (call: UpstreamCall, reader: CallReader) => Promise<void>;
  readonly close: () => Promise<void>;
};

type Place = { readonly origin: string; readonly path: string };

const MAX_POOLS = 4_096;
const LINGER_MS = 100;

export type NodeClientOptions = {
  readonly connectMs: number;
  readonly keepAliveMs: number;
  /** How connections are made; by default to whatever address a host has. */
  readonly connect?: buildConnector.connector;
};

/** One undici pool per origin; never `fetch`, which costs several times as much per call. */
export function createNodeClient(options: NodeClientOptions): NodeClient {
  const pools = new Map<string, Pool>();
  const places = new Map<string, Place>();

  const poolOf = (origin: string): Pool => {
    const known = pools.get(origin);
    if (known !== undefined) return known;
    if (pools.size >= MAX_POOLS) dropOldest(pools);
    const pool = new Pool(origin, {
      connections: null, // a connection per call in flight: calls are bounded by admission, so none waits for another
      pipelining: 1,
      keepAliveTimeout: options.keepAliveMs,
      headersTimeout: 0, // the watchdog below is exact where undici's shared timers are coarse
      bodyTimeout: 0,
      maxHeaderSize: 32_768,
      connect: options.connect ?? { timeout: options.connectMs, noDelay: true },
    });
    pools.set(origin, pool);
    return pool;
  };

  const placeOf = (url: string): Place => {
    const known = places.get(url);
    if (known !== undefined) return known;
    const { origin, pathname, search } = new URL(url);
    if (places.size >= MAX_POOLS) places.clear();
    const place = { origin, path: `${pathname}${search}` };
    places.set(url, place);
    return place;
  };

  return {
    send: (call, reader) =>
      new Promise<void>((resolve, reject) => {
        const exchange = createExchange(call, reader, (failure) =>
          failure === undefined ? resolve() : reject(failure),
        );
        if (call.signal.aborted) return exchange.fail(new UpstreamFailure('aborted'));
        const { method, headers, body } = call;
        try {
          const { origin, path } = placeOf(`${call.endpoint}${call.path}`);
          poolOf(origin).dispatch({ path, method, headers, body: body ?? null }, exchange.handler);
        } catch (cause) {
          exchange.fail(new UpstreamFailure('connect', { cause })); // an endpoint that is no URL undici can use
        }
      }),
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
      pools.clear();
    },
  };
}

function dropOldest(pools: Map<string, Pool>): void {
  for (const [origin, pool] of pools) {
    pools.delete(origin);
    void pool.close();
    return;
  }
}

type Exchange = { readonly handler: Dispatcher.DispatchHandler; readonly fail: (failure: UpstreamFailure) => void };

/** How one call stands; shared by what undici calls, what the reader calls, and the clocks. */
type CallState = {
  controller: Dispatcher.DispatchController | undefined;
  settled: boolean;
  paused: boolean;
  complete: boolean;
  readonly pauses: Pauses;
};

/** One request and its answer under a watchdog; `settle` is called exactly once. */
function createExchange(call: UpstreamCall, reader: CallReader, settle: (failure?: UpstreamFailure) => void): Exchange {
  const pauses = createPauses(() => performance.now());
  const state: CallState = { controller: undefined, settled: false, paused: false, complete: false, pauses };
  const watchdog = createWatchdog((reason) => fail(new UpstreamFailure(reason)));
  const stopTotal = limitTotal(call.limits.totalMs, state, (reason) => fail(new UpstreamFailure(reason)));
  const onAbort = (): void => fail(new UpstreamFailure('aborted'));
  call.signal.addEventListener('abort', onAbort, { once: true });
  watchdog.arm('connect_timeout', call.limits.connectMs);

  const finish = (failure?: UpstreamFailure): void => {
    if (state.settled) return;
    state.settled = true;
    watchdog.stop();
    stopTotal();
    call.signal.removeEventListener('abort', onAbort);
    settle(state.complete ? undefined : failure);
  };
  const fail = (failure: UpstreamFailure): void => {
    finish(failure);
    state.controller?.abort(failure);
  };
  const guarded = (step: () => void): void => {
    if (state.settled) return;
    try {
      step();
    } catch (error) {
      fail(error instanceof UpstreamFailure ? error : new UpstreamFailure('malformed', { cause: error }));
    }
  };
  return { fail, handler: createHandler({ call, reader, state, watchdog, finish, guarded }) };
}

type HandlerParts = {
  readonly call: UpstreamCall;
  readonly reader: CallReader;
  readonly state: CallState;
  readonly watchdog: Watchdog;
  readonly finish: (failure?: UpstreamFailure) => void;
  readonly guarded: (step: () => void) => void;
};

function createHandler({ call, reader, state, watchdog, finish, guarded }: HandlerParts): Dispatcher.DispatchHandler {
  const control = createControl(call.limits, state, watchdog);
  return {
    onRequestStart(started) {
      state.controller = started;
      // Given up while the connection was being made: the request must not reach the node any more.
      if (state.settled) started.abort(new UpstreamFailure('aborted'));
      else watchdog.arm('headers_timeout', call.limits.headersMs);
    },
    onResponseStart(_controller, status, headers) {
      if (status < 200) return;
      guarded(() => {
        watchdog.arm('first_token_timeout', call.limits.firstTokenMs);
        reader.onHead({ status, headers: flatHeaders(headers) }, control);
      });
    },
    onResponseData: (_controller, chunk) => guarded(() => reader.onData(chunk, control)),
    onResponseEnd: () => finish(),
    onResponseError: (_controller, error) => finish(failureOfSocket(error)),
  };
}

function createControl(limits: CallLimits, state: CallState, watchdog: Watchdog): CallControl {
  return {
    progress() {
      if (!state.paused && !state.complete) watchdog.arm('chunk_timeout', limits.chunkMs);
    },
    pause() {
      state.paused = true;
      state.pauses.begin();
      watchdog.stop();
      state.controller?.pause();
    },
    resume() {
      state.paused = false;
      state.pauses.end();
      if (state.settled) return;
      if (state.complete) watchdog.arm('total_timeout', LINGER_MS);
      else watchdog.arm('chunk_timeout', limits.chunkMs);
      state.controller?.resume();
    },
    complete() {
      state.complete = true;
      watchdog.arm('total_timeout', LINGER_MS);
    },
  };
}

/** @returns how to stop it. A node that was made to wait gets that time back before it is to blame. */
function limitTotal(
  totalMs: number,
  state: CallState,
  onExpiry: (reason: 'total_timeout' | 'slow_caller') => void,
): () => void {
  let grantedMs = 0;
  const check = (): void => {
    const pausedMs = state.pauses.totalMs();
    if (state.paused || pausedMs >= totalMs) return onExpiry('slow_caller');
    const owedMs = pausedMs - grantedMs;
    if (owedMs < 1) return onExpiry('total_timeout');
    grantedMs = pausedMs;
    timer = setTimeout(check, owedMs);
  };
  let timer = setTimeout(check, totalMs);
  return () => clearTimeout(timer);
}

type Watchdog = { readonly arm: (reason: FailureReason, ms: number) => void; readonly stop: () => void };

/** One timer for the phase a call is in; arming the same phase again only pushes it back. */
function createWatchdog(onExpiry: (reason: FailureReason) => void): Watchdog {
  let timer: NodeJS.Timeout | undefined;
  let armed: FailureReason | undefined;
  return {
    arm(reason, ms) {
      if (timer !== undefined && armed === reason) return void timer.refresh();
      clearTimeout(timer);
      armed = reason;
      timer = setTimeout(() => onExpiry(reason), ms);
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

function flatHeaders(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
