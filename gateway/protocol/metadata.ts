import { Type } from 'typebox';
import type { Static } from 'typebox';

/** What a node says of itself behind its metadata URI; the hash on chain is keccak256 of the file's RFC 8785 form. */
const TokenPriceSchema = Type.Object(
  {
    /** micro-USD per million tokens */
    input: Type.Integer({ minimum: 0, maximum: 1_000_000_000_000 }),
    output: Type.Integer({ minimum: 0, maximum: 1_000_000_000_000 }),
  },
  { additionalProperties: false },
);

export const ModelMetadata = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 200 }),
    contextLength: Type.Integer({ minimum: 1, maximum: 100_000_000 }),
    maxOutputTokens: Type.Integer({ minimum: 1, maximum: 10_000_000 }),
    capabilities: Type.Array(Type.String({ minLength: 1, maxLength: 40 }), { maxItems: 32, uniqueItems: true }),
    price: TokenPriceSchema,
  },
  { additionalProperties: false },
);

export const NodeMetadata = Type.Object(
  {
    version: Type.Literal(1),
    name: Type.String({ minLength: 1, maxLength: 80 }),
    /** Base URL of the agent, without a trailing slash. */
    endpoint: Type.String({ pattern: '^https?://[^\\s]+[^/\\s]$', maxLength: 400 }),
    models: Type.Array(ModelMetadata, { maxItems: 256 }),
  },
  { additionalProperties: false },
);

export type NodeMetadata = Readonly<Static<typeof NodeMetadata>>;
export type ModelMetadata = Readonly<Static<typeof ModelMetadata>>;
