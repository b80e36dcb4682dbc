import assert from 'node:assert/strict';

import fc from 'fast-check';

import type { GoldLog, PreparedGold } from '../../../gateway/gold/ports.ts';
import { createGoldSender, sendTime } from '../../../gateway/gold/send-golds.ts';
import { Flag } from '../../../gateway/protocol/constants.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import type { ServeHead, ServeOutcome, ServeRequest } from '../../../gateway/serve.ts';
import { hash } from '../background.fixtures.ts';

const CLOCK = { genesis: 1_000n, epochDuration: 100_000n };
const START = 301_000n; // of epoch 3
const leaf = (index: number, salt: Hex = hash(index + 1)) => ({
  epoch: 3n,
  index,
  contentHash: hash(1),
  referenceHash: hash(2),
  checkerId: hash(3),
  salt,
});

describe('sendTime', () => {
  it('lies in the first three quarters of the epoch, later for a higher index', () => {
    const salts = fc.array(fc.integer({ min: 1, max: 2 ** 40 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(salts, fc.bigInt({ min: 1n, max: 700_000n }), (list, epochDuration) => {
        const clock = { genesis: 1_000n, epochDuration };
        const start = 1_000n + 3n * epochDuration;
        const times = list.map((salt, index) => sendTime(clock, leaf(index, hash(salt)), list.length));
        times.forEach((time, index) => {
          assert.ok(time >= start && time < start + epochDuration);
          assert.ok(4n * (time - start) < 3n * epochDuration);
          assert.ok(time >= (times[index - 1] ?? 0n));
        });
      }),
      { seed: 3, numRuns: 50 },
    );
  });

  it('follows from the secret salt: the number of golds alone does not give it away', () => {
    const times = new Set(Array.from({ length: 50 }, (_, salt) => sendTime(CLOCK, leaf(0, hash(salt)), 4)));
    assert.ok(times.size > 45, `${times.size} of 50`);
    assert.equal(sendTime(CLOCK, leaf(2), 4), sendTime(CLOCK, leaf(2), 4));
  });
});

function world(count: number) {
  const state = { time: START, answering: true, crashing: false, streaming: true, golds: [] as PreparedGold[] };
  state.golds = Array.from({ length: count }, (_, index) => ({ leaf: leaf(index), task: { index } }));
  const served: ServeRequest[] = [];
  const errors: number[] = [];
  const change = (index: number, fields: Partial<PreparedGold>): Promise<void> => {
    state.golds = state.golds.map((gold) => (gold.leaf.index === index ? { ...gold, ...fields } : gold));
    return Promise.resolve();
  };
  const log: GoldLog = {
    save: () => assert.fail(),
    everPrepared: () => assert.fail(),
    prepared: () => assert.fail('only anchored ones are sent'),
    ofEpoch: (epoch) => Promise.resolve(epoch === 3n ? state.golds : []),
    sending: (_epoch, index) => change(index, { sent: true }),
    used: (_epoch, index, receiptId) => change(index, { receiptId }),
    answerOf: () => assert.fail(),
  };
  const sender = () =>
    createGoldSender({
      log,
      serve(request) {
        served.push(request);
        const { index } = request.body as { readonly index: number };
        assert.equal(state.golds[index]?.sent, true, 'written down before it is sent');
        if (!state.answering) return Promise.reject(new Error('no node'));
        const head = { receiptId: hash(0x100 + index) } as ServeHead;
        if (state.streaming) {
          request.sink?.start(head);
          assert.equal(state.golds[index]?.receiptId, head.receiptId, 'the id is noted before there is a receipt');
        }
        return state.crashing ? new Promise(() => undefined) : Promise.resolve({ head } as ServeOutcome);
      },
      clock: CLOCK,
      time: () => state.time,
      keyHash: 'gold key',
      requestBody: (task) => task,
      timeoutMs: 1_000,
      onError: (gold) => errors.push(gold.leaf.index),
    });
  const sent = (): number[] => served.map(({ body }) => Number(body['index'])).toSorted((a, b) => a - b);
  return { state, served, errors, sender, sent };
}

describe('gold sender', () => {
  it('sends each when its time has come, once, as a gold under the gold key, and notes its receipt', async () => {
    const { state, served, sender, sent } = world(3);
    const task = sender();
    await task();
    const times = [0, 1, 2].map((index) => sendTime(CLOCK, leaf(index), 3));
    for (const [index, time] of times.entries()) {
      state.time = time - 1n;
      await task();
      assert.equal(served.length, index);
      state.time = time;
      await task();
      await task();
      assert.equal(served.length, index + 1);
    }
    assert.deepEqual(sent(), [0, 1, 2]);
    assert.ok(served.every(({ flags, keyHash, pin }) => flags === Flag.gold && keyHash === 'gold key' && !pin));
    assert.deepEqual(
      state.golds.map(({ receiptId }) => receiptId),
      [0, 1, 2].map((index) => hash(0x100 + index)),
    );
  });

  it('notes the receipt of an answer in one piece, which has no beginning to be told of', async () => {
    const { state, sender } = world(1);
    state.time = START + 99_999n;
    state.streaming = false;
    await sender()();
    assert.equal(state.golds[0]?.receiptId, hash(0x100));
  });

  it('sends at most four at a time when many are late', async () => {
    const { state, served, sender, sent } = world(10);
    state.time = START + 99_999n;
    const task = sender();
    const counts: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      await task();
      counts.push(served.length);
    }
    assert.deepEqual(counts, [4, 8, 10, 10]);
    assert.deepEqual(sent(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('does not send one again that failed, nor after a restart', async () => {
    const { state, errors, sender, sent } = world(2);
    state.time = START + 99_999n;
    state.answering = false;
    const task = sender();
    await task();
    state.answering = true;
    await task();
    await sender()();
    assert.deepEqual(
      [sent(), errors],
      [
        [0, 1],
        [0, 1],
      ],
    );
  });

  it('knows the receipt of one whose process ended before its answer did', async () => {
    const { state, sender, sent } = world(1);
    state.time = START + 99_999n;
    state.crashing = true;
    void sender()();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(state.golds[0]?.receiptId, hash(0x100));
    await sender()();
    assert.deepEqual(sent(), [0], 'and it is not sent again');
  });

  it('sends none of another epoch and none before genesis, and finds golds that are anchored late', async () => {
    const { state, sender, sent } = world(2);
    const golds = state.golds;
    state.golds = [];
    const task = sender();
    for (const time of [0n, 999n, START - 1n, START + 100_000n, START + 99_998n]) {
      state.time = time;
      await task();
    }
    assert.deepEqual(sent(), []);
    state.golds = golds;
    await task();
    assert.deepEqual(sent(), [0, 1]);
  });
});
