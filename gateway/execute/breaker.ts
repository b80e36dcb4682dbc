import { BPS } from '../protocol/constants.ts';

/** Keeps a failing (node, model) out of routing, and lets it back in by one probe at a time. */
export type BreakerOptions = {
  /** Failures in a row that open it. */
  readonly consecutive: number;
  /** Or this share of the last `window` calls, once half a window was seen. */
  readonly window: number;
  readonly ratioBps: number;
  /** First pause; it doubles with every probe that fails. */
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** Time in which one that was open gets its calls back, from a tenth of them to all. */
  readonly slowStartMs: number;
};

export const BREAKER_DEFAULTS: BreakerOptions = {
  consecutive: 4,
  window: 20,
  ratioBps: 5_000,
  openMs: 2_000,
  maxOpenMs: 20_000, // one that recovers is found within half a minute, and one that stays down is asked thrice a minute
  slowStartMs: 20_000,
};

export type BreakerState =
  | { readonly state: 'closed' }
  | { readonly state: 'open'; readonly untilMs: number }
  /** A pause the node asked for (`Retry-After`). */
  | { readonly state: 'paused'; readonly untilMs: number }
  | { readonly state: 'probing' };

export type Breaker = {
  /** False for whoever is certainly closed: a glance for those who ask about thousands. */
  readonly isTroubled: (key: string) => boolean;
  /** Changes whenever the answer to that does, for any key. */
  readonly version: () => number;
  readonly stateOf: (key: string) => BreakerState;
  /** False when it is open, or half-open with its probe under way. True counts as that probe. */
  readonly enter: (key: string) => boolean;
  /** It has just come back, and this call is more than its share: another one should take it, if there is another. */
  readonly yields: (key: string) => boolean;
  readonly succeed: (key: string) => void;
  readonly fail: (key: string) => void;
  /** The call ended without saying anything about the node (the caller left). */
  readonly leave: (key: string) => void;
  readonly pause: (key: string, ms: number) => void;
};

type Circuit = {
  failuresInRow: number;
  recent: boolean[];
  openedTimes: number;
  openUntilMs: number | undefined;
  pausedUntilMs: number;
  probing: boolean;
  recoveredMs: number | undefined;
  /** What of its share it has not had yet: 10,000 is a call. */
  dueBps: number;
};

const MAX_CIRCUITS = 20_000;

// eslint-disable-next-line max-lines-per-function -- one table of transitions over one map
export function createBreaker(options: BreakerOptions, nowMs: () => number): Breaker {
  const circuits = new Map<string, Circuit>();
  /** Keys that were opened or paused and have not answered well since. */
  const troubled = new Set<string>();
  let version = 0;
  const worry = (key: string): void => {
    if (!troubled.has(key)) version += 1;
    troubled.add(key);
  };
  const calm = (key: string): void => {
    if (troubled.delete(key)) version += 1;
  };
  const circuitOf = (key: string): Circuit => {
    const known = circuits.get(key);
    if (known !== undefined) return known;
    if (circuits.size >= MAX_CIRCUITS) {
      const [oldest = key] = circuits.keys();
      circuits.delete(oldest);
      calm(oldest);
    }
    const fresh = newCircuit();
    circuits.set(key, fresh);
    return fresh;
  };

  return {
    version: () => version,
    isTroubled: (key) => troubled.size > 0 && troubled.has(key),
    stateOf: (key) => stateOf(circuits.get(key), nowMs()),
    enter(key) {
      if (stateOf(circuits.get(key), nowMs()).state !== 'closed') return false;
      const circuit = circuitOf(key);
      circuit.probing = circuit.openUntilMs !== undefined;
      return true;
    },
    yields: (key) => yields(circuits.get(key), options, nowMs()),
    succeed(key) {
      const circuit = circuitOf(key);
      note(circuit, true, options.window);
      if (circuit.pausedUntilMs <= nowMs()) calm(key);
      if (circuit.openUntilMs === undefined) return;
      // The probe answered: past failures are forgotten, or the old window would open it again at once.
      Object.assign(circuit, { openUntilMs: undefined, probing: false, recent: [true], openedTimes: 0 });
      Object.assign(circuit, { recoveredMs: nowMs(), dueBps: 0 });
    },
    fail(key) {
      const circuit = circuitOf(key);
      note(circuit, false, options.window);
      // Calls that were under way when it opened fail too: they must not double the pause.
      const isOpen = circuit.openUntilMs !== undefined && !circuit.probing;
      if (circuit.probing || (!isOpen && shouldOpen(circuit, options))) open(circuit, options, nowMs());
      if (circuit.openUntilMs !== undefined) worry(key);
    },
    leave(key) {
      const circuit = circuits.get(key);
      if (circuit !== undefined) circuit.probing = false;
    },
    pause(key, ms) {
      const circuit = circuitOf(key);
      circuit.pausedUntilMs = Math.max(circuit.pausedUntilMs, nowMs() + ms);
      worry(key);
    },
  };
}

const newCircuit = (): Circuit => ({
  failuresInRow: 0,
  recent: [],
  openedTimes: 0,
  openUntilMs: undefined,
  pausedUntilMs: 0,
  probing: false,
  recoveredMs: undefined,
  dueBps: 0,
});

function stateOf(circuit: Circuit | undefined, nowMs: number): BreakerState {
  if (circuit === undefined) return { state: 'closed' };
  if (circuit.pausedUntilMs > nowMs) return { state: 'paused', untilMs: circuit.pausedUntilMs };
  if (circuit.openUntilMs === undefined) return { state: 'closed' };
  if (circuit.probing) return { state: 'probing' };
  return circuit.openUntilMs > nowMs ? { state: 'open', untilMs: circuit.openUntilMs } : { state: 'closed' };
}

const FIRST_SHARE_BPS = 1_000;

/** A node that has just recovered would fall over again under all the calls it had before. */
function yields(circuit: Circuit | undefined, { slowStartMs }: BreakerOptions, nowMs: number): boolean {
  if (circuit?.recoveredMs === undefined || circuit.openUntilMs !== undefined) return false;
  const regained = ((BPS - FIRST_SHARE_BPS) * (nowMs - circuit.recoveredMs)) / slowStartMs;
  const shareBps = FIRST_SHARE_BPS + Math.floor(regained);
  if (!(shareBps < BPS)) {
    circuit.recoveredMs = undefined;
    return false;
  }
  circuit.dueBps += shareBps;
  if (circuit.dueBps < BPS) return true;
  circuit.dueBps -= BPS;
  return false;
}

function note(circuit: Circuit, ok: boolean, window: number): void {
  circuit.recent.push(ok);
  if (circuit.recent.length > window) circuit.recent.shift();
  circuit.failuresInRow = ok ? 0 : circuit.failuresInRow + 1;
}

function open(circuit: Circuit, options: BreakerOptions, nowMs: number): void {
  const pauseMs = Math.min(options.openMs * 2 ** circuit.openedTimes, options.maxOpenMs);
  circuit.openedTimes = Math.min(circuit.openedTimes + 1, 16);
  circuit.openUntilMs = nowMs + pauseMs;
  circuit.probing = false;
}

function shouldOpen(circuit: Circuit, options: BreakerOptions): boolean {
  if (circuit.failuresInRow >= options.consecutive) return true;
  const failed = circuit.recent.filter((ok) => !ok).length;
  return circuit.recent.length * 2 >= options.window && failed * 10_000 >= options.ratioBps * circuit.recent.length;
}
