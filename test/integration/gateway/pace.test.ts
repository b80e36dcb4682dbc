import assert from 'node:assert/strict';

import { chunk, sse, startFakeNode, streamThen, streamWords } from './support/fake-node.ts';
import type { FakeNode } from './support/fake-node.ts';
import { account, inferenceNode, startGateway } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';

const BODY = { model: 'demo', stream: true, messages: [{ role: 'user', content: 'Say hello.' }] };
const MS_PER_EVENT = 50;

describe("a node's predicted pace", () => {
  let node: FakeNode;
  let gateway: TestGateway;

  beforeEach(async () => {
    node = await startFakeNode();
  });
  afterEach(async () => {
    await gateway.close();
    await node.close();
  });

  const claims: readonly (readonly [string, object])[] = [
    ['the truth', { usage: { prompt_tokens: 9, completion_tokens: 2 } }],
    ['a million tokens', { usage: { prompt_tokens: 9, completion_tokens: 1_000_000 } }],
    ['no tokens', { usage: { prompt_tokens: 9, completion_tokens: 0 } }],
    ['nothing', {}],
  ];
  for (const [name, claim] of claims) {
    it(`returns what the gateway counted when the node claims ${name}`, async () => {
      let nowMs = 1_000_000;
      node.behave(
        streamThen(
          [...streamWords(['hello ', 'world']), sse({ ...chunk({}, 'stop'), ...claim }), sse('[DONE]')],
          (response) => response.end(),
        ),
      );
      gateway = await startGateway([inferenceNode(0, node.url)], { nowMs: () => nowMs });
      const { receipt } = await gateway.app.serve({
        body: BODY,
        flags: 0,
        keyHash: gateway.keyHash,
        signal: new AbortController().signal,
        sink: {
          start: () => undefined,
          write(frames) {
            // What arrives together goes out together, and what says nothing yet with the first that does.
            const events = Buffer.from(frames).toString().split('\n\n').slice(0, -1);
            nowMs += MS_PER_EVENT * events.filter((event) => !event.includes('"role"')).length;
            return true;
          },
          drained: () => Promise.resolve(),
        },
      });
      assert.equal(receipt.completionTokens, 2);
      const { msPerToken, samples, inFlight } = gateway.conditions.of(account(0), 'demo');
      // Two events with a word each and one with the finish reason.
      assert.deepEqual([msPerToken, samples, inFlight], [(3 * MS_PER_EVENT) / 2, 1, 0]);
    });
  }
});
