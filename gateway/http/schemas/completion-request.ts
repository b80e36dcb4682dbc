import { Type } from 'typebox';

import { SAMPLING_FIELDS } from './chat-request.ts';
import { ROUTING_FIELDS, nullable, open } from './preferences.ts';

const Tokens = Type.Array(Type.Integer({ minimum: 0, maximum: 10_000_000 }), { minItems: 1, maxItems: 1_000_000 });

/** A text to be continued, a list of them, or the same in a model's own tokens. */
const Prompt = Type.Union([
  Type.String(),
  Type.Array(Type.String(), { minItems: 1, maxItems: 128 }),
  Tokens,
  Type.Array(Tokens, { minItems: 1, maxItems: 128 }),
]);

/** Known fields are checked, all others go to the node as they are. */
export const CompletionRequest = Type.Object(
  { prompt: Prompt, ...SAMPLING_FIELDS, echo: nullable(Type.Boolean()), ...ROUTING_FIELDS },
  open,
);
