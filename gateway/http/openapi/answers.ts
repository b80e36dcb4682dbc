import { Type } from 'typebox';
import type { TSchema } from 'typebox';

import { ERRORS } from '../../errors.ts';

/** Forms of the answers, for the reference page and for the test that holds real answers against them. */

const open = { additionalProperties: true } as const;
const Text = Type.String();
const Count = Type.Integer({ minimum: 0 });
/** Integers that may exceed 2^53. */
const Decimal = Type.String({ pattern: '^[0-9]+$' });
const Hash = Type.String({ pattern: '^0x[0-9a-fA-F]{64}$' });
const Address = Type.String({ pattern: '^0x[0-9a-fA-F]{40}$' });
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const ErrorAnswer = Type.Object(
  {
    error: Type.Object(
      {
        message: Text,
        type: Type.Enum([...new Set(Object.values(ERRORS).map(({ type }) => type))]),
        param: nullable(Text),
        code: Type.Enum(Object.keys(ERRORS)),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);

const Usage = Type.Object(
  {
    prompt_tokens: Count,
    completion_tokens: Count,
    total_tokens: Count,
    cost: Type.Number({ minimum: 0, description: 'USD' }),
  },
  open,
);
const Message = Type.Object({ role: Text, content: nullable(Text) }, open);

export const ChatAnswer = Type.Object(
  {
    id: Text,
    object: Type.Literal('chat.completion'),
    choices: Type.Array(Type.Object({ index: Count, message: Message, finish_reason: nullable(Text) }, open)),
    usage: Usage,
  },
  open,
);

export const CompletionAnswer = Type.Object(
  {
    object: Type.Literal('text_completion'),
    choices: Type.Array(Type.Object({ index: Count, text: Text, finish_reason: nullable(Text) }, open)),
    usage: Usage,
  },
  open,
);

export const EmbeddingAnswer = Type.Object(
  {
    object: Type.Literal('list'),
    data: Type.Array(
      Type.Object({
        object: Type.Literal('embedding'),
        index: Count,
        embedding: Type.Union([Type.Array(Type.Number()), Type.String({ contentEncoding: 'base64' })]),
      }),
    ),
    model: Text,
    usage: Type.Object({ prompt_tokens: Count, total_tokens: Count, cost: Type.Number({ minimum: 0 }) }),
  },
  open,
);

const Price = Type.Object({ input: Count, output: Count }, { description: 'micro-USD per million tokens' });
export const Model = Type.Object(
  {
    id: Text,
    object: Type.Literal('model'),
    context_length: Count,
    max_output_tokens: Count,
    capabilities: Type.Array(Text),
    price: Price,
    nodes: Count,
  },
  open,
);
export const ModelList = Type.Object({ object: Type.Literal('list'), data: Type.Array(Model) });

export const Node = Type.Object(
  {
    account: Address,
    role: Type.Enum(['inference', 'evaluator', 'gateway']),
    signer: Address,
    stake: Decimal,
    activeFromEpoch: Decimal,
    inactiveFromEpoch: Decimal,
    name: Text,
  },
  open,
);
export const NodeList = Type.Object({ object: Type.Literal('list'), data: Type.Array(Node) });

export const Decision = Type.Object(
  {
    version: Count,
    task: Type.Object({}, open),
    cause: Text,
    pinned: Type.Boolean(),
    candidates: Type.Array(Type.Object({}, open)),
  },
  open,
);

export const Receipt = Type.Object(
  {
    id: Hash,
    object: Type.Literal('dgrid.receipt'),
    state: Type.Enum(['served', 'anchored', 'evaluated', 'recorded', 'final', 'lost']),
    model: Text,
    domain: Type.Object({ chainId: Decimal, nodeStaking: Address, proofRegistry: Address, rewardDistributor: Address }),
    receipt: Type.Object({ id: Hash, gateway: Address, node: Address, serial: Decimal }, open),
    signature: nullable(Text),
  },
  { ...open, description: 'In full: docs/receipt.schema.json' },
);

export const FeedbackAnswer = Type.Object({
  object: Type.Literal('dgrid.feedback'),
  receipt: Hash,
  node: Address,
  rating: Type.Enum(['good', 'bad']),
});

const Limit = Type.Optional(Type.Object({ limit: Decimal, remaining: Decimal, resetSeconds: Count }));
export const Key = Type.Object(
  {
    object: Type.Literal('dgrid.key'),
    name: Text,
    requests: Decimal,
    spentMicroUsd: Decimal,
    spentTodayMicroUsd: Decimal,
    reservedMicroUsd: Decimal,
    perMinute: Type.Object({ requests: Limit, tokens: Limit, microUsd: Limit }),
  },
  open,
);

export const Epoch = Type.Object({ epoch: Decimal }, open);
export const Params = Type.Object({ version: Count }, open);
export const Health = Type.Object({ status: Type.Literal('ok') });
export const Readiness = Type.Object({ status: Type.Enum(['ready', 'waiting']), waiting: Type.Array(Text) });
