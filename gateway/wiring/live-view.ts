import type { Breaker, BreakerState } from '../execute/breaker.ts';
import { circuitKey } from '../execute/execute.ts';
import { keccakText } from '../protocol/keccak.ts';
import type { ConditionBook, ConditionEntry } from '../registry/conditions.ts';
import { kinOf } from '../registry/model-kin.ts';
import { bandOf, COMPLEXITY_BANDS } from '../registry/quality-book.ts';
import type { QualityBook } from '../registry/quality-book.ts';
import type { Candidate, LiveConditions } from '../route/candidate.ts';
import type { TaskProfile } from '../route/task-profile.ts';

export type LiveViewDeps = {
  readonly conditions: Pick<ConditionBook, 'entry'>;
  readonly quality: Pick<QualityBook, 'predict' | 'version'>;
  readonly breaker: Pick<Breaker, 'stateOf' | 'isTroubled' | 'version'>;
  /** The order of models of what `live` is told to be foreseen. */
  readonly foresight?: { readonly models: readonly string[] } | undefined;
  readonly nowMs: () => number;
};

/** Everything known of the candidates of one list right now, as routing reads it: a thousand of them in microseconds. */
export type LiveView = {
  /** Takes the time, once for all candidates of a decision. */
  readonly glance: () => void;
  /** Valid until the next call for the same candidate. */
  readonly live: (candidate: Candidate, task: Task, index: number, foreseen?: ArrayLike<number>) => LiveConditions;
  /** Newcomers at these positions could have been asked, and were not. */
  readonly passOver: (positions: readonly number[]) => void;
};

type Task = Pick<TaskProfile, 'family' | 'complexity'>;
type Now = { -readonly [Name in keyof LiveConditions]: LiveConditions[Name] };

/** One candidate at one place of the list. */
type Slot = {
  readonly candidate: Candidate;
  readonly key: string;
  readonly model: string;
  readonly kin: string;
  readonly entry: ConditionEntry;
  /** Position of the model in what is foreseen, −1 for one that is not. */
  readonly column: number;
};

/** What the book predicts for one kind of task, by place in the list, until something new is heard. */
type Forecast = { readonly quality: Int16Array; readonly examined: Float64Array };

const UNKNOWN = -1;
/** How long fading averages are taken as they were read; places take turns, so that no decision reads all of them. */
const GLANCE_MS = 250;

export function createLiveView(deps: LiveViewDeps): LiveView {
  const { breaker, quality } = deps;
  const slots: Slot[] = [];
  /** Handed out again and again: no object is made per candidate and request. */
  const nows: Now[] = [];
  const owners: Candidate[] = [];
  const freshUntil: number[] = [];
  const forecasts = createForecasts(quality, slots);
  let atMs = deps.nowMs();
  let breakerVersion = breaker.version();

  const refresh = (candidate: Candidate, index: number): void => {
    let slot = slots[index];
    if (slot?.candidate !== candidate || slot.entry.isForgotten()) {
      slot = newSlot(deps, candidate);
      slot.entry.watch(() => (freshUntil[index] = UNKNOWN));
      if (owners[index] !== candidate) forecasts.forget(index);
      slots[index] = slot;
      owners[index] = candidate;
    }
    slot.entry.refresh(atMs);
    const state = breaker.isTroubled(slot.key) ? breaker.stateOf(slot.key) : CLOSED;
    nows[index] = Object.assign(nows[index] ?? newNow(), slot.entry.now, blockOf(state, atMs));
    freshUntil[index] = Math.min(lastsUntil(state), atMs + GLANCE_MS + ((index * 37) % GLANCE_MS));
  };

  return {
    glance() {
      atMs = deps.nowMs();
      if (breakerVersion === breaker.version()) return;
      breakerVersion = breaker.version();
      freshUntil.fill(UNKNOWN);
    },
    live(candidate, task, index, foreseen) {
      if (owners[index] !== candidate || !(atMs < (freshUntil[index] ?? UNKNOWN))) refresh(candidate, index);
      const now = nows[index] ?? newNow();
      const forecast = forecasts.at(task, index);
      now.qualityBps = withForesight(forecast, index, foreseen?.[slots[index]?.column ?? UNKNOWN]);
      return now;
    },
    passOver(positions) {
      for (const position of positions) {
        slots[position]?.entry.passOver();
        const now = nows[position];
        if (now !== undefined) now.waited = slots[position]?.entry.now.waited;
      }
    },
  };
}

const blockOf = (state: BreakerState, nowMs: number): Pick<Now, 'breaker' | 'blockedMs'> => ({
  breaker: state.state,
  blockedMs: 'untilMs' in state ? Math.max(0, state.untilMs - nowMs) : 0,
});

/** Until when it stays so unless something happens; a probe may end at any time. */
function lastsUntil(state: BreakerState): number {
  if ('untilMs' in state) return state.untilMs;
  return state === CLOSED ? Infinity : UNKNOWN;
}

const CLOSED: BreakerState = { state: 'closed' };

const newNow = (): Now => ({
  inFlight: 0,
  samples: 0,
  known: 0,
  waited: undefined,
  firstTokenMs: undefined,
  msPerToken: undefined,
  usualInFlight: 0,
  successBps: 0,
  qualityBps: 0,
  breaker: 'closed',
  blockedMs: 0,
});

function newSlot({ conditions, foresight }: LiveViewDeps, candidate: Candidate): Slot {
  const { node, model } = candidate;
  return {
    candidate,
    key: circuitKey(node.account, model.id),
    model: keccakText(model.id),
    kin: kinOf(model.id),
    entry: conditions.entry(node.account, model.id),
    column: foresight?.models.indexOf(model.id) ?? UNKNOWN,
  };
}

/** Predictions in columns by kind of task: a list is gone through from its start, and its numbers lie side by side. */
function createForecasts(book: LiveViewDeps['quality'], slots: readonly Slot[]) {
  const columns: (Forecast | undefined)[] = [];
  let version = book.version();
  /** A decision asks of one task a thousand times: what depends on the task alone is worked out once. */
  let asked: Task | undefined;
  let current: Forecast = newForecast(64);
  const columnOf = ({ family, complexity }: Task, index: number): Forecast => {
    const place = family * COMPLEXITY_BANDS + bandOf(complexity);
    const known = columns[place];
    if (known !== undefined && index < known.quality.length) return known;
    return (columns[place] = newForecast(Math.max(64, 2 * index)));
  };
  return {
    forget(index: number): void {
      for (const column of columns)
        if (column !== undefined && index < column.quality.length) column.quality[index] = UNKNOWN;
    },
    at(task: Task, index: number): Forecast {
      if (version !== book.version()) {
        version = book.version();
        columns.length = 0;
        asked = undefined;
      }
      if (task !== asked || index >= current.quality.length) [asked, current] = [task, columnOf(task, index)];
      if (current.quality[index] !== UNKNOWN) return current;
      const slot = slots[index];
      if (slot === undefined) return current;
      const { family, complexity } = task;
      const { candidate, model, kin } = slot;
      const predicted = book.predict({ node: candidate.node.account, model, kin, family, complexity });
      current.quality[index] = predicted.qualityBps;
      current.examined[index] = predicted.examined;
      return current;
    },
  };
}

const newForecast = (size: number): Forecast => ({
  quality: new Int16Array(size).fill(UNKNOWN),
  examined: new Float64Array(size),
});

/** How many examined receipts a prediction from rows is worth: what was seen of the node itself soon counts for more. */
const FORESEEN_COUNT = 12;

function withForesight({ quality, examined }: Forecast, index: number, foreseen: number | undefined): number {
  const known = quality[index] ?? 0;
  if (foreseen === undefined) return known;
  const count = examined[index] ?? 0;
  return Math.round((FORESEEN_COUNT * 10_000 * foreseen + count * known) / (FORESEEN_COUNT + count));
}
