import { Type } from 'typebox';

import { ROUTING_FIELDS, nullable, open } from './preferences.ts';

const ContentPart = Type.Object({ type: Type.String({ minLength: 1 }) }, open);

const Message = Type.Object(
  {
    role: Type.String({ minLength: 1, maxLength: 40 }),
    content: nullable(Type.Union([Type.String(), Type.Array(ContentPart, { maxItems: 1_000 })])),
    tool_calls: nullable(Type.Array(Type.Object({}, open), { maxItems: 128 })),
  },
  open,
);

/** How much is to be written and how it is delivered: fields that both text endpoints share. */
export const SAMPLING_FIELDS = {
  stream: nullable(Type.Boolean()),
  stream_options: nullable(Type.Object({ include_usage: nullable(Type.Boolean()) }, open)),
  n: nullable(Type.Integer({ minimum: 1, maximum: 128 })),
  max_tokens: nullable(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
  temperature: nullable(Type.Number({ minimum: 0, maximum: 2 })),
  top_p: nullable(Type.Number({ minimum: 0, maximum: 1 })),
} as const;

/** Known fields are checked, all others go to the node as they are. */
export const ChatRequest = Type.Object(
  {
    messages: Type.Array(Message, { minItems: 1, maxItems: 10_000 }),
    ...SAMPLING_FIELDS,
    max_completion_tokens: nullable(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
    tools: nullable(Type.Array(Type.Object({ type: Type.String() }, open), { maxItems: 512 })),
    response_format: nullable(Type.Object({ type: Type.Enum(['text', 'json_object', 'json_schema']) }, open)),
    ...ROUTING_FIELDS,
  },
  open,
);
