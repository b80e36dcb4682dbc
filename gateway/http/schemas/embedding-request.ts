import { Type } from 'typebox';

import { ROUTING_FIELDS, nullable, open } from './preferences.ts';

const Tokens = Type.Array(Type.Integer({ minimum: 0, maximum: 10_000_000 }), { minItems: 1, maxItems: 1_000_000 });

/** One text or a list, or the same in a model's own tokens. */
const Input = Type.Union([
  Type.String({ minLength: 1 }),
  Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 2_048 }),
  Tokens,
  Type.Array(Tokens, { minItems: 1, maxItems: 2_048 }),
]);

/** Known fields are checked, all others go to the node as they are. */
export const EmbeddingRequest = Type.Object(
  {
    input: Input,
    encoding_format: nullable(Type.Enum(['float', 'base64'])),
    dimensions: nullable(Type.Integer({ minimum: 1, maximum: 100_000 })),
    stream: nullable(Type.Literal(false)),
    ...ROUTING_FIELDS,
  },
  open,
);
