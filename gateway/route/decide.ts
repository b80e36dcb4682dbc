import { FAMILIES } from '../protocol/constants.ts';
import type { JsonObject } from '../protocol/content.ts';
import type { Candidate } from './candidate.ts';
import { findEligible, isNamed } from './eligibility.ts';
import type { Eligibility, EligibilityInput, Eligible } from './eligibility.ts';
import { noEligibleError } from './no-eligible.ts';
import type { Preferences } from './preferences.ts';
import { scoreEligible } from './score.ts';
import type { Scored } from './score.ts';

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
  const scored = scoreEligible(eligibility.eligible, input.profile, preferences.preset);
  const ranked = topRanked(scored, preferences);
  const { first, cause } = choose(scored, ranked, input);
  const rest = ranked.filter((entry) => entry !== first);
  const order = preferences.allowFallbacks ? [first, ...rest] : [first];
  const lone = preferences.models.filter((id) => eligibility.choosable.get(id)?.size === 1);
  // Naming whom to ask first chooses the node as surely as allowing no other.
  const pinned = cause === 'ordered' || isLone(eligibility, lone, first);
  return {
    order,
    cause,
    pinned,
    lone,
    record: recordOf(input, { scored, rest, first, cause, pinned, removed: eligibility.removed }),
  };
}

/**
 * Whether the caller's wishes left one account alone. Of a list of models only the one that is taken counts: a model
 * that one node serves, before one that everybody serves, names that node.
 */
function isLone({ choosable }: Eligibility, lone: readonly string[], first: Scored): boolean {
  const accounts = new Set([...choosable.values()].flatMap((serving) => [...serving]));
  return accounts.size < 2 || lone.includes(first.candidate.model.id);
}

/** The best few in the order they would be asked: as the caller names them, by the list of models, by weight. */
function topRanked(scored: readonly Scored[], preferences: Preferences): Scored[] {
  const before = isBefore(preferences);
  const top: Scored[] = [];
  for (const entry of scored) {
    const last = top.at(-1);
    if (top.length >= RANKED && last !== undefined && !before(entry, last)) continue;
    const at = top.findIndex((other) => before(entry, other));
    top.splice(at === -1 ? top.length : at, 0, entry);
    if (top.length > RANKED) top.pop();
  }
  return top;
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
function choose(
  scored: readonly Scored[],
  ranked: readonly Scored[],
  input: DecideInput,
): { first: Scored; cause: Cause } {
  const { preferences, draw, exploreBps } = input;
  const [best] = ranked;
  if (best === undefined) throw new RangeError('nobody to choose from');
  if (isNamed(preferences.order, best.candidate)) return { first: best, cause: 'ordered' };
  const isList = preferences.models.length > 1;
  const field = isList ? scored.filter(({ candidate }) => candidate.model.id === best.candidate.model.id) : scored;
  if (field.length === 1) return { first: best, cause: 'only' };
  const explores = draw.explore * 10_000 < exploreBps * UINT32;
  const weightOf = explores ? rarity : ({ weight }: Scored): number => weight;
  return { first: pick(field, weightOf, draw.pick), cause: explores ? 'explored' : 'drawn' };
}

const rarity = ({ live }: Scored): number => Math.max(1, Math.floor(1_000_000 / (1 + live.samples)));

function pick(field: readonly Scored[], weightOf: (entry: Scored) => number, draw: number): Scored {
  let total = 0;
  for (const entry of field) total += weightOf(entry);
  let left = Math.floor((draw / UINT32) * total);
  for (const entry of field) {
    left -= weightOf(entry);
    if (left < 0) return entry;
  }
  throw new RangeError('nobody to pick');
}

type Chosen = {
  readonly scored: readonly Scored[];
  readonly rest: readonly Scored[];
  readonly first: Scored;
  readonly cause: Cause;
  readonly pinned: boolean;
  readonly removed: Readonly<Record<string, number>>;
};

function recordOf(input: DecideInput, chosen: Chosen): JsonObject {
  const { profile, preferences, draw, exploreBps } = input;
  const { scored, rest, first, cause, pinned, removed } = chosen;
  const others = input.complete ? scored.filter((entry) => entry !== first) : rest.slice(0, RECORDED - 1);
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
    eligible: scored.length,
    totalWeight: scored.reduce((sum, entry) => sum + entry.weight, 0),
    candidates: shown.map(candidateRecord),
    ...(input.traceId === undefined ? {} : { traceId: input.traceId }),
  };
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
