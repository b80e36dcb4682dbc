import type { Address } from '../protocol/types.ts';

/** Live conditions per (node, model), from this gateway's own calls. Nothing here is published or paid on. */
export type Conditions = {
  readonly inFlight: number;
  readonly samples: number;
  readonly firstTokenMs: number | undefined;
  readonly msPerToken: number | undefined;
  readonly successBps: number;
};

export type CallEnd =
  | { readonly ok: true; readonly firstTokenMs: number }
  /** `node` is the only class that counts against the node. */
  | { readonly ok: false; readonly failureClass: 'caller' | 'node' | 'network' | 'policy' };

/** An answer once it was counted here. */
export type CallPace = {
  readonly firstTokenMs: number;
  readonly totalMs: number;
  /** The gateway's own count: a node's claim would let it look as fast as it likes. */
  readonly completionTokens: number;
};

export type ConditionBook = {
  readonly of: (account: Address, modelId: string) => Conditions;
  /** A call begins; call what it returns exactly once when it ends. */
  readonly begin: (account: Address, modelId: string) => (end: CallEnd) => void;
  /** Its answer was counted, which takes a moment longer than the call. */
  readonly measured: (account: Address, modelId: string, pace: CallPace) => void;
};

type Entry = {
  inFlight: number;
  samples: number;
  firstToken: PeakAverage;
  perToken: PeakAverage;
  /** Last calls, newest last: the success window. */
  recent: boolean[];
};

type PeakAverage = { value: number | undefined; atMs: number };

const WINDOW = 50;
/** An average forgets a peak with this time constant, so that an idle node is not judged for ever by its worst call. */
const DECAY_MS = 10_000;
const MAX_ENTRIES = 20_000;

const NEWCOMER: Conditions = {
  inFlight: 0,
  samples: 0,
  firstTokenMs: undefined,
  msPerToken: undefined,
  successBps: 10_000,
};

export function createConditionBook(nowMs: () => number): ConditionBook {
  const entries = new Map<string, Entry>();

  const entryOf = (key: string): Entry => {
    const known = entries.get(key);
    if (known !== undefined) return known;
    if (entries.size >= MAX_ENTRIES) entries.delete(entries.keys().next().value ?? key);
    const fresh: Entry = {
      inFlight: 0,
      samples: 0,
      firstToken: { value: undefined, atMs: 0 },
      perToken: { value: undefined, atMs: 0 },
      recent: [],
    };
    entries.set(key, fresh);
    return fresh;
  };

  return {
    of(account, modelId) {
      const entry = entries.get(`${account}/${modelId}`);
      if (entry === undefined) return NEWCOMER;
      return {
        inFlight: entry.inFlight,
        samples: entry.samples,
        firstTokenMs: entry.firstToken.value,
        msPerToken: entry.perToken.value,
        successBps: successBps(entry.recent),
      };
    },
    begin(account, modelId) {
      const entry = entryOf(`${account}/${modelId}`);
      entry.inFlight += 1;
      return (end) => {
        entry.inFlight -= 1;
        if (end.ok) observe(entry.firstToken, end.firstTokenMs, nowMs());
        else if (end.failureClass !== 'node') return;
        entry.samples += 1;
        entry.recent.push(end.ok);
        if (entry.recent.length > WINDOW) entry.recent.shift();
      };
    },
    measured(account, modelId, { firstTokenMs, totalMs, completionTokens }) {
      const { perToken } = entryOf(`${account}/${modelId}`);
      observe(perToken, Math.max(0, totalMs - firstTokenMs) / Math.max(1, completionTokens), nowMs());
    },
  };
}

/** Peak-EWMA: a worse sample counts at once, a better one by and by (Finagle's load metric). */
function observe(average: PeakAverage, sample: number, nowMs: number): void {
  const keep = Math.exp(-Math.max(1, nowMs - average.atMs) / DECAY_MS);
  const { value } = average;
  average.value = value === undefined || sample > value ? sample : value * keep + sample * (1 - keep);
  average.atMs = nowMs;
}

/** Share of successes with two imagined ones more, so that one early failure does not look like a certainty. */
function successBps(recent: readonly boolean[]): number {
  const good = recent.filter(Boolean).length;
  return Math.floor((10_000 * (good + 2)) / (recent.length + 2));
}
