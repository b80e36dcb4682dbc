import type { Address } from '../protocol/types.ts';
import type { Candidate, LiveConditions, Reason, ReasonCounts } from './candidate.ts';
import type { Preferences } from './preferences.ts';
import type { TaskProfile } from './task-profile.ts';

export type EligibilityInput = {
  readonly candidates: readonly Candidate[];
  readonly live: (candidate: Candidate) => LiveConditions;
  readonly profile: TaskProfile;
  readonly preferences: Preferences;
  readonly maxTokens: number | undefined;
  readonly epoch: bigint;
  readonly minimumStake: bigint;
  /** The gateway's own choice of accounts (replays), apart from what the caller asks for. */
  readonly pin: readonly Address[] | undefined;
  readonly exclude: readonly Address[] | undefined;
};

export type Eligible = { readonly candidate: Candidate; readonly live: LiveConditions };

export type Eligibility = {
  readonly eligible: readonly Eligible[];
  readonly removed: ReasonCounts;
  /** Accounts by model that are left when only chain facts and the caller's own wishes are looked at. */
  readonly choosable: ReadonlyMap<string, ReadonlySet<Address>>;
  /** Shortest wait among those that only a breaker or a pause keeps out. */
  readonly blockedMs: number | undefined;
};

/** Hard filters, in the order of their cost; each candidate is counted under the first that removes it. */
export function findEligible(input: EligibilityInput): Eligibility {
  const eligible: Eligible[] = [];
  const removed: ReasonCounts = {};
  const choosable = new Map<string, Set<Address>>();
  let blockedMs: number | undefined;
  const remove = (reason: Reason): void => {
    removed[reason] = (removed[reason] ?? 0) + 1;
  };
  for (const candidate of input.candidates) {
    const reason = chainReason(candidate, input) ?? wishReason(candidate, input);
    if (reason !== undefined) {
      remove(reason);
      continue;
    }
    const live = input.live(candidate);
    if (live.qualityBps < input.preferences.minQualityBps) {
      remove('quality');
      continue;
    }
    noteChoosable(choosable, candidate);
    if (isKeptOut(candidate, input)) remove('excluded');
    else if (live.breaker === 'closed') eligible.push({ candidate, live });
    else {
      remove(live.breaker === 'paused' ? 'paused' : 'breaker');
      blockedMs = Math.min(blockedMs ?? live.blockedMs, live.blockedMs);
    }
  }
  return { eligible, removed, choosable, blockedMs };
}

function noteChoosable(choosable: Map<string, Set<Address>>, { node, model }: Candidate): void {
  const accounts = choosable.get(model.id);
  if (accounts === undefined) choosable.set(model.id, new Set([node.account]));
  else accounts.add(node.account);
}

function chainReason(candidate: Candidate, input: EligibilityInput): Reason | undefined {
  const { epoch, minimumStake } = input;
  if (candidate.node.activeFromEpoch > epoch || candidate.node.inactiveFromEpoch <= epoch) return 'inactive';
  return candidate.node.stake < minimumStake ? 'stake' : undefined;
}

/** What the caller's body and preferences rule out. */
function wishReason(candidate: Candidate, input: EligibilityInput): Reason | undefined {
  const { preferences, profile } = input;
  if (preferences.models.length > 0 && !preferences.models.includes(candidate.model.id)) return 'model';
  if (!profile.needs.every((need) => candidate.model.capabilities.includes(need))) return 'capability';
  if (profile.promptTokens > candidate.model.contextLength) return 'context';
  if (preferences.requireParameters && (input.maxTokens ?? 0) > candidate.model.maxOutputTokens) return 'output';
  return providerReason(candidate, preferences) ?? priceReason(candidate, preferences, profile);
}

export const isNamed = (names: readonly string[], candidate: Candidate): boolean =>
  names.some((name) => name === candidate.node.metadata.name || name.toLowerCase() === candidate.node.account);

function providerReason(candidate: Candidate, preferences: Preferences): Reason | undefined {
  if (preferences.only !== undefined && !isNamed(preferences.only, candidate)) return 'not_allowed';
  if (isNamed(preferences.ignore, candidate)) return 'ignored';
  const onlyOrdered = preferences.order.length > 0 && !preferences.allowFallbacks;
  return onlyOrdered && !isNamed(preferences.order, candidate) ? 'not_allowed' : undefined;
}

function priceReason(candidate: Candidate, preferences: Preferences, profile: TaskProfile): Reason | undefined {
  const { input, output } = candidate.model.price;
  if (input > (preferences.maxInputPrice ?? Infinity) || output > (preferences.maxOutputPrice ?? Infinity))
    return 'price';
  return expectedCost(candidate, profile) > (preferences.maxCostMicroUsd ?? Infinity) ? 'cost' : undefined;
}

/** Micro-USD that an answer of the expected length would cost, rounded up. */
export function expectedCost(candidate: Candidate, profile: TaskProfile): number {
  const { input, output } = candidate.model.price;
  return Math.ceil((input * profile.promptTokens + output * profile.expectedTokens) / 1_000_000);
}

function isKeptOut(candidate: Candidate, input: EligibilityInput): boolean {
  if (input.pin !== undefined && !input.pin.includes(candidate.node.account)) return true;
  return input.exclude?.includes(candidate.node.account) ?? false;
}
