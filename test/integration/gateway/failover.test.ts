import assert from 'node:assert/strict';

import OpenAI from 'openai';

import { BREAKER_DEFAULTS, createBreaker } from '../../../gateway/execute/breaker.ts';
import { createConditionBook } from '../../../gateway/registry/conditions.ts';
import { answer, failWith, json, startFakeNode, streamThen, streamWords } from './support/fake-node.ts';
import type { FakeNode } from './support/fake-node.ts';
import { inferenceNode, startGateway } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';

const messages = [{ role: 'user' as const, content: 'Say hello to the world.' }];
const STEP_MS = 500;
const PATIENT = { chunkMs: 30_000, totalMs: 60_000, plainMs: 30_000 };

describe('a gateway whose first choice comes and goes', () => {
  let first: FakeNode;
  let second: FakeNode;
  let gateway: TestGateway;
  let client: OpenAI;
  let nowMs: number;

  beforeEach(async () => {
    first = await startFakeNode(answer('from the first'));
    second = await startFakeNode(answer('from the second'));
    nowMs = 1_000_000;
    const clock = (): number => nowMs;
    // The draw is pinned to 0, which falls to the first by address among equals: node 0. No machine's load moves this clock.
    gateway = await startGateway([inferenceNode(0, first.url), inferenceNode(1, second.url)], {
      breaker: createBreaker(BREAKER_DEFAULTS, clock),
      conditions: createConditionBook(clock),
      nowMs: clock,
      limits: { ...PATIENT, connectMs: PATIENT.plainMs, headersMs: PATIENT.plainMs, firstTokenMs: PATIENT.plainMs },
    });
    client = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  });
  afterEach(async () => {
    await gateway.close();
    await Promise.all([first.close(), second.close()]);
  });

  const ask = (): Promise<OpenAI.ChatCompletion> => client.chat.completions.create({ model: 'demo', messages });

  for (const outageMs of [5_000, 31_000, 120_000]) {
    it(`answers all through an outage of ${outageMs / 1_000} s, probes rarely, and is back within 30 s of its end`, async () => {
      await ask();
      assert.equal(first.requests.length, 1);
      first.behave(failWith(503));
      for (const end = nowMs + outageMs; nowMs < end; nowMs += STEP_MS)
        assert.equal((await ask()).choices[0]?.message.content, 'from the second');
      const asked = first.requests.length - 1;
      // Those that open the breaker, the probes of the growing pauses, and then one every 20 s.
      assert.ok(asked <= 8 + outageMs / 20_000, `asked ${asked} times`);

      first.behave(answer('from the first'));
      const recoveredMs = nowMs;
      while ((await ask()).choices[0]?.message.content !== 'from the first') {
        nowMs += STEP_MS;
        assert.ok(nowMs - recoveredMs < 30_000, 'not asked again in time');
      }
    });
  }

  it('books model, tokens and cost to the node that answered, and none to the one that failed', async () => {
    first.behave(failWith(500));
    const { data, response } = await client.chat.completions.create({ model: 'demo', messages }).withResponse();
    assert.equal(data.choices[0]?.message.content, 'from the second');
    assert.equal(first.requests.length, 1);
    const [served] = gateway.receipts.served();
    assert.equal(gateway.receipts.served().length, 1);
    assert.equal(served?.receipt.node, inferenceNode(1, '').account);
    assert.equal(response.headers.get('x-dgrid-node')?.toLowerCase(), inferenceNode(1, '').account);
    const { cost } = data.usage as unknown as { readonly cost: string };
    assert.ok(Number(cost) > 0);
  });

  it('takes no answer of a second node as the rest of one that broke off', async () => {
    first.behave(streamThen(streamWords(['from ', 'the ']), (response) => response.destroy()));
    let text = '';
    await assert.rejects(async () => {
      const stream = await client.chat.completions.create({ model: 'demo', messages, stream: true });
      for await (const part of stream) text += part.choices[0]?.delta.content ?? '';
    }, OpenAI.APIError);
    assert.equal(text, 'from the ');
    assert.equal(second.requests.length, 0);
  });

  it('does not call the request wrong when one node is down and only the other one rejects it', async () => {
    first.behave(failWith(500));
    second.behave(json(400, { error: { message: 'no prefill here', type: 'invalid_request_error', code: 'prefill' } }));
    await assert.rejects(ask(), (error) => {
      assert.ok(error instanceof OpenAI.APIError);
      assert.equal(error.status, 502);
      assert.equal(error.code, 'DGRID_NODE_FAULT');
      return true;
    });
    assert.ok(first.requests.length + second.requests.length <= 3);
    assert.deepEqual(gateway.receipts.served(), []);
  });
});
