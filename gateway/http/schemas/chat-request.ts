import { Type } from 'typebox';
import type { TSchema } from 'typebox';

import { FAMILIES } from '../../protocol/constants.ts';

/** What OpenAI's clients send for "not set" as well as leaving a field out. */
const nullable = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));
const open = { additionalProperties: true } as const;
const closed = { additionalProperties: false } as const;

const Names = Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 64 });
const Usd = Type.Number({ minimum: 0, maximum: 1_000_000 });

const ContentPart = Type.Object({ type: Type.String({ minLength: 1 }) }, open);

const Message = Type.Object(
  {
    role: Type.String({ minLength: 1, maxLength: 40 }),
    content: nullable(Type.Union([Type.String(), Type.Array(ContentPart, { maxItems: 1_000 })])),
    tool_calls: nullable(Type.Array(Type.Object({}, open), { maxItems: 128 })),
  },
  open,
);

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

/** Known fields are checked, all others go to the node as they are. */
export const ChatRequest = Type.Object(
  {
    model: Type.String({ minLength: 1, maxLength: 200 }),
    messages: Type.Array(Message, { minItems: 1, maxItems: 10_000 }),
    stream: nullable(Type.Boolean()),
    stream_options: nullable(Type.Object({ include_usage: nullable(Type.Boolean()) }, open)),
    n: nullable(Type.Integer({ minimum: 1, maximum: 128 })),
    max_tokens: nullable(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
    max_completion_tokens: nullable(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
    temperature: nullable(Type.Number({ minimum: 0, maximum: 2 })),
    top_p: nullable(Type.Number({ minimum: 0, maximum: 1 })),
    tools: nullable(Type.Array(Type.Object({ type: Type.String() }, open), { maxItems: 512 })),
    response_format: nullable(Type.Object({ type: Type.Enum(['text', 'json_object', 'json_schema']) }, open)),
    models: Type.Optional(Names),
    provider: Type.Optional(Provider),
    private: Type.Optional(Type.Boolean()),
    task: Type.Optional(Type.Enum([...FAMILIES])),
    min_quality: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    max_cost: Type.Optional(Usd),
    dgrid: Type.Optional(Type.Object({ format: Type.Optional(Format) }, closed)),
  },
  open,
);

/** Fields that say whom to ask and how: an error in one has a code of its own. */
export const PREFERENCE_FIELDS: ReadonlySet<string> = new Set([
  'models',
  'provider',
  'private',
  'task',
  'min_quality',
  'max_cost',
  'dgrid',
]);
