import assert from 'node:assert/strict';

import OpenAI from 'openai';

import { ERRORS } from '../../../gateway/errors.ts';
import type { ErrorCode } from '../../../gateway/errors.ts';
import type { KeyTerms } from '../../../gateway/account/key-file.ts';
import { failWith, json, silent, startFakeNode } from './support/fake-node.ts';
import type { Behaviour, FakeNode } from './support/fake-node.ts';
import { inferenceNode, startGateway } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';

const messages = [{ role: 'user' as const, content: 'hi' }];
const chat = { model: 'demo', messages };
const refusal = (code: string): Behaviour => json(400, { error: { message: 'said the node', code } });

type Class = abstract new (...args: never[]) => InstanceType<typeof OpenAI.APIError>;
type Row = {
  readonly code: ErrorCode;
  readonly of: Class;
  /** What the message has to say. */
  readonly says: RegExp;
  readonly node?: Behaviour;
  readonly terms?: KeyTerms;
  readonly body?: object;
  readonly apiKey?: string;
};

const ROWS: readonly Row[] = [
  { code: 'DGRID_INVALID_BODY', of: OpenAI.BadRequestError, says: /messages/, body: { messages: [] } },
  { code: 'DGRID_INVALID_PREFERENCE', of: OpenAI.BadRequestError, says: /task/, body: { task: 'cooking' } },
  { code: 'DGRID_REQUEST_REJECTED', of: OpenAI.BadRequestError, says: /said the node/, node: refusal('bad') },
  {
    code: 'DGRID_CONTEXT_TOO_LONG',
    of: OpenAI.BadRequestError,
    says: /context/,
    node: refusal('context_length_exceeded'),
  },
  { code: 'DGRID_CONTENT_REFUSED', of: OpenAI.BadRequestError, says: /policy/, node: refusal('content_filter') },
  { code: 'DGRID_INVALID_KEY', of: OpenAI.AuthenticationError, says: /not known/, apiKey: 'nobody' },
  {
    code: 'DGRID_INSUFFICIENT_CREDIT',
    of: OpenAI.APIError,
    says: /is missing.*Add credit/,
    terms: { creditMicroUsd: 1n },
  },
  {
    code: 'DGRID_BUDGET_EXCEEDED',
    of: OpenAI.APIError,
    says: /is missing.*midnight/,
    terms: { dailyBudgetMicroUsd: 1n },
  },
  { code: 'DGRID_UNKNOWN_MODEL', of: OpenAI.NotFoundError, says: /"demo"/, body: { model: 'dem' } },
  { code: 'DGRID_BODY_TOO_LARGE', of: OpenAI.APIError, says: /larger/, body: { x: 'a'.repeat(1_100_000) } },
  {
    code: 'DGRID_UNSATISFIABLE',
    of: OpenAI.UnprocessableEntityError,
    says: /price 1/,
    body: { provider: { max_price: { prompt: 0 } } },
  },
  {
    code: 'DGRID_RATE_LIMITED',
    of: OpenAI.RateLimitError,
    says: /Try again in \d+ s/,
    terms: { requestsPerMinute: 1n },
  },
  { code: 'DGRID_REQUEST_ABOVE_LIMIT', of: OpenAI.RateLimitError, says: /max_tokens/, terms: { tokensPerMinute: 1n } },
  { code: 'DGRID_NODE_FAULT', of: OpenAI.InternalServerError, says: /attempt/, node: failWith(500) },
  {
    code: 'DGRID_NODES_BUSY',
    of: OpenAI.InternalServerError,
    says: /busy/,
    node: failWith(429, { 'retry-after': '7' }),
  },
  { code: 'DGRID_NODE_TIMEOUT', of: OpenAI.InternalServerError, says: /in time/, node: silent },
];

describe('the table of errors, through the OpenAI SDK', () => {
  let node: FakeNode;
  let gateway: TestGateway;
  const start = async ({ terms = {}, node: behaviour }: Partial<Row>): Promise<void> => {
    node = await startFakeNode(...(behaviour === undefined ? [] : [behaviour]));
    gateway = await startGateway([inferenceNode(0, node.url)], { terms });
  };
  const clientOf = (apiKey = gateway.key): OpenAI =>
    new OpenAI({ apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  afterEach(async () => {
    await gateway.close();
    await node.close();
  });

  for (const row of ROWS) {
    const { status, retryable, type } = ERRORS[row.code];
    it(`raises ${row.code} as ${row.of.name} with status ${status}, charging nothing`, async () => {
      await start(row);
      const ask = () => clientOf(row.apiKey).chat.completions.create({ ...chat, ...row.body });
      if (row.code === 'DGRID_RATE_LIMITED') await ask();
      const before = gateway.receipts.charges().length;
      const error: unknown = await ask().catch((thrown: unknown) => thrown);
      assert.ok(error instanceof row.of, String(error));
      assert.deepEqual([error.code, error.status, error.type], [row.code, status, type]);
      assert.match(error.message, row.says);
      assert.equal(error.headers?.get('x-should-retry'), String(retryable));
      if (retryable) assert.ok(Number(error.headers?.get('retry-after')) >= 1);
      assert.equal(gateway.receipts.charges().length, before);
      assert.deepEqual(gateway.receipts.open(), []);
      assert.equal(gateway.ledger.view(gateway.keyHash)?.reserved, 0n);
    });
  }

  it('raises DGRID_NO_ELIGIBLE_NODE with the reasons once a breaker is open', async () => {
    await start({ node: failWith(500) });
    const ask = () => clientOf().chat.completions.create(chat);
    await ask().catch(() => undefined);
    await ask().catch(() => undefined);
    const error: unknown = await ask().catch((thrown: unknown) => thrown);
    assert.ok(error instanceof OpenAI.InternalServerError && error.code === 'DGRID_NO_ELIGIBLE_NODE');
    assert.match(error.message, /breaker 1/);
    assert.ok(Number(error.headers.get('retry-after')) >= 1);
  });

  it('raises DGRID_STORE_UNAVAILABLE when the receipt cannot be written', async () => {
    await start({});
    gateway.receipts.failCommits(true);
    const error: unknown = await clientOf()
      .chat.completions.create(chat)
      .catch((thrown: unknown) => thrown);
    assert.ok(error instanceof OpenAI.InternalServerError && error.code === 'DGRID_STORE_UNAVAILABLE');
    assert.deepEqual([gateway.receipts.charges(), gateway.receipts.open()], [[], []]);
  });
});
