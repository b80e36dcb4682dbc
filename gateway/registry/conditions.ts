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
  /** What is kept of a (node, model), for whoever reads it often: the same one until it says that it is forgotten. */
  readonly entry: (account: Address, modelId: string) => ConditionEntry;
  /** A call begins; call what it returns exactly once when it ends. */
  readonly begin: (account: Address, modelId: string) => (end: CallEnd) => void;
  /** Its answer was counted, which takes a moment longer than the call. */
  readonly measured: (account: Address, modelId: string, pace: CallPace) => void;
};

export type ConditionEntry = {
  /** Kept up to date in place by `refresh`. */
  readonly now: Readonly<Live>;
  readonly refresh: (nowMs: number) => void;
  /** A request that it was eligible for went to another. Counted until it is first asked. */
  readonly passOver: () => void;
  readonly isForgotten: () => boolean;
  /** Called after everything that happens to it but being passed over; one listener, the last. */
  readonly watch: (changed: () => void) => void;
};

type Live = {
  inFlight: number;
  samples: number;
  known: number;
  waited: number | undefined;
  firstTokenMs: number | undefined;
  msPerToken: number | undefined;
  usualInFlight: number;
  successBps: number;
};

type Entry = ConditionEntry & {
  readonly begin: () => (end: CallEnd) => void;
  readonly measured: (pace: CallPace) => void;
  readonly forget: () => void;
};

const WINDOW = 50;
/** An average forgets a peak with this time constant, so that an idle node is not judged for ever by its worst call. */
const DECAY_MS = 10_000;
/** And what is known of a node at all with this one: after minutes of silence it is worth asking again. */
const KNOWN_MS = 60_000;
/** How long a reading of fading averages will do. */
const GLANCE_MS = 250;
const MAX_ENTRIES = 20_000;

const NEWCOMER: Live = {
  inFlight: 0,
  samples: 0,
  known: 0,
  waited: 0,
  firstTokenMs: undefined,
  msPerToken: undefined,
  usualInFlight: 0,
  successBps: 10_000,
};

export function createConditionBook(nowMs: () => number): ConditionBook {
  const entries = new Map<string, Entry>();

  const entryOf = (account: Address, modelId: string): Entry => {
    const key = `${account}/${modelId}`;
    const known = entries.get(key);
    if (known !== undefined) return known;
    if (entries.size >= MAX_ENTRIES) {
      const [oldest = key] = entries.keys();
      entries.get(oldest)?.forget();
      entries.delete(oldest);
    }
    const fresh = createEntry(nowMs);
    entries.set(key, fresh);
    return fresh;
  };

  return {
    of(account, modelId) {
      const { refresh, now } = entries.get(`${account}/${modelId}`) ?? createEntry(nowMs);
      refresh(nowMs());
      const { inFlight, samples, firstTokenMs, msPerToken, successBps } = now;
      return { inFlight, samples, firstTokenMs, msPerToken, successBps };
    },
    entry: entryOf,
    begin: (account, modelId) => entryOf(account, modelId).begin(),
    measured: (account, modelId, pace) => entryOf(account, modelId).measured(pace),
  };
}

type Kept = {
  readonly now: Live;
  readonly nowMs: () => number;
  readonly firstToken: PeakAverage;
  readonly perToken: PeakAverage;
  /** Last calls, newest last: the success window. */
  readonly recent: boolean[];
  calls: number;
  lastMs: number;
  /** When `now` was last brought up to date; negative when something was added since. */
  readMs: number;
  changed: () => void;
};

function createEntry(nowMs: () => number): Entry {
  const now: Live = { ...NEWCOMER };
  const averages = { firstToken: createPeakAverage(), perToken: createPeakAverage() };
  const kept: Kept = { now, nowMs, ...averages, recent: [], calls: 0, lastMs: 0, readMs: -1, changed: () => undefined };
  let forgotten = false;
  return {
    now,
    refresh: (atMs) => refresh(kept, atMs),
    passOver() {
      if (now.waited !== undefined) now.waited += 1;
    },
    isForgotten: () => forgotten,
    watch(changed) {
      kept.changed = changed;
    },
    forget() {
      forgotten = true;
      kept.changed();
    },
    begin: () => begin(kept),
    measured({ firstTokenMs, totalMs, completionTokens }) {
      kept.perToken.add(Math.max(0, totalMs - firstTokenMs) / Math.max(1, completionTokens), nowMs());
      now.msPerToken = kept.perToken.at(nowMs());
      kept.readMs = -1;
      kept.changed();
    },
  };
}

function begin(kept: Kept): (end: CallEnd) => void {
  const { now } = kept;
  const beside = now.inFlight;
  now.inFlight += 1;
  now.waited = undefined;
  kept.changed();
  return (end) => {
    now.inFlight -= 1;
    kept.changed();
    if (end.ok) {
      kept.firstToken.add(end.firstTokenMs, kept.nowMs());
      now.usualInFlight += (beside - now.usualInFlight) * USUAL;
    } else if (end.failureClass !== 'node') {
      // Nothing was learnt of it, so it is as new as it was.
      if (now.samples === 0 && now.inFlight === 0) now.waited = 0;
      return;
    }
    note(kept, end.ok);
  };
}

function note(kept: Kept, ok: boolean): void {
  const atMs = kept.nowMs();
  kept.now.samples += 1;
  kept.calls = faded(kept.calls, kept.lastMs, atMs) + 1;
  kept.lastMs = atMs;
  kept.readMs = -1;
  kept.recent.push(ok);
  if (kept.recent.length > WINDOW) kept.recent.shift();
}

/** Averages fade over seconds, so a glance every now and then will do, unless something was added. */
function refresh(kept: Kept, atMs: number): void {
  const { now, readMs } = kept;
  if ((readMs >= 0 && atMs - readMs < GLANCE_MS) || now.samples === 0) return;
  kept.readMs = atMs;
  now.known = faded(kept.calls, kept.lastMs, atMs);
  now.successBps = successBps(kept.recent, faded(1, kept.lastMs, atMs));
  now.firstTokenMs = kept.firstToken.at(atMs);
  now.msPerToken = kept.perToken.at(atMs);
}

type PeakAverage = {
  readonly add: (sample: number, nowMs: number) => void;
  readonly at: (nowMs: number) => number | undefined;
};

/** Share of a new sample in what is usual. */
const USUAL = 0.1;
/** What exceeds the average by this factor is a peak; less is the noise of every day. */
const PEAK = 1.5;

/**
 * Peak-EWMA: a much worse sample counts at once, others by and by (after Finagle's load metric). Between samples it falls
 * back to what is usual, so that one bad call does not keep all others away for ever.
 */
function createPeakAverage(): PeakAverage {
  let value: number | undefined;
  let [usual, atMs] = [0, 0];
  const decayed = (nowMs: number): number =>
    usual + ((value ?? usual) - usual) * Math.exp(-Math.max(0, nowMs - atMs) / DECAY_MS);
  return {
    add(sample: number, nowMs: number): void {
      if (value === undefined) [value, usual] = [sample, sample];
      else {
        const keep = Math.min(1 - USUAL, Math.exp(-Math.max(1, nowMs - atMs) / DECAY_MS));
        const before = decayed(nowMs);
        value = sample > PEAK * before ? sample : before * keep + sample * (1 - keep);
        usual += (sample - usual) * USUAL;
      }
      atMs = nowMs;
    },
    at: (nowMs: number): number | undefined => (value === undefined ? undefined : decayed(nowMs)),
  };
}

const faded = (value: number, sinceMs: number, nowMs: number): number =>
  value * Math.exp(-Math.max(0, nowMs - sinceMs) / KNOWN_MS);

/**
 * Share of successes with two imagined ones more, so that one early failure does not look like a certainty, and that one
 * which has been left alone is given another chance.
 */
function successBps(recent: readonly boolean[], weight: number): number {
  const good = recent.filter(Boolean).length;
  return Math.floor((10_000 * (good * weight + 2)) / (recent.length * weight + 2));
}
