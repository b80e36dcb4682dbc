import type { JsonObject } from '../protocol/content.ts';
import type { JsonValue } from '../protocol/canonical-json.ts';
import { isObject } from './json.ts';

/** Token counts as a node states them: a claim, never what is billed. */
export type ClaimedUsage = {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly details: JsonObject;
};

const count = (value: JsonValue | undefined): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 2 ** 32 ? value : undefined;

/**
 * Usage from any shape seen in the field: on the last chunk with empty `choices` (OpenAI), on every chunk, beside the
 * finish reason, inside a choice (Moonshot), or under `x_groq`; with OpenAI's or Anthropic's names.
 */
export function readUsage(body: JsonObject): ClaimedUsage | undefined {
  const usage = usageObject(body);
  if (usage === undefined) return undefined;
  const promptTokens = count(usage['prompt_tokens']) ?? count(usage['input_tokens']);
  const completionTokens = count(usage['completion_tokens']) ?? count(usage['output_tokens']);
  if (promptTokens === undefined && completionTokens === undefined) return undefined;
  const detail = (name: string): JsonObject => (isObject(usage[name]) ? { [name]: usage[name] } : {});
  return {
    promptTokens: promptTokens ?? 0,
    completionTokens: completionTokens ?? 0,
    details: { ...detail('prompt_tokens_details'), ...detail('completion_tokens_details') },
  };
}

function usageObject(body: JsonObject): JsonObject | undefined {
  const groq = body['x_groq'];
  const choices = body['choices'];
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const places = [
    body['usage'],
    isObject(groq) ? groq['usage'] : undefined,
    isObject(first) ? first['usage'] : undefined,
  ];
  return places.find(isObject);
}
