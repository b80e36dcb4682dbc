import type { JsonObject } from '../protocol/content.ts';
import type { Candidate } from './candidate.ts';
import { drawByWeight, drawSticky, drawToExplore, newcomersIn, sizeOf } from './draw.ts';
import type { Draw, Pool } from './draw.ts';
import { findEligible, isNamed } from './eligibility.ts';
import type { Eligibility, EligibilityInput, Eligible } from './eligibility.ts';
import { fieldOf } from './field.ts';
import { noEligibleError } from './no-eligible.ts';
import type { Preferences } from './preferences.ts';
import { recordOf } from './record.ts';
import { scoredAt, TASTES, weighField } from './score.ts';
import type { Scored, Weights } from './score.ts';

export type DecideInput = EligibilityInput & {
  readonly draw: Draw;
  /** Share of requests that go to whoever is known least, bps. */
  readonly exploreBps: number;
  /** Keep every candidate in the record instead of the first five. */
  readonly complete: boolean;
  readonly traceId: string | undefined;
  /** Stands for the conversation, where the caller wants it to stay with one node. */
  readonly stickyKey?: number | undefined;
};

export type Cause = 'drawn' | 'explored' | 'only' | 'ordered' | 'sticky';

export type Decision = {
  /** The chosen one first, then the fallbacks in the order they will be asked. */
  readonly order: readonly Eligible[];
  readonly cause: Cause;
  /** Whether the caller left fewer than two accounts for the model that is asked first. */
  readonly pinned: boolean;
  /** Models of the caller's list that one account alone was left for: as a fallback too, it is the caller's choice. */
  readonly lone: readonly string[];
  /** Positions in the list of candidates of newcomers that could have been asked, and were not. */
  readonly passedOver: readonly number[];
  /** What came of every candidate, for whoever wants to know more than the record says. */
  readonly fates: Fates;
  /** What the receipt's `routeHash` commits to, once the attempts are added. */
  readonly record: JsonObject;
};

export type Fates = Pick<Eligibility, 'eligible' | 'reasonAt'> & { readonly weights: Weights };

const RECORDED = 5;
/** Fallbacks that are ranked: more are never asked for one request. */
const RANKED = 16;

/** @throws DgridError: unknown model (404), wishes nobody can meet (422), nobody available right now (503). */
export function decide(input: DecideInput): Decision {
  const eligibility = findEligible(input);
  const { eligible, newcomers } = eligibility;
  if (eligible.length === 0) throw noEligibleError(input, eligibility);
  const { preferences } = input;
  const taste = { ...TASTES[preferences.preset], payMicroUsd: preferences.payMicroUsd };
  const ranks = fieldOf(input.candidates).ranks();
  const field: Field = { eligible, newcomers, ranks, weights: weighField(eligible, input.profile, taste) };
  const ranked = topRanked(field, preferences);
  const { first, cause, passedOver } = choose(field, ranked, input);
  const rest = ranked.filter((entry) => entry.index !== first.index);
  const lone = preferences.models.filter((id) => (eligibility.choosable.get(id) ?? 'several') !== 'several');
  // Naming whom to ask first chooses the node as surely as allowing no other, and so does trying keys until it is one's own.
  const named = cause === 'ordered' || cause === 'sticky';
  const pinned = named || !eligibility.hasChoice || lone.includes(first.candidate.model.id);
  const others = input.complete ? allBut(field, first) : rest.slice(0, RECORDED - 1);
  return {
    order: (preferences.allowFallbacks ? [first, ...rest] : [first]).map(asOfNow),
    cause,
    pinned,
    lone,
    passedOver,
    fates: { eligible, weights: field.weights, reasonAt: eligibility.reasonAt },
    record: recordOf(input, { eligibility, total: field.weights.total, shown: [first, ...others], cause, pinned }),
  };
}

/** Live conditions go on changing: those that are looked at again later must be the ones that were decided on. */
const asOfNow = (entry: Scored): Eligible => ({ ...entry, live: { ...entry.live } });

type Field = Pick<Eligibility, 'eligible' | 'newcomers'> & { readonly weights: Weights; readonly ranks: Int32Array };

/** The best few in the order they would be asked: as the caller names them, by the list of models, by weight. */
function topRanked(field: Field, preferences: Preferences): Scored[] {
  const { eligible, weights } = field;
  const byWeight = preferences.order.length === 0 && preferences.models.length < 2;
  const before = byWeight ? weighsMore(field) : isBefore(field, preferences);
  const top: number[] = [];
  let [least, leastRank] = [-1, -1];
  for (let index = 0; index < eligible.length; index += 1) {
    // Most of a large field falls out here, at a comparison or two each.
    const more = (weights.weight[index] ?? 0) - least || leastRank - rankOf(field, index);
    if (byWeight && more < 0) continue;
    insert(top, index, before);
    const last = top[RANKED - 1];
    if (last !== undefined) [least, leastRank] = [weights.weight[last] ?? 0, rankOf(field, last)];
  }
  return top.flatMap((index) => scoredAt(eligible, weights, index) ?? []);
}

type Before = (a: number, b: number) => boolean;

function insert(top: number[], index: number, before: Before): void {
  const last = top.at(-1);
  if (top.length >= RANKED && last !== undefined && !before(index, last)) return;
  let at = top.length;
  for (; at > 0; at -= 1) {
    const other = top[at - 1];
    if (other === undefined || !before(index, other)) break;
    top[at] = other;
  }
  top[at] = index;
  if (top.length > RANKED) top.pop();
}

function weighsMore(field: Field): Before {
  const { weight } = field.weights;
  return (a, b) => {
    const more = (weight[a] ?? 0) - (weight[b] ?? 0);
    return more === 0 ? rankOf(field, a) < rankOf(field, b) : more > 0;
  };
}

const rankOf = ({ eligible, ranks }: Field, place: number): number => ranks[eligible[place]?.index ?? -1] ?? 0;

function isBefore(field: Field, { order, models }: Preferences): Before {
  const { eligible, weights } = field;
  const weight = (index: number): number => weights.weight[index] ?? 0;
  const named = (candidate: Candidate): number => {
    const at = order.findIndex((name) => isNamed([name], candidate));
    return at === -1 ? order.length : at;
  };
  const model = (candidate: Candidate): number => models.indexOf(candidate.model.id);
  return (a, b) => {
    const [one, other] = [eligible[a]?.candidate, eligible[b]?.candidate];
    if (one === undefined || other === undefined) return false;
    const byName = order.length === 0 ? 0 : named(one) - named(other);
    const byModel = models.length < 2 ? 0 : model(one) - model(other);
    return (byName || byModel || weight(b) - weight(a) || rankOf(field, a) - rankOf(field, b)) < 0;
  };
}

type Choice = { readonly first: Scored; readonly cause: Cause; readonly passedOver: readonly number[] };

/** Whom the caller named, or a draw among those that serve the first model of the list that anybody serves. */
function choose(field: Field, ranked: readonly Scored[], input: DecideInput): Choice {
  const { preferences } = input;
  const [best] = ranked;
  if (best === undefined) throw new RangeError('nobody to choose from');
  if (isNamed(preferences.order, best.candidate)) return { first: best, cause: 'ordered', passedOver: [] };
  const pool: Pool = { ...field, only: preferences.models.length > 1 ? best.candidate.model.id : undefined };
  if (sizeOf(pool) === 1) return { first: best, cause: 'only', passedOver: [] };
  // Whoever holds on to a node leaves nothing to the others, so they have not been passed over.
  const newcomers = input.stickyKey === undefined ? newcomersIn(pool, field.newcomers) : [];
  const { at, cause } = draw(pool, newcomers, input);
  const first = scoredAt(field.eligible, field.weights, at);
  if (first === undefined) throw new RangeError('nobody to choose from');
  const passedOver = newcomers.filter((index) => index !== at).map((index) => field.eligible[index]?.index ?? -1);
  return { first, cause, passedOver };
}

function draw(pool: Pool, newcomers: readonly number[], input: DecideInput): { at: number; cause: Cause } {
  // A conversation that has begun has something to lose by a change; nothing is tried out on it.
  if (input.stickyKey !== undefined) return { at: drawSticky(pool, input.stickyKey), cause: 'sticky' };
  const explored = drawToExplore(pool, newcomers, input.draw, input.exploreBps);
  if (explored !== undefined) return { at: explored, cause: 'explored' };
  return { at: drawByWeight(pool, input.draw), cause: 'drawn' };
}

function allBut({ eligible, weights }: Field, first: Scored): Scored[] {
  return eligible.flatMap((entry, index) => {
    const scored = entry.index === first.index ? undefined : scoredAt(eligible, weights, index);
    return scored === undefined ? [] : [scored];
  });
}
