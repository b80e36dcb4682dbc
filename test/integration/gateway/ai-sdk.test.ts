import assert from 'node:assert/strict';

import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, Output, generateText, isStepCount, streamText, tool } from 'ai';
import type { LanguageModel } from 'ai';
import { z } from 'zod';

import { Flag } from '../../../gateway/protocol/constants.ts';
import { startRealAgent } from './support/agent.ts';
import type { RunningAgent } from './support/agent.ts';
import { answer, chunk, completion, json, sse, startFakeNode, STREAM_END, streamThen } from './support/fake-node.ts';
import type { Behaviour, FakeNode } from './support/fake-node.ts';
import { inferenceNode, startGateway } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';

const CALL = { id: 'call_1', type: 'function', function: { name: 'add', arguments: '{"a":1,"b":2}' } };

/** Asks for the sum once, and states it when it is told. */
const calculator: Behaviour = (response, received) => {
  const { body } = received;
  const messages = body['messages'] as readonly { readonly role: string }[];
  if (messages.some(({ role }) => role === 'tool')) return answer('The sum is 3.')(response, received);
  if (body['stream'] !== true) {
    const message = { role: 'assistant', content: null, tool_calls: [CALL] };
    const choices = [{ index: 0, message, finish_reason: 'tool_calls' }];
    return json(200, completion('', { choices }))(response, received);
  }
  const pieces = [
    sse(chunk({ role: 'assistant', content: null })),
    sse(chunk({ tool_calls: [{ index: 0, ...CALL, function: { name: 'add', arguments: '{"a":1,' } }] })),
    sse(chunk({ tool_calls: [{ index: 0, function: { arguments: '"b":2}' } }] })),
    sse(chunk({}, 'tool_calls')),
    ...STREAM_END.slice(1),
  ];
  return streamThen(pieces, (stream) => stream.end())(response, received);
};

describe('the AI SDK against a gateway and two node agents', () => {
  let backends: FakeNode[];
  let agents: RunningAgent[];
  let gateway: TestGateway;
  let model: LanguageModel;
  const behave = (behaviour: Behaviour): void => backends.forEach((backend) => backend.behave(behaviour));

  before(async () => {
    backends = [await startFakeNode(), await startFakeNode()];
    agents = await Promise.all(backends.map((backend, index) => startRealAgent(index, backend.url)));
    gateway = await startGateway(agents.map((agent, index) => inferenceNode(index, agent.url)));
    const provider = createOpenAICompatible({
      name: 'dgrid',
      apiKey: gateway.key,
      baseURL: `${gateway.url}/v1`,
      includeUsage: true,
      supportsStructuredOutputs: true,
    });
    model = provider('demo');
  });
  beforeEach(() => behave(answer('hello brave new world')));
  after(async () => {
    await gateway.close();
    await Promise.all([...agents, ...backends].map((server) => server.close()));
  });

  it('returns a text with the tokens that the receipt states, and the receipt', async () => {
    const { text, usage, finishReason, response } = await generateText({ model, prompt: 'Say hello.' });
    const receipt = gateway.receipts.served().at(-1)?.receipt;
    assert.equal(text, 'hello brave new world');
    assert.equal(finishReason, 'stop');
    assert.deepEqual([usage.inputTokens, usage.outputTokens], [receipt?.promptTokens, receipt?.completionTokens]);
    assert.equal(response.headers?.['x-dgrid-receipt'], receipt?.id);
  });

  it('returns a text word by word, its usage last', async () => {
    const result = streamText({ model, prompt: 'Say hello.' });
    const words: string[] = [];
    for await (const word of result.textStream) words.push(word);
    assert.equal(words.join(''), 'hello brave new world');
    assert.ok(words.length > 1);
    const receipt = gateway.receipts.served().at(-1)?.receipt;
    assert.deepEqual((await result.usage).outputTokens, receipt?.completionTokens);
    assert.equal(await result.finishReason, 'stop');
  });

  const tools = {
    add: tool({
      description: 'Adds two numbers.',
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      execute: async ({ a, b }) => a + b,
    }),
  };

  it('calls a tool and answers with its result', async () => {
    behave(calculator);
    const { text, steps } = await generateText({ model, prompt: 'What is 1 + 2?', tools, stopWhen: isStepCount(3) });
    assert.equal(text, 'The sum is 3.');
    assert.deepEqual(
      steps.flatMap(({ toolResults }) => toolResults.map(({ output }) => output)),
      [3],
    );
  });

  it('calls a tool amid a stream, its arguments in pieces', async () => {
    behave(calculator);
    const result = streamText({ model, prompt: 'What is 1 + 2?', tools, stopWhen: isStepCount(3) });
    assert.equal(await result.text, 'The sum is 3.');
    assert.equal((await result.steps).length, 2);
  });

  it('returns an object of the schema, and the receipt knows that one was demanded', async () => {
    behave(json(200, completion('{"city":"Oslo","people":717000}')));
    const schema = z.object({ city: z.string(), people: z.number() });
    const { output } = await generateText({ model, prompt: 'Which city?', output: Output.object({ schema }) });
    assert.deepEqual(output, { city: 'Oslo', people: 717_000 });
    const flags = gateway.receipts.served().at(-1)?.receipt.flags ?? 0;
    assert.equal(flags & Flag.formatConstrained, Flag.formatConstrained);
    const sent = backends.flatMap(({ requests }) => requests).at(-1)?.body['response_format'];
    assert.equal((sent as { type?: string } | undefined)?.type, 'json_schema');
  });

  it('rejects with the status, the code and the message of the gateway, and asks once', async () => {
    const wrong = createOpenAICompatible({ name: 'dgrid', apiKey: 'nobody', baseURL: `${gateway.url}/v1` })('demo');
    await assert.rejects(
      generateText({ model: wrong, prompt: 'x' }),
      (error) =>
        APICallError.isInstance(error) &&
        error.statusCode === 401 &&
        !error.isRetryable &&
        String(error.responseBody).includes('DGRID_INVALID_KEY'),
    );
  });

  it('ends a stream that broke off in an error, not in an answer', async () => {
    behave(streamThen([sse(chunk({ content: 'half an ' }))], (response) => response.destroy()));
    const faults: unknown[] = [];
    const result = streamText({ model, prompt: 'x', onError: ({ error }) => void faults.push(error) });
    for await (const part of result.fullStream) if (part.type === 'finish') assert.notEqual(part.finishReason, 'stop');
    assert.match(JSON.stringify(faults), /STREAM_INTERRUPTED|incomplete/);
  });
});
