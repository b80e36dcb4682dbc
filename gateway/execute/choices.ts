import type { JsonValue } from '../protocol/canonical-json.ts';
import type { JsonObject } from '../protocol/content.ts';
import { UpstreamFailure } from './failure.ts';

/** What `n` may be at most, so no answer has more. */
export const MAX_CHOICES = 128;

/** How many choices an answer to this body may have. Fewer is no fault: many backends do not know `n`. */
export function choicesAsked({ n }: JsonObject): number {
  return typeof n === 'number' && Number.isInteger(n) && n >= 1 ? Math.min(n, MAX_CHOICES) : 1;
}

/**
 * The index of every choice of one answer or chunk, its place where it states none. All choices are counted and billed
 * but only the first is judged: those that nobody asked for must not get that far.
 * @throws UpstreamFailure (`malformed`) unless they are whole numbers below `maxChoices`, each stated once.
 */
export function choiceIndexes(choices: readonly JsonObject[], maxChoices: number): readonly number[] {
  const [only] = choices;
  if (only !== undefined && choices.length === 1) return [indexOf(only['index'] ?? 0, maxChoices)];
  const indexes = choices.map((choice, place) => indexOf(choice['index'] ?? place, maxChoices));
  if (new Set(indexes).size !== indexes.length)
    throw new UpstreamFailure('malformed', { said: 'two choices of one index' });
  return indexes;
}

function indexOf(index: JsonValue, maxChoices: number): number {
  if (typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < maxChoices) return index;
  throw new UpstreamFailure('malformed', { said: 'a choice that was not asked for, or has no usable index' });
}
