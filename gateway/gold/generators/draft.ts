import type { Reference } from '../../poq/dimensions/reference.ts';
import type { JsonValue } from '../../protocol/canonical-json.ts';
import type { FamilyName } from '../../protocol/constants.ts';
import { pickOne } from '../random.ts';
import type { RandomInt } from '../random.ts';
import type { GoldTask } from '../task.ts';

/** What a generator makes up; how it is wrapped into a request varies like the requests of real callers. */
export type Draft = {
  readonly family: FamilyName;
  readonly prompt: string;
  readonly reference: Reference;
  readonly schema?: { readonly [key: string]: JsonValue };
};
export type Generator = (random: RandomInt) => Draft;

const SYSTEM_MESSAGES = [
  'You are a helpful assistant.',
  'Answer precisely and briefly.',
  'You work for a busy office.',
];

export function taskOf(draft: Draft, random: RandomInt): GoldTask {
  const { family, prompt, reference, schema } = draft;
  const user = { role: 'user', content: prompt };
  const messages = random(4) === 0 ? [{ role: 'system', content: pickOne(random, SYSTEM_MESSAGES) }, user] : [user];
  const format =
    schema === undefined ? {} : { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } };
  const limit = random(2) === 0 ? {} : { max_tokens: pickOne(random, [200, 256, 400, 512]) };
  return { family, body: { messages, ...format, ...limit, stream: random(2) === 0 }, reference };
}
