import type { Address } from '../protocol/types.ts';
import { REASONS } from './candidate.ts';
import type { Candidate, LiveConditions, Reason, ReasonCounts } from './candidate.ts';
import { fieldOf } from './field.ts';
import type { Field } from './field.ts';
import type { Preferences } from './preferences.ts';
import type { TaskProfile } from './task-profile.ts';

export type EligibilityInput = {
  readonly candidates: readonly Candidate[];
  /** What is known of a candidate; `index` is its position in `candidates`. */
  readonly live: (candidate: Candidate, index: number) => LiveConditions;
  readonly profile: TaskProfile;
  readonly preferences: Preferences;
  readonly maxTokens: number | undefined;
  readonly epoch: bigint;
  readonly minimumStake: bigint;
  /** The gateway's own choice of accounts (replays), apart from what the caller asks for. */
  readonly pin: readonly Address[] | undefined;
  readonly exclude: readonly Address[] | undefined;
};

export type Eligible = {
  readonly candidate: Candidate;
  readonly live: LiveConditions;
  /** As a number: it only ever counts in proportion. */
  readonly stake: number;
  /** The model's prices, micro-USD per million tokens. */
  readonly inputPrice: number;
  readonly outputPrice: number;
  /** Position in the list of candidates. */
  readonly index: number;
};

export type Eligibility = {
  readonly eligible: readonly Eligible[];
  /** Positions in `eligible` of those never asked before. */
  readonly newcomers: readonly number[];
  readonly removed: ReasonCounts;
  /** Why the candidate at an index was removed; undefined for an eligible one. */
  readonly reasonAt: (index: number) => Reason | undefined;
  /** Per model, whether one account or several are left when only chain facts and the caller's own wishes count. */
  readonly choosable: ReadonlyMap<string, Address | 'several'>;
  /** Whether two accounts or more are left so, whatever they serve. */
  readonly hasChoice: boolean;
  /** Shortest wait among those that only a breaker or a pause keeps out. */
  readonly blockedMs: number | undefined;
};

const CODES = Object.fromEntries(REASONS.map((reason, index) => [reason, index + 1])) as Readonly<
  Record<Reason, number>
>;
const CHAIN_CODES = [0, CODES.inactive, CODES.stake];

/** Hard filters, in the order of their cost; each candidate is counted under the first that removes it. */
// eslint-disable-next-line complexity -- the loop of every decision: filters in a row, without calls between them
export function findEligible(input: EligibilityInput): Eligibility {
  const field = fieldOf(input.candidates);
  const wishes = createWishes(field, input);
  const chain = field.chain(input.epoch, input.minimumStake);
  const { minQualityBps } = input.preferences;
  const isRestricted = input.pin !== undefined || input.exclude !== undefined;
  const size = input.candidates.length;
  const fate = new Uint8Array(size);
  // Of a known size from the start: an array that grows is copied again and again.
  const eligible = new Array<Eligible>(size);
  let count = 0;
  const newcomers: number[] = [];
  const choice = createChoice(field);
  let blockedMs: number | undefined;
  for (let index = 0; index < size; index += 1) {
    const candidate = input.candidates[index];
    if (candidate === undefined) continue;
    fate[index] = CHAIN_CODES[chain[index] ?? 0] || wishes(candidate, index);
    if (fate[index] !== 0) continue;
    const live = input.live(candidate, index);
    if (live.qualityBps < minQualityBps) {
      fate[index] = CODES.quality;
      continue;
    }
    choice.note(index);
    if (isRestricted && isKeptOut(candidate, input)) fate[index] = CODES.excluded;
    else if (live.breaker === 'closed') {
      if (live.waited !== undefined) newcomers.push(count);
      eligible[count] = field.entry(index, live);
      count += 1;
    } else {
      fate[index] = live.breaker === 'paused' ? CODES.paused : CODES.breaker;
      blockedMs = Math.min(blockedMs ?? live.blockedMs, live.blockedMs);
    }
  }
  eligible.length = count;
  const reasonAt = (index: number): Reason | undefined => REASONS[(fate[index] ?? 0) - 1];
  return { eligible, newcomers, removed: countsOf(fate), reasonAt, ...choice.end(), blockedMs };
}

function countsOf(fate: Uint8Array): ReasonCounts {
  const counts = new Uint32Array(REASONS.length + 1);
  for (let index = 0; index < fate.length; index += 1) {
    const code = fate[index] ?? 0;
    counts[code] = (counts[code] ?? 0) + 1;
  }
  const removed: ReasonCounts = {};
  REASONS.forEach((reason, index) => {
    const count = counts[index + 1] ?? 0;
    if (count > 0) removed[reason] = count;
  });
  return removed;
}

/** One account or several? Nobody asks which, so no sets are built. */
function createChoice({ account, accounts, model, models }: Field) {
  const NOBODY = -1;
  const SEVERAL = -2;
  const byModel = new Int32Array(models.length).fill(NOBODY);
  let all = NOBODY;
  const joined = (known: number, one: number): number => (known === NOBODY || known === one ? one : SEVERAL);
  const note = (index: number): void => {
    const at = model[index] ?? 0;
    if (all === SEVERAL && byModel[at] === SEVERAL) return;
    const one = account[index] ?? 0;
    all = joined(all, one);
    byModel[at] = joined(byModel[at] ?? NOBODY, one);
  };
  const end = (): Pick<Eligibility, 'choosable' | 'hasChoice'> => {
    const choosable = new Map<string, Address | 'several'>();
    byModel.forEach((one, at) => {
      const id = models[at];
      if (id !== undefined && one !== NOBODY) choosable.set(id, accounts[one] ?? 'several');
    });
    return { choosable, hasChoice: all === SEVERAL };
  };
  return { note, end };
}

/** What the caller's body and preferences rule out: only those filters are run that this request has. */
function createWishes(field: Field, input: EligibilityInput): (candidate: Candidate, index: number) => number {
  const { preferences, profile, maxTokens = 0 } = input;
  const models = preferences.models.map((id) => field.models.indexOf(id));
  const [onlyModel] = models;
  const needs = profile.needs.map(field.able);
  if (profile.language !== undefined) needs.push(field.speaks(profile.language));
  const minContext = profile.promptTokens;
  const minOutput = preferences.requireParameters ? maxTokens : 0;
  const names = hasNames(preferences);
  const prices = hasPrices(preferences);
  const servesModel = (index: number): boolean =>
    models.length < 2 ? field.model[index] === onlyModel : models.includes(field.model[index] ?? -1);
  // eslint-disable-next-line complexity -- as above
  return (candidate, index) => {
    if (models.length > 0 && !servesModel(index)) return CODES.model;
    for (const able of needs) if (able[index] === 0) return CODES.capability;
    if (minContext > (field.contextLength[index] ?? 0)) return CODES.context;
    if (minOutput > (field.maxOutputTokens[index] ?? 0)) return CODES.output;
    const named = names ? providerReason(candidate, preferences) : undefined;
    const priced = named === undefined && prices ? priceReason(candidate, preferences, profile) : undefined;
    const reason = named ?? priced;
    return reason === undefined ? 0 : CODES[reason];
  };
}

const hasNames = ({ only, ignore, order }: Preferences): boolean =>
  only !== undefined || ignore.length > 0 || order.length > 0;

const hasPrices = ({ maxInputPrice, maxOutputPrice, maxCostMicroUsd }: Preferences): boolean =>
  maxInputPrice !== undefined || maxOutputPrice !== undefined || maxCostMicroUsd !== undefined;

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
