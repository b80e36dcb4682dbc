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
  readonly nowMs: () => number;
};

/** Everything known of the candidates of one list right now, as routing reads it: a thousand of them in microseconds. */
export type LiveView = {
  /** Valid until the next call for the same candidate. */
  readonly live: (
    candidate: Candidate,
    task: Pick<TaskProfile, 'family' | 'complexity'>,
    index: number,
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
  version: number;
  /** Handed out again and again: no object is made per candidate and request. */
  readonly now: { -readonly [Name in keyof LiveConditions]: LiveConditions[Name] };
};

const UNKNOWN = -1;

export function createLiveView(deps: LiveViewDeps): LiveView {
  const slots: Slot[] = [];

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
    live(candidate, task, index) {
      const slot = slotAt(candidate, index);
      slot.entry.refresh();
      copyConditions(slot);
      slot.now.qualityBps = qualityOf(deps.quality, slot, task);
      setBreaker(deps, slot);
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
  { family, complexity }: Pick<TaskProfile, 'family' | 'complexity'>,
): number {
  if (slot.version !== book.version()) {
    slot.version = book.version();
    slot.quality.fill(UNKNOWN);
  }
  const place = family * COMPLEXITY_BANDS + bandOf(complexity);
  const known = slot.quality[place] ?? UNKNOWN;
  if (known !== UNKNOWN) return known;
  const { node } = slot.candidate;
  const { qualityBps } = book.predict({ node: node.account, model: slot.model, family, complexity });
  slot.quality[place] = qualityBps;
  return qualityBps;
}

function setBreaker({ breaker, nowMs }: LiveViewDeps, { key, now }: Slot): void {
  // Hardly anybody is ever in trouble, so hardly any key is looked up.
  const state = breaker.isTroubled(key) ? breaker.stateOf(key) : CLOSED;
  now.breaker = state.state;
  now.blockedMs = 'untilMs' in state ? Math.max(0, state.untilMs - nowMs()) : 0;
}

const CLOSED = { state: 'closed' } as const;
