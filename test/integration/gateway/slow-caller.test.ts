import assert from 'node:assert/strict';

import { DgridError } from '../../../gateway/errors.ts';
import type { ChatContent } from '../../../gateway/protocol/content.ts';
import type { ServeOutcome, ServeSink } from '../../../gateway/serve.ts';
import { chunk, sse, startFakeNode, STREAM_END, streamThen, streamWords } from './support/fake-node.ts';
import type { FakeNode } from './support/fake-node.ts';
import { account, inferenceNode, startGateway } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';

const BODY = { model: 'demo', stream: true, messages: [{ role: 'user', content: 'Say hello.' }] };
const LIMITS = { connectMs: 300, headersMs: 300, firstTokenMs: 300, chunkMs: 300, totalMs: 300, plainMs: 300 };

/** A caller that takes one write and then is not ready for more until `drained` lets it be. */
const sinkWaitingFor = (drained: () => Promise<void>): ServeSink => ({
  start: () => undefined,
  write: () => false,
  drained,
});

describe('a caller that reads slowly', () => {
  let node: FakeNode;
  let gateway: TestGateway;

  const serve = (sink: ServeSink): Promise<ServeOutcome> =>
    gateway.app.serve({
      body: BODY,
      flags: 0,
      keyHash: gateway.keyHash,
      signal: new AbortController().signal,
      sink,
    });
  const standing = (): readonly unknown[] => [
    gateway.conditions.of(account(0), 'demo').successBps,
    gateway.conditions.of(account(0), 'demo').samples,
    gateway.breaker.stateOf(`${account(0)}/demo`).state,
  ];

  beforeEach(async () => {
    node = await startFakeNode();
  });
  afterEach(async () => {
    await gateway.close();
    await node.close();
  });

  it('ends its stream when the whole time is over, which nobody holds against the node', async () => {
    node.behave(streamThen(streamWords(['hello ']), () => undefined));
    gateway = await startGateway([inferenceNode(0, node.url)], { limits: LIMITS });
    for (let call = 0; call < 3; call += 1) {
      const { promise, resolve } = Promise.withResolvers<void>();
      await assert.rejects(serve(sinkWaitingFor(() => promise)), (error) => {
        assert.ok(error instanceof DgridError, String(error));
        assert.equal(error.code, 'DGRID_STREAM_INTERRUPTED');
        assert.match(error.message, /slow_caller/);
        return true;
      });
      resolve();
    }
    assert.deepEqual(standing(), [10_000, 0, 'closed']);
    // To stop reading a word before the end is no way to get an answer for nothing.
    assert.equal(gateway.receipts.charges().length, 3);
    assert.ok(gateway.receipts.charges().every(({ microUsd }) => microUsd > 0n));
    assert.deepEqual(gateway.receipts.open(), []);
  });

  it('gets the rest of its answer, although the whole time went by while the node had to wait', async () => {
    const reading = Promise.withResolvers<void>();
    let writes = 0;
    node.behave(
      streamThen(streamWords(['hello ']), (response) => {
        // The last words leave the node only after the limit, of which the caller has used the most.
        setTimeout(() => response.end([sse(chunk({ content: 'world' })), ...STREAM_END].join('')), 310);
      }),
    );
    gateway = await startGateway([inferenceNode(0, node.url)], { limits: LIMITS });
    setTimeout(reading.resolve, 280);
    const { content } = await serve({
      start: () => undefined,
      write: () => (writes += 1) > 1,
      drained: () => reading.promise,
    });
    assert.equal((content as ChatContent).choices[0]?.message.content, 'hello world');
    assert.deepEqual(standing(), [10_000, 1, 'closed']);
  });

  it('is charged no latency to the node: its pauses are not in the receipt', async () => {
    let nowMs = 1_000_000;
    node.behave(streamThen([...streamWords(['hello ', 'world']), ...STREAM_END], (response) => response.end()));
    gateway = await startGateway([inferenceNode(0, node.url)], { nowMs: () => nowMs });
    const { receipt } = await serve(
      sinkWaitingFor(async () => {
        nowMs += 40_000;
      }),
    );
    assert.equal(receipt.totalMs, 0);
    assert.equal(gateway.conditions.of(account(0), 'demo').msPerToken, 0);
  });
});
