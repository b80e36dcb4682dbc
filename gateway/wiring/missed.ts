import type { JsonValue } from '../protocol/canonical-json.ts';
import type { MissedBook, MissedDecision } from '../registry/missed-book.ts';
import { findEligible } from '../route/eligibility.ts';
import type { EligibilityInput } from '../route/eligibility.ts';
import type { Plan } from '../route/plan.ts';

type Entry = MissedDecision['entries'][number];

/** Up to this many candidates every decision is looked at, above that one in a hundred. */
const ALWAYS_UP_TO = 32;

export type Routed = {
  readonly plan: Plan;
  readonly input: Omit<EligibilityInput, 'profile' | 'preferences' | 'maxTokens'>;
  /** Uniform 32 bits. */
  readonly random: () => number;
};

/** Tells the book what a decision meant for each candidate, in the words of the router's own filters. */
export function noteMissed(book: MissedBook, { plan, input, random }: Routed): void {
  if (input.candidates.length > ALWAYS_UP_TO && random() % 100 !== 0) return;
  const { profile, preferences, maxTokens, decision } = plan;
  const [first] = decision.order;
  const shares = sharesOf(decision.record);
  const entries = input.candidates.map((candidate): Entry => {
    const { account } = candidate.node;
    const share = shares.get(`${account}/${candidate.model.id}`);
    const drawn = share === undefined ? {} : { shareBps: share };
    if (candidate === first?.candidate) return { account, outcome: 'won', ...drawn };
    const { removed } = findEligible({ ...input, candidates: [candidate], profile, preferences, maxTokens });
    const [reason] = Object.keys(removed);
    return reason === undefined ? { account, outcome: 'lost', ...drawn } : { account, outcome: reason };
  });
  book.note({ entries });
}

/** What part of the draw each recorded candidate had, in bps. */
function sharesOf({ candidates, totalWeight }: Plan['decision']['record']): ReadonlyMap<string, number> {
  const total = typeof totalWeight === 'number' && totalWeight > 0 ? totalWeight : 1;
  const list: readonly JsonValue[] = Array.isArray(candidates) ? candidates : [];
  return new Map(list.flatMap((entry) => shareOf(entry, total)));
}

function shareOf(entry: JsonValue, total: number): readonly (readonly [string, number])[] {
  if (typeof entry !== 'object' || entry === null || !('node' in entry)) return [];
  const { node, model, weight } = entry as {
    readonly node?: unknown;
    readonly model?: unknown;
    readonly weight?: unknown;
  };
  return typeof weight === 'number'
    ? [[`${String(node)}/${String(model)}`, Math.floor((10_000 * weight) / total)]]
    : [];
}
