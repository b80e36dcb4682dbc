import assert from 'node:assert/strict';

import OpenAI from 'openai';

import type { KeyTerms } from '../../../gateway/account/key-file.ts';
import { chunk, failWith, sse, startFakeNode, streamThen, streamWords } from './support/fake-node.ts';
import type { FakeNode } from './support/fake-node.ts';
import { inferenceNode, startGateway } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';

const messages = [{ role: 'user' as const, content: 'Say hello to the world.' }];
const ask = { model: 'demo', messages, max_tokens: 10 };

describe('money, through a gateway and the OpenAI SDK', () => {
  let node: FakeNode;
  let gateway: TestGateway;
  let client: OpenAI;

  beforeEach(async () => {
    node = await startFakeNode();
  });
  afterEach(async () => {
    await gateway.close();
    await node.close();
  });
  const start = async (terms: KeyTerms): Promise<void> => {
    gateway = await startGateway([inferenceNode(0, node.url)], { terms, maxInFlight: 2_000 });
    client = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  };
  const account = () => {
    const view = gateway.ledger.view(gateway.keyHash);
    assert.ok(view);
    return view;
  };
  const charged = (): bigint => gateway.receipts.charges().reduce((sum, { microUsd }) => sum + microUsd, 0n);
  const refused = (promise: Promise<unknown>, status: number | undefined, code: string, says = /./): Promise<void> =>
    assert.rejects(
      promise,
      (error) =>
        error instanceof OpenAI.APIError && error.status === status && error.code === code && says.test(error.message),
    );

  it('lets nothing of 1,000 parallel requests over one budget', async () => {
    await start({ budgetMicroUsd: 300n });
    const ended = await Promise.allSettled(
      Array.from({ length: 1_000 }, (_, index) =>
        client.chat.completions
          .create(index % 2 === 0 ? ask : { ...ask, stream: true as const })
          .then(async (answer) => {
            if (Symbol.asyncIterator in answer) await Array.fromAsync(answer);
          }),
      ),
    );
    const good = ended.filter(({ status }) => status === 'fulfilled').length;
    const codes = new Set(
      ended.flatMap((end) => (end.status === 'rejected' ? [(end.reason as { code?: string }).code] : [])),
    );
    assert.deepEqual([...codes], ['DGRID_BUDGET_EXCEEDED']);
    assert.ok(good > 5 && good < 1_000, `${good} served`);
    const { spent, reserved } = account();
    assert.deepEqual([spent, reserved], [charged(), 0n]);
    assert.ok(spent <= 300n, `${spent} spent`);
    assert.equal(gateway.receipts.served().length, good);
    assert.deepEqual(gateway.receipts.open(), []);
    // What the reservations held too much of is free again.
    while (account().spent < 280n) await client.chat.completions.create(ask);
    assert.ok(account().spent <= 300n);
  });

  it('says what is missing with 402, and charges exactly usage.cost', async () => {
    await start({ creditMicroUsd: 40n });
    await refused(
      client.chat.completions.create({ ...ask, max_tokens: 5_000 }),
      402,
      'DGRID_INSUFFICIENT_CREDIT',
      /0\.00\d+ USD is missing.*Add credit/,
    );
    const { usage } = await client.chat.completions.create(ask);
    assert.equal(BigInt(Math.round((usage as unknown as { cost: number }).cost * 1e6)), charged());
    assert.equal(account().spent, charged());
    assert.ok(charged() > 0n);
  });

  it('refuses with 429, Retry-After and OpenAI’s headers what the minute has no room for', async () => {
    await start({ requestsPerMinute: 2n, tokensPerMinute: 1_000n });
    const { response } = await client.chat.completions.create(ask).withResponse();
    assert.deepEqual(
      ['limit-requests', 'remaining-requests', 'limit-tokens'].map((name) =>
        response.headers.get(`x-ratelimit-${name}`),
      ),
      ['2', '1', '1000'],
    );
    assert.match(response.headers.get('x-ratelimit-reset-requests') ?? '', /^\d+s$/);
    const streamed = await client.chat.completions.create({ ...ask, stream: true }).withResponse();
    assert.equal(streamed.response.headers.get('x-ratelimit-remaining-requests'), '0');
    await Array.fromAsync(streamed.data);
    const error: unknown = await client.chat.completions.create(ask).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof OpenAI.RateLimitError && error.code === 'DGRID_RATE_LIMITED');
    assert.ok(Number(error.headers.get('retry-after')) >= 1);
    assert.deepEqual(
      [error.headers.get('x-should-retry'), error.headers.get('x-ratelimit-remaining-requests')],
      ['true', '0'],
    );
    assert.equal(node.requests.length, 2);
    await gateway.close();
    await start({ tokensPerMinute: 20n });
    await refused(client.chat.completions.create({ ...ask, max_tokens: 50 }), 429, 'DGRID_REQUEST_ABOVE_LIMIT');
  });

  it('charges nothing for what ended in a 5xx, streamed or not, and frees what was held', async () => {
    await start({ creditMicroUsd: 10_000n });
    node.behave(failWith(500));
    await refused(client.chat.completions.create(ask), 502, 'DGRID_NODE_FAULT');
    await gateway.close();
    await start({ creditMicroUsd: 10_000n });
    node.behave(streamThen(streamWords(['hello ', 'world']), (stream) => stream.destroy()));
    const stream = await client.chat.completions.create({ ...ask, stream: true });
    await assert.rejects(
      Array.fromAsync(stream),
      (error) => (error as { code?: string }).code === 'DGRID_STREAM_INTERRUPTED',
    );
    node.behave(streamThen([...streamWords(['hello']), sse(chunk({}, 'stop')), sse('[DONE]')], (out) => out.end()));
    gateway.receipts.failCommits(true);
    await refused(
      client.chat.completions.create({ ...ask, stream: true }).then((answer) => Array.fromAsync(answer)),
      undefined,
      'DGRID_STORE_UNAVAILABLE',
    );
    assert.deepEqual([account().spent, account().reserved, gateway.receipts.charges()], [0n, 0n, []]);
  });

  it('charges a caller who leaves for the prompt and for the words that were sent, and for no others', async () => {
    await start({ creditMicroUsd: 100_000n });
    node.behave(streamThen(streamWords(['one ', 'two ', 'three ']), () => undefined));
    const stream = await client.chat.completions.create({ ...ask, stream: true });
    let words = 0;
    for await (const part of stream) {
      words += part.choices[0]?.delta.content ? 1 : 0;
      if (words === 3) break; // the SDK closes the connection
    }
    await node.aborted();
    while (account().reserved > 0n) await new Promise((resolve) => setImmediate(resolve));
    const [charge] = gateway.receipts.charges();
    // 6 tokens of prompt with 7 around it, 4 of "one two three ": at 0.1 and 0.4 micro-USD, rounded up.
    assert.deepEqual([charge?.tokens, charge?.microUsd, account().spent], [17n, 3n, 3n]);
    assert.deepEqual([gateway.receipts.served(), gateway.receipts.open()], [[], []]);
  });

  it('charges nothing to a caller who leaves before the first word', async () => {
    await start({ creditMicroUsd: 100_000n });
    node.behave(() => undefined);
    const controller = new AbortController();
    const asked = client.chat.completions.create({ ...ask, stream: true }, { signal: controller.signal });
    while (node.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await assert.rejects(asked, OpenAI.APIUserAbortError);
    await node.aborted();
    while (account().reserved > 0n) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([account().spent, gateway.receipts.charges()], [0n, []]);
  });

  it('shows a key its own account', async () => {
    await start({ creditMicroUsd: 1_000n, tokensPerMinute: 500n });
    await client.chat.completions.create(ask);
    const view = (await client.get('/key')) as Record<string, unknown>;
    assert.deepEqual(
      [view['name'], view['requests'], view['spentMicroUsd'], view['creditLeftMicroUsd']],
      ['test', '1', String(charged()), String(1_000n - charged())],
    );
    assert.equal((view['perMinute'] as { tokens: { limit: string } }).tokens.limit, '500');
  });
});
