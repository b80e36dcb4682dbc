import type { JsonObject } from '../protocol/content.ts';
import type { Address } from '../protocol/types.ts';
import type { Candidate, LiveConditions } from './candidate.ts';
import { decide } from './decide.ts';
import type { Decision } from './decide.ts';
import type { Draw } from './draw.ts';
import { readPreferences } from './preferences.ts';
import type { Preferences } from './preferences.ts';
import { stickyKeyOf } from './sticky.ts';
import { readTask } from './task-profile.ts';
import type { TaskProfile } from './task-profile.ts';
import type { TextFeatures } from './text/features.ts';

/** Quality 0…1, in the predictor's own order of models. */
export type Foreseen = ArrayLike<number>;

export type PlanInput = {
  readonly body: JsonObject;
  /** Capabilities that the endpoint asks for, besides those the body shows. */
  readonly needs?: readonly string[];
  readonly candidates: readonly Candidate[];
  readonly live: (candidate: Candidate, task: TaskProfile, index: number, foreseen?: Foreseen) => LiveConditions;
  /** What a trained predictor expects of each model it knows, for this text. */
  readonly foresee?: ((features: TextFeatures) => Foreseen) | undefined;
  readonly epoch: bigint;
  readonly minimumStake: bigint;
  readonly pin: readonly Address[] | undefined;
  readonly exclude: readonly Address[] | undefined;
  readonly draw: Draw;
  readonly exploreBps: number;
  readonly complete: boolean;
  readonly traceId: string | undefined;
};

export type Plan = {
  readonly profile: TaskProfile;
  readonly preferences: Preferences;
  readonly decision: Decision;
  /** The caller's own bound on the answer, if any. */
  readonly maxTokens: number | undefined;
};

/** From a request's body to whom to ask: profile, wishes, decision. Pure; live conditions, chance and time come in. */
export function planRoute(input: PlanInput): Plan {
  const { profile: seen, features } = readTask(input.body);
  const foreseen = input.foresee?.(features);
  const profile = { ...seen, needs: [...seen.needs, ...(input.needs ?? [])].toSorted() };
  const preferences = readPreferences(input.body);
  const maxTokens = maxTokensOf(input.body);
  const live = (candidate: Candidate, index: number): LiveConditions => input.live(candidate, profile, index, foreseen);
  const stickyKey = preferences.sticky ? stickyKeyOf(input.body) : undefined;
  const decision = decide({ ...input, live, profile, preferences, maxTokens, stickyKey });
  return { profile, preferences, maxTokens, decision };
}

export function maxTokensOf(body: JsonObject): number | undefined {
  const cap = body['max_completion_tokens'] ?? body['max_tokens'];
  return typeof cap === 'number' && Number.isSafeInteger(cap) && cap > 0 ? cap : undefined;
}
