import { FAMILIES } from '../protocol/constants.ts';
import type { JsonObject } from '../protocol/content.ts';
import type { Cause, DecideInput } from './decide.ts';
import type { Eligibility } from './eligibility.ts';
import type { Preferences } from './preferences.ts';
import type { Scored } from './score.ts';

export type Decided = {
  readonly eligibility: Eligibility;
  /** Of all weights in the draw. */
  readonly total: number;
  /** The chosen one, and the others that are kept. */
  readonly shown: readonly Scored[];
  readonly cause: Cause;
  readonly pinned: boolean;
};

/** The decision as it is hashed and kept: inputs, chance, whoever was weighed, and why all others were not. */
export function recordOf(input: DecideInput, { eligibility, total, shown, cause, pinned }: Decided): JsonObject {
  const { profile, preferences, draw, exploreBps } = input;
  return {
    version: 1,
    task: { ...profile, family: FAMILIES[profile.family] ?? 'other', needs: [...profile.needs] },
    preferences: preferenceRecord(preferences),
    epoch: input.epoch.toString(),
    draw: { ...draw, exploreBps },
    cause,
    pinned,
    removed: eligibility.removed,
    eligible: eligibility.eligible.length,
    totalWeight: total,
    candidates: shown.map((entry, place) => candidateRecord(entry, total, place === 0 ? 'chosen' : lossOf(cause))),
    ...(input.complete ? { keptOut: keptOut(input, eligibility) } : {}),
    ...(input.stickyKey === undefined ? {} : { stickyKey: input.stickyKey }),
    ...(input.traceId === undefined ? {} : { traceId: input.traceId }),
  };
}

/** What the others lost by: a draw by weight, or a choice in which weight had no say. */
const LOSSES: Readonly<Record<Cause, string>> = {
  drawn: 'lost_draw',
  explored: 'another_explored',
  ordered: 'another_named',
  sticky: 'another_sticky',
  only: 'other_model',
};
const lossOf = (cause: Cause): string => LOSSES[cause];

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

function candidateRecord(
  { candidate, live, weight, costMicroUsd, latencyMs }: Scored,
  total: number,
  outcome: string,
): JsonObject {
  // In canonical order: hundreds of thousands of these are hashed in a minute, and need not be sorted for it.
  return {
    costMicroUsd,
    inFlight: live.inFlight,
    latencyMs,
    model: candidate.model.id,
    node: candidate.node.account,
    outcome,
    qualityBps: live.qualityBps,
    samples: live.samples,
    shareBps: Math.floor((10_000 * weight) / total),
    successBps: live.successBps,
    weight,
  };
}

/** Every candidate that a filter removed, with the filter, and how long it still lasts where that is known. */
function keptOut({ candidates, live }: DecideInput, { reasonAt }: Eligibility): JsonObject[] {
  return candidates.flatMap((candidate, index) => {
    const reason = reasonAt(index);
    if (reason === undefined) return [];
    const waits = reason === 'breaker' || reason === 'paused';
    const blocked = waits ? { blockedMs: Math.round(live(candidate, index).blockedMs) } : {};
    return [{ node: candidate.node.account, model: candidate.model.id, reason, ...blocked }];
  });
}
