import { Type } from 'typebox';
import type { TSchema } from 'typebox';

import * as answers from './answers.ts';

/** What the reference page says of a route; the form of its body comes from the route itself. */
export type RouteDoc = {
  readonly summary: string;
  readonly group: 'Inference' | 'Account' | 'Network' | 'Operations';
  readonly key: boolean;
  readonly answer: TSchema | undefined;
  readonly type?: string;
  /** Statuses besides 200 and the ones that every route may end in. */
  readonly errors: readonly number[];
  readonly streams?: boolean;
};

const inference = {
  group: 'Inference',
  key: true,
  errors: [400, 402, 404, 413, 415, 422, 429, 502, 503, 504],
} as const;
const network = { group: 'Network', key: false, errors: [404] } as const;
const operations = { group: 'Operations', key: false, errors: [] } as const;

export const ROUTES: Readonly<Record<string, RouteDoc>> = {
  'POST /v1/chat/completions': {
    ...inference,
    summary: 'Answers a chat, plain or streamed',
    answer: answers.ChatAnswer,
    streams: true,
  },
  'POST /v1/completions': {
    ...inference,
    summary: 'Continues a text, plain or streamed',
    answer: answers.CompletionAnswer,
    streams: true,
  },
  'POST /v1/embeddings': { ...inference, summary: 'Turns texts into vectors', answer: answers.EmbeddingAnswer },
  'POST /v1/route': {
    ...inference,
    summary: 'Which node would be asked, and why; none is',
    answer: answers.Decision,
    errors: [400, 404, 413, 415, 422, 503],
  },
  'GET /v1/models': { ...network, key: true, summary: 'Models on offer', answer: answers.ModelList, errors: [] },
  'GET /v1/models/*': { ...network, key: true, summary: 'One of them', answer: answers.Model },
  'GET /v1/key': {
    group: 'Account',
    key: true,
    summary: 'What this key has spent, and may',
    answer: answers.Key,
    errors: [],
  },
  'GET /v1/receipts/:id': {
    group: 'Account',
    key: false,
    summary: 'A receipt with its proofs; the key that paid for it until it is final',
    answer: answers.Receipt,
    errors: [401, 404],
  },
  'POST /v1/receipts/:id/feedback': {
    group: 'Account',
    key: true,
    summary: 'The payer says whether an answer was good',
    answer: answers.FeedbackAnswer,
    errors: [400, 404, 409, 415],
  },
  'GET /v1/nodes': { ...network, summary: 'Registered nodes', answer: answers.NodeList, errors: [] },
  'GET /v1/nodes/:id': { ...network, summary: 'One node, by its account', answer: answers.Node },
  'GET /v1/params': { ...network, summary: 'The parameters of the protocol', answer: answers.Params, errors: [] },
  'GET /v1/epochs/:epoch': { ...network, summary: 'An epoch and its distribution', answer: answers.Epoch },
  'GET /v1/epochs/:epoch/dataset': {
    ...network,
    summary: 'What the epoch is computed from, as JSON lines',
    answer: Type.String(),
    type: 'application/x-ndjson',
  },
  'GET /v1/batches/:batch/dataset': {
    ...network,
    summary: "One batch's part of its epoch's dataset",
    answer: Type.String(),
    type: 'application/x-ndjson',
  },
  'GET /healthz': { ...operations, summary: 'Whether the process lives', answer: answers.Health },
  'GET /readyz': { ...operations, summary: 'Whether requests can be served', answer: answers.Readiness, errors: [503] },
  'GET /metrics': { ...operations, summary: 'Figures for Prometheus', answer: Type.String(), type: 'text/plain' },
  'GET /openapi.json': {
    ...operations,
    summary: 'This description',
    answer: Type.Object({}, { additionalProperties: true }),
  },
};
