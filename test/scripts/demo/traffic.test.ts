import assert from 'node:assert/strict';

import type { Reply } from '../../../scripts/demo/chat-client.ts';
import { createTraffic, taskOfTurn } from '../../../scripts/demo/traffic.ts';
import type { Sent } from '../../../scripts/demo/traffic.ts';
import type { DemoTask } from '../../../scripts/demo/tasks.ts';

const TASKS: readonly DemoTask[] = [
  { prompt: 'What is 2 + 2?', family: 'maths', references: ['4'] },
  { prompt: 'Who?', family: 'reading', references: ['Ada Berg'] },
  { prompt: 'Extract', family: 'extraction', references: ['{"a":1,"b":2}'], schema: { type: 'object' } },
  { prompt: 'Extract in words', family: 'extraction', references: ['one'], schema: { type: 'object' } },
  { prompt: 'Say hello', family: 'chat', references: [] },
];
const ANSWERS = ['The answer is 4.', 'Ada Berg', '{"a":1,"b":3}', '{}', 'hello'];

const reply = (text: string, ok = true): Reply => ({
  ok,
  text,
  receiptId: '0x1',
  node: '0x2',
  attempts: 1,
  elapsedMs: 1,
  problem: undefined,
});

async function send(
  count: number,
  ok: boolean,
): Promise<{ sent: Sent[]; bodies: Readonly<Record<string, unknown>>[] }> {
  const bodies: Readonly<Record<string, unknown>>[] = [];
  const traffic = createTraffic({
    ask(body) {
      bodies.push(body);
      const prompt = (body['messages'] as { content: string }[])[0]?.content;
      return Promise.resolve(reply(ANSWERS[TASKS.findIndex((task) => task.prompt === prompt)] ?? '', ok));
    },
    tasks: TASKS,
    seed: 's',
    requestsPerEpoch: count,
    spreadMs: 0,
    onReply: () => undefined,
  });
  return { sent: [...(await traffic(0)), ...(await traffic(1))], bodies };
}

describe('demo/traffic', () => {
  it('returns every task once before any comes again', () => {
    for (const round of [0, 1, 2]) {
      const turns = TASKS.map((_, index) => taskOfTurn(TASKS, 's', round * TASKS.length + index).prompt);
      assert.deepEqual(turns.toSorted(), TASKS.map((task) => task.prompt).toSorted());
    }
    assert.equal(taskOfTurn(TASKS, 's', 3), taskOfTurn(TASKS, 's', 3));
  });

  it('returns half of the requests streamed, over all epochs in turn', async () => {
    const { sent } = await send(10, true);
    assert.equal(sent.length, 20);
    assert.equal(sent.filter(({ streamed }) => streamed).length, 10);
    assert.deepEqual([...new Set(sent.map(({ epoch }) => epoch))], [0, 1]);
    for (const task of TASKS) assert.equal(sent.filter((request) => request.task === task).length, 4);
  });

  it('returns the accuracy of answers to tasks with references, and none for the others', async () => {
    const { sent } = await send(5, true);
    const accuracy = (index: number): number | undefined => sent.find(({ task }) => task === TASKS[index])?.accuracyBps;
    assert.equal(accuracy(0), 10_000);
    assert.ok((accuracy(1) ?? 0) > 9_000);
    assert.ok((accuracy(2) ?? 0) > 1_000 && (accuracy(2) ?? 0) < 9_000);
    assert.equal(accuracy(3), undefined);
    assert.equal(accuracy(4), undefined);
  });

  it('returns no accuracy for a request that was not answered', async () => {
    const { sent } = await send(5, false);
    for (const request of sent) assert.equal(request.accuracyBps, undefined);
  });

  it('sends the schema as response format', async () => {
    const { bodies } = await send(5, true);
    const formats = bodies.filter((body) => body['response_format'] !== undefined);
    assert.equal(formats.length, 4);
    for (const body of bodies) assert.equal(body['model'], 'auto');
  });
});
