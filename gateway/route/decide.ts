import { FAMILIES } from '../protocol/constants.ts';
import type { JsonObject } from '../protocol/content.ts';
import type { Candidate } from './candidate.ts';
import { findEligible, isNamed } from './eligibility.ts';
import type { EligibilityInput, Eligible } from './eligibility.ts';
import { noEligibleError } from './no-eligible.ts';
import type { Preferences } from './preferences.ts';
import { scoredAt, TASTES, weighField } from './score.ts';
import type { Scored, Weights } from './score.ts';

/** Two uniform 32-bit numbers, drawn by the caller: the decision itself has no chance in it and can be replayed. */
export type Draw = { readonly explore: number; readonly pick: number };

export type DecideInput = EligibilityInput & {
  readonly draw: Draw;
  /** Share of requests that go to whoever is known least, bps. */
  readonly exploreBps: number;
  /** Keep every candidate in the record instead of the first five. */
  readonly complete: boolean;
  readonly traceId: string | undefined;
};

export type Cause = 'drawn' | 'explored' | 'only' | 'ordered';

export type Decision = {
  /** The chosen one first, then the fallbacks in the order they will be asked. */
  readonly order: readonly Eligible[];
  readonly cause: Cause;
  /** Whether the caller left fewer than two accounts for the model that is asked first. */
  readonly pinned: boolean;
  /** Models of the caller's list that one account alone was left for: as a fallback too, it is the caller's choice. */
  readonly lone: readonly string[];
  /** What the receipt's `routeHash` commits to, once the attempts are added. */
  readonly record: JsonObject;
};

const RECORDED = 5;
/** Fallbacks that are ranked: more are never asked for one request. */
const RANKED = 16;
const UINT32 = 2 ** 32;

/** @throws DgridError: unknown model (404), wishes nobody can meet (422), nobody available right now (503). */
export function decide(input: DecideInput): Decision {
  const eligibility = findEligible(input);
  if (eligibility.eligible.length === 0) throw noEligibleError(input, eligibility);
  const { preferences } = input;
  const { eligible } = eligibility;
  const weights = weighField(eligible, input.profile, TASTES[preferences.preset]);
  const field: Field = { eligible, weights };
  const ranked = topRanked(field, preferences);
  const { first, cause } = choose(field, ranked, input);
  const rest = ranked.filter((entry) => entry.candidate !== first.candidate);
  const order = preferences.allowFallbacks ? [first, ...rest] : [first];
  const lone = preferences.models.filter((id) => (eligibility.choosable.get(id) ?? 'several') !== 'several');
  // Naming whom to ask first chooses the node as surely as allowing no other.
  const pinned = cause === 'ordered' || !eligibility.hasChoice || lone.includes(first.candidate.model.id);
  return {
    order,
    cause,
    pinned,
    lone,
    record: recordOf(input, { field, rest, first, cause, pinned, removed: eligibility.removed }),
  };
}

type Field = { readonly eligible: readonly Eligible[]; readonly weights: Weights };

/** The best few in the order they would be asked: as the caller names them, by the list of models, by weight. */
function topRanked({ eligible, weights }: Field, preferences: Preferences): Scored[] {
  const before = isBefore(preferences);
  const byWeight = preferences.order.length === 0 && preferences.models.length < 2;
  const top: Scored[] = [];
  for (let index = 0; index < eligible.length; index += 1) {
    const last = top.length >= RANKED ? top.at(-1) : undefined;
    // Most of a large field falls out here, before anything is made of it.
    if (byWeight && last !== undefined && (weights.weight[index] ?? 0) < last.weight) continue;
    const entry = scoredAt(eligible, weights, index);
    if (entry !== undefined) insert(top, entry, before);
  }
  return top;
}

function insert(top: Scored[], entry: Scored, before: (a: Scored, b: Scored) => boolean): void {
  const last = top.at(-1);
  if (top.length >= RANKED && last !== undefined && !before(entry, last)) return;
  const at = top.findIndex((other) => before(entry, other));
  top.splice(at === -1 ? top.length : at, 0, entry);
  if (top.length > RANKED) top.pop();
}

function isBefore({ order, models }: Preferences): (a: Scored, b: Scored) => boolean {
  const named = ({ candidate }: Scored): number => {
    const at = order.findIndex((name) => isNamed([name], candidate));
    return at === -1 ? order.length : at;
  };
  const model = ({ candidate }: Scored): number => models.indexOf(candidate.model.id);
  return (a, b) => {
    const byName = order.length === 0 ? 0 : named(a) - named(b);
    const byModel = models.length < 2 ? 0 : model(a) - model(b);
    return (byName || byModel || b.weight - a.weight || compare(a.candidate, b.candidate)) < 0;
  };
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const compare = (a: Candidate, b: Candidate): number =>
  byText(a.node.account, b.node.account) || byText(a.model.id, b.model.id);

/** Whom the caller named, or a draw among those that serve the first model of the list that anybody serves. */
function choose(field: Field, ranked: readonly Scored[], input: DecideInput): { first: Scored; cause: Cause } {
  const { preferences, draw, exploreBps } = input;
  const [best] = ranked;
  if (best === undefined) throw new RangeError('nobody to choose from');
  if (isNamed(preferences.order, best.candidate)) return { first: best, cause: 'ordered' };
  const only = preferences.models.length > 1 ? best.candidate.model.id : undefined;
  const explores = draw.explore * 10_000 < exploreBps * UINT32;
  const { first, size } = pick(field, { only, explores, draw: draw.pick });
  if (size === 1) return { first: best, cause: 'only' };
  return { first, cause: explores ? 'explored' : 'drawn' };
}

const rarity = (samples: number): number => Math.max(1, Math.floor(1_000_000 / (1 + samples)));

type Pick = { readonly only: string | undefined; readonly explores: boolean; readonly draw: number };

/** One of those that serve `only` (all, if undefined), with a chance in proportion to weight or to how little is known. */
function pick({ eligible, weights }: Field, { only, explores, draw }: Pick): { first: Scored; size: number } {
  const shareAt = (index: number): number => {
    const entry = eligible[index];
    if (entry === undefined || (only !== undefined && entry.candidate.model.id !== only)) return 0;
    return explores ? rarity(entry.live.samples) : (weights.weight[index] ?? 0);
  };
  let [total, size] = [0, 0];
  for (let index = 0; index < eligible.length; index += 1) {
    const share = shareAt(index);
    total += share;
    if (share > 0) size += 1;
  }
  let left = Math.floor((draw / UINT32) * total);
  for (let index = 0; index < eligible.length; index += 1) {
    left -= shareAt(index);
    const first = left < 0 ? scoredAt(eligible, weights, index) : undefined;
    if (first !== undefined) return { first, size };
  }
  throw new RangeError('nobody to pick');
}

type Chosen = {
  readonly field: Field;
  readonly rest: readonly Scored[];
  readonly first: Scored;
  readonly cause: Cause;
  readonly pinned: boolean;
  readonly removed: Readonly<Record<string, number>>;
};

function recordOf(input: DecideInput, chosen: Chosen): JsonObject {
  const { profile, preferences, draw, exploreBps } = input;
  const { field, rest, first, cause, pinned, removed } = chosen;
  const others = input.complete ? allBut(field, first) : rest.slice(0, RECORDED - 1);
  const shown = [first, ...others];
  return {
    version: 1,
    task: { ...profile, family: FAMILIES[profile.family] ?? 'other', needs: [...profile.needs] },
    preferences: preferenceRecord(preferences),
    epoch: input.epoch.toString(),
    draw: { explore: draw.explore, pick: draw.pick, exploreBps },
    cause,
    pinned,
    removed,
    eligible: field.eligible.length,
    totalWeight: field.weights.total,
    candidates: shown.map(candidateRecord),
    ...(input.traceId === undefined ? {} : { traceId: input.traceId }),
  };
}

function allBut({ eligible, weights }: Field, first: Scored): Scored[] {
  return eligible.flatMap((entry, index) => {
    const scored = entry.candidate === first.candidate ? undefined : scoredAt(eligible, weights, index);
    return scored === undefined ? [] : [scored];
  });
}

function preferenceRecord(preferences: Preferences): JsonObject {
  const { models, order, only, ignore, ...plain } = preferences;
  return {
    ...plain,
    models: [...models],
    order: [...order],
    ignore: [...ignore],
    ...(only === undefined ? {} : { only: [...only] }),
  };
}

function candidateRecord({ candidate, live, weight, costMicroUsd, latencyMs }: Scored): JsonObject {
  return {
    node: candidate.node.account,
    model: candidate.model.id,
    weight,
    qualityBps: live.qualityBps,
    successBps: live.successBps,
    costMicroUsd,
    latencyMs,
    inFlight: live.inFlight,
    samples: live.samples,
  };
}
