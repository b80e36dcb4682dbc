import { FAMILIES } from '../protocol/constants.ts';
import type { JsonObject } from '../protocol/content.ts';
import type { Candidate } from './candidate.ts';
import { findEligible, isNamed } from './eligibility.ts';
import type { EligibilityInput, Eligible } from './eligibility.ts';
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
  readonly pinned: boolean;
  /** What the receipt's `routeHash` commits to, once the attempts are added. */
  readonly record: JsonObject;
};

const RECORDED = 5;
const UINT32 = 2 ** 32;

/** @throws DgridError: unknown model (404), wishes nobody can meet (422), nobody available right now (503). */
export function decide(input: DecideInput): Decision {
  const eligibility = findEligible(input);
  if (eligibility.eligible.length === 0) throw noEligibleError(input, eligibility);
  const scored = inModelOrder(
    scoreEligible(eligibility.eligible, input.profile, input.preferences.preset),
    input.preferences,
  );
  const { first, cause } = choose(scored, input);
  const rest = scored.filter((entry) => entry !== first);
  const order = input.preferences.allowFallbacks ? [first, ...fallbackOrder(rest, input.preferences)] : [first];
  // Naming whom to ask first chooses the node as surely as allowing no other.
  const pinned = eligibility.choosableAccounts < 2 || cause === 'ordered';
  return {
    order,
    cause,
    pinned,
    record: recordOf(input, { scored, first, cause, pinned, removed: eligibility.removed }),
  };
}

/** With a list of models, only the first that anybody serves takes part in the draw; the others come after it. */
function inModelOrder(scored: readonly Scored[], preferences: Preferences): Scored[] {
  const rank = ({ candidate }: Scored): number => preferences.models.indexOf(candidate.model.id);
  return scored.toSorted((a, b) => rank(a) - rank(b) || b.weight - a.weight || compare(a.candidate, b.candidate));
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const compare = (a: Candidate, b: Candidate): number =>
  byText(a.node.account, b.node.account) || byText(a.model.id, b.model.id);

function choose(scored: readonly Scored[], input: DecideInput): { first: Scored; cause: Cause } {
  const { preferences, draw, exploreBps } = input;
  for (const name of preferences.order) {
    const named = scored.find(({ candidate }) => isNamed([name], candidate));
    if (named !== undefined) return { first: named, cause: 'ordered' };
  }
  const [best] = scored;
  if (best === undefined) throw new RangeError('nobody to choose from');
  const field =
    preferences.models.length < 2
      ? scored
      : scored.filter((entry) => entry.candidate.model.id === best.candidate.model.id);
  if (field.length === 1) return { first: best, cause: 'only' };
  if (draw.explore * 10_000 < exploreBps * UINT32) {
    const rarity = field.map(({ live }) => Math.max(1, Math.floor(1_000_000 / (1 + live.samples))));
    return { first: pick(field, rarity, draw.pick), cause: 'explored' };
  }
  return {
    first: pick(
      field,
      field.map(({ weight }) => weight),
      draw.pick,
    ),
    cause: 'drawn',
  };
}

function pick(field: readonly Scored[], weights: readonly number[], draw: number): Scored {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = Math.floor((draw / UINT32) * total);
  for (const [index, entry] of field.entries()) {
    left -= weights[index] ?? 0;
    if (left < 0) return entry;
  }
  const last = field.at(-1);
  if (last === undefined) throw new RangeError('nobody to pick');
  return last;
}

/** Nodes the caller named, in that order, then by weight; other accounts before another model of the same one. */
function fallbackOrder(rest: readonly Scored[], preferences: Preferences): Scored[] {
  const rank = ({ candidate }: Scored): number => {
    const at = preferences.order.findIndex((name) => isNamed([name], candidate));
    return at === -1 ? preferences.order.length : at;
  };
  return rest.toSorted((a, b) => rank(a) - rank(b));
}

type Chosen = {
  readonly scored: readonly Scored[];
  readonly first: Scored;
  readonly cause: Cause;
  readonly pinned: boolean;
  readonly removed: Readonly<Record<string, number>>;
};

function recordOf(input: DecideInput, chosen: Chosen): JsonObject {
  const { profile, preferences, draw, exploreBps } = input;
  const { scored, first, cause, pinned, removed } = chosen;
  const shown = input.complete ? scored : [first, ...scored.filter((entry) => entry !== first).slice(0, RECORDED - 1)];
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
