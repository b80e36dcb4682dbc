import assert from 'node:assert/strict';

import { createLogger } from '../../../gateway/telemetry/logger.ts';
import { answer, chunk, failWith, json, reset, sse, startFakeNode, streamThen } from './support/fake-node.ts';
import type { Behaviour } from './support/fake-node.ts';
import { inferenceNode, startGateway } from './support/gateway.ts';

const ASKED = 'periwinkle-question';
const TOLD = 'marmalade-answer';

/** What a node may do with the words it was given: say them back in an error above all. */
const BEHAVIOURS: readonly Behaviour[] = [
  answer(TOLD),
  failWith(500),
  reset,
  json(500, { error: { message: `cannot answer ${ASKED} with ${TOLD}` } }),
  json(400, { error: { message: `"${ASKED}" is too long`, code: 'context_length_exceeded' } }),
  json(200, `{"choices": "${TOLD}"`),
  streamThen([sse(chunk({ content: TOLD }))], (response) => response.destroy()),
  streamThen([sse({ error: { message: `${ASKED} ${TOLD}` } })], (response) => response.end()),
];

describe('the log of a gateway', () => {
  it('holds no word of what was asked or answered, and no key, whatever goes wrong', async () => {
    const lines: string[] = [];
    const node = await startFakeNode();
    const gateway = await startGateway([inferenceNode(0, node.url)], {
      log: createLogger('debug', { write: (line: string) => void lines.push(line) }),
      // Every request gets to the node, however often it has failed.
      breaker: {
        stateOf: () => ({ state: 'closed' }),
        isTroubled: () => false,
        version: () => 0,
        enter: () => true,
        yields: () => false,
        succeed: () => undefined,
        fail: () => undefined,
        leave: () => undefined,
        pause: () => undefined,
      },
    });
    const ask = async (body: unknown): Promise<void> => {
      const response = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      await response.text();
    };
    try {
      const messages = [{ role: 'user', content: ASKED }];
      for (const behaviour of BEHAVIOURS) {
        node.behave(behaviour);
        for (const stream of [false, true]) await ask({ model: 'demo', messages, stream });
      }
      gateway.receipts.failCommits(true);
      node.behave(answer(TOLD));
      await ask({ model: 'demo', messages });
      await ask(`{"model":"demo","messages":"${ASKED}"`);
      await ask({ model: ASKED, messages });
      await ask({ model: 'demo', messages: [{ role: ASKED.repeat(10), content: 5 }] });
    } finally {
      await gateway.close();
      await node.close();
    }
    assert.ok(lines.length > 10, 'faults are logged');
    for (const line of lines)
      for (const word of [ASKED, TOLD, gateway.key]) assert.ok(!line.includes(word), `${word} in ${line}`);
  });
});
