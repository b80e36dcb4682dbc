import type { Breaker } from '../execute/breaker.ts';
import { circuitKey } from '../execute/execute.ts';
import { FAMILIES } from '../protocol/constants.ts';
import { keccakText } from '../protocol/keccak.ts';
import type { ConditionBook, ConditionEntry } from '../registry/conditions.ts';
import { bandOf, COMPLEXITY_BANDS } from '../registry/quality-book.ts';
import type { QualityBook } from '../registry/quality-book.ts';
import type { Candidate, LiveConditions } from '../route/candidate.ts';
import type { TaskProfile } from '../route/task-profile.ts';

export type LiveViewDeps = {
  readonly conditions: Pick<ConditionBook, 'entry'>;
  readonly quality: Pick<QualityBook, 'predict' | 'version'>;
  readonly breaker: Pick<Breaker, 'stateOf' | 'isTroubled'>;
  /** The order of models of what `live` is told to be foreseen. */
  readonly foresight?: { readonly models: readonly string[] } | undefined;
  readonly nowMs: () => number;
};

/** Everything known of the candidates of one list right now, as routing reads it: a thousand of them in microseconds. */
export type LiveView = {
  /** Takes the time, once for all candidates of a decision. */
  readonly glance: () => void;
  /** Valid until the next call for the same candidate. */
  readonly live: (
    candidate: Candidate,
    task: Pick<TaskProfile, 'family' | 'complexity'>,
    index: number,
    foreseen?: ArrayLike<number>,
  ) => LiveConditions;
  /** Newcomers at these positions could have been asked, and were not. */
  readonly passOver: (positions: readonly number[]) => void;
};

type Slot = {
  readonly candidate: Candidate;
  readonly key: string;
  readonly model: string;
  entry: ConditionEntry;
  /** Predictions by family and complexity, as long as nothing new was heard. */
  readonly quality: Int16Array;
  /** Parallel: on how many examined receipts each rests. */
  readonly examined: Float64Array;
  /** Position of the model in what is foreseen, −1 for one that is not. */
  readonly column: number;
  version: number;
  /** Handed out again and again: no object is made per candidate and request. */
  readonly now: { -readonly [Name in keyof LiveConditions]: LiveConditions[Name] };
};

const UNKNOWN = -1;

export function createLiveView(deps: LiveViewDeps): LiveView {
  const slots: Slot[] = [];
  let atMs = deps.nowMs();

  const slotAt = (candidate: Candidate, index: number): Slot => {
    const known = slots[index];
    if (known?.candidate === candidate) {
      if (known.entry.isForgotten()) known.entry = entryOf(deps, candidate);
      return known;
    }
    const fresh = newSlot(deps, candidate);
    slots[index] = fresh;
    return fresh;
  };

  return {
    glance() {
      atMs = deps.nowMs();
    },
    live(candidate, task, index, foreseen) {
      const slot = slotAt(candidate, index);
      slot.entry.refresh(atMs);
      copyConditions(slot);
      slot.now.qualityBps = qualityOf(deps.quality, slot, task, foreseen?.[slot.column]);
      setBreaker(deps.breaker, slot, atMs);
      return slot.now;
    },
    passOver(positions) {
      for (const position of positions) slots[position]?.entry.passOver();
    },
  };
}

const entryOf = ({ conditions }: LiveViewDeps, { node, model }: Candidate): ConditionEntry =>
  conditions.entry(node.account, model.id);

function newSlot(deps: LiveViewDeps, candidate: Candidate): Slot {
  const entry = entryOf(deps, candidate);
  return {
    candidate,
    key: circuitKey(candidate.node.account, candidate.model.id),
    model: keccakText(candidate.model.id),
    entry,
    quality: new Int16Array(FAMILIES.length * COMPLEXITY_BANDS).fill(UNKNOWN),
    examined: new Float64Array(FAMILIES.length * COMPLEXITY_BANDS),
    column: deps.foresight?.models.indexOf(candidate.model.id) ?? UNKNOWN,
    version: UNKNOWN,
    now: { ...entry.now, qualityBps: 0, breaker: 'closed', blockedMs: 0 },
  };
}

function copyConditions({ entry, now }: Slot): void {
  const from = entry.now;
  now.inFlight = from.inFlight;
  now.samples = from.samples;
  now.known = from.known;
  now.waited = from.waited;
  now.firstTokenMs = from.firstTokenMs;
  now.msPerToken = from.msPerToken;
  now.usualInFlight = from.usualInFlight;
  now.successBps = from.successBps;
}

function qualityOf(
  book: LiveViewDeps['quality'],
  slot: Slot,
  task: Pick<TaskProfile, 'family' | 'complexity'>,
  foreseen: number | undefined,
): number {
  const place = placeOf(book, slot, task);
  const known = slot.quality[place] ?? 0;
  return foreseen === undefined ? known : withHistory(10_000 * foreseen, known, slot.examined[place] ?? 0);
}

/** How many examined receipts a prediction from rows is worth: what was seen of the node itself soon counts for more. */
const FORESEEN_COUNT = 12;

const withHistory = (foreseen: number, known: number, examined: number): number =>
  Math.round((FORESEEN_COUNT * foreseen + examined * known) / (FORESEEN_COUNT + examined));

/** Where the slot keeps what the book predicts for such a task; asked for when it is not there yet. */
function placeOf(
  book: LiveViewDeps['quality'],
  slot: Slot,
  { family, complexity }: Pick<TaskProfile, 'family' | 'complexity'>,
): number {
  if (slot.version !== book.version()) {
    slot.version = book.version();
    slot.quality.fill(UNKNOWN);
  }
  const place = family * COMPLEXITY_BANDS + bandOf(complexity);
  if (slot.quality[place] !== UNKNOWN) return place;
  const { node } = slot.candidate;
  const { qualityBps, examined } = book.predict({ node: node.account, model: slot.model, family, complexity });
  slot.quality[place] = qualityBps;
  slot.examined[place] = examined;
  return place;
}

function setBreaker(breaker: LiveViewDeps['breaker'], { key, now }: Slot, atMs: number): void {
  // Hardly anybody is ever in trouble, so hardly any key is looked up.
  const state = breaker.isTroubled(key) ? breaker.stateOf(key) : CLOSED;
  now.breaker = state.state;
  now.blockedMs = 'untilMs' in state ? Math.max(0, state.untilMs - atMs) : 0;
}

const CLOSED = { state: 'closed' } as const;
