import { Type } from 'typebox';
import type { TSchema } from 'typebox';

import { FAMILIES } from '../../protocol/constants.ts';

/** What OpenAI's clients send for "not set" as well as leaving a field out. */
export const nullable = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));
export const open = { additionalProperties: true } as const;
export const closed = { additionalProperties: false } as const;

const Names = Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 64 });
const Usd = Type.Number({ minimum: 0, maximum: 1_000_000 });

/** OpenRouter's dialect, as far as it is honoured. Closed: a wish that is not understood must not be ignored. */
export const Provider = Type.Object(
  {
    order: Type.Optional(Names),
    only: Type.Optional(Names),
    ignore: Type.Optional(Names),
    sort: Type.Optional(Type.Enum(['price', 'latency', 'throughput', 'quality'])),
    max_price: Type.Optional(Type.Object({ prompt: Type.Optional(Usd), completion: Type.Optional(Usd) }, closed)),
    allow_fallbacks: Type.Optional(Type.Boolean()),
    require_parameters: Type.Optional(Type.Boolean()),
    sticky: Type.Optional(Type.Boolean()),
  },
  closed,
);

/** What a program can check of an answer's form. Evaluators skip a rule they do not know, so it is refused here. */
export const FORMAT_KINDS = [
  'json',
  'count',
  'list',
  'language',
  'codeFence',
  'include',
  'exclude',
  'case',
  'startsWith',
  'endsWith',
  'pattern',
  'choice',
] as const;
const FormatRule = Type.Object({ kind: Type.Enum([...FORMAT_KINDS]) }, open);
const Format = Type.Union([FormatRule, Type.Array(FormatRule, { minItems: 1, maxItems: 32 })]);

/** Which model and node: the same fields on every inference endpoint. */
export const ROUTING_FIELDS = {
  model: Type.String({ minLength: 1, maxLength: 200 }),
  models: Type.Optional(Names),
  provider: Type.Optional(Provider),
  private: Type.Optional(Type.Boolean()),
  task: Type.Optional(Type.Enum([...FAMILIES])),
  min_quality: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  max_cost: Type.Optional(Usd),
  willingness_to_pay: Type.Optional(Type.Number({ minimum: 0.000001, maximum: 1_000_000 })),
  dgrid: Type.Optional(Type.Object({ format: Type.Optional(Format) }, closed)),
} as const;

/** Fields that say whom to ask and how: an error in one has a code of its own. */
export const PREFERENCE_FIELDS: ReadonlySet<string> = new Set([
  'models',
  'provider',
  'private',
  'task',
  'min_quality',
  'max_cost',
  'willingness_to_pay',
  'dgrid',
]);
