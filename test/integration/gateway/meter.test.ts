import assert from 'node:assert/strict';

import { DgridError } from '../../../gateway/errors.ts';
import { measure } from '../../../gateway/execute/measure.ts';
import { createMeter } from '../../../gateway/execute/meter.ts';
import type { MeterJob } from '../../../gateway/execute/meter.ts';
import { createContentCipher } from '../../../gateway/store/content-cipher.ts';

const THREAD = new URL('../../../gateway/wiring/meter-thread.ts', import.meta.url);

const job = (content: string): MeterJob => ({
  request: { model: 'm', messages: [{ role: 'user', content }] },
  answer: { model: 'm', choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }] },
  salt: `0x${'01'.repeat(16)}`,
  decision: { cause: 'drawn' },
});

describe('the metering thread', () => {
  it('returns what the pure function returns, for many jobs at once', async () => {
    const meter = createMeter({ maxQueue: 100, thread: THREAD });
    try {
      await meter.ready();
      const jobs = Array.from({ length: 50 }, (_, index) => job(`text number ${index} 😀`));
      assert.deepEqual(
        await Promise.all(jobs.map(meter.measure)),
        jobs.map((one) => measure(one)),
      );
    } finally {
      await meter.close();
    }
  });

  it('returns texts sealed under the key it was given, measured from the body as it was sent', async () => {
    const dataKey = `0x${'77'.repeat(32)}` as const;
    const meter = createMeter({ maxQueue: 100, thread: THREAD, threadData: { dataKey } });
    try {
      for (const length of [1, 200, 100_000]) {
        const one = job('a word '.repeat(length));
        const text = JSON.stringify({ stream: true, ...one.request });
        const { content, ...measured } = await meter.measure({ ...one, request: {}, text });
        const { content: plain, ...expected } = measure(one);
        assert.deepEqual(measured, expected);
        assert.ok('sealed' in content);
        assert.deepEqual(createContentCipher(dataKey).openContent(content.sealed), plain);
      }
    } finally {
      await meter.close();
    }
  });

  it('rejects a job it cannot measure, and goes on', async () => {
    const meter = createMeter({ maxQueue: 100, thread: THREAD });
    try {
      await assert.rejects(
        meter.measure({ ...job('x'), salt: '0x01' }),
        (error) => error instanceof DgridError && error.code === 'DGRID_INTERNAL',
      );
      assert.deepEqual(await meter.measure(job('x')), measure(job('x')));
    } finally {
      await meter.close();
    }
  });

  it('rejects a job that cannot be sent to the thread, and goes on', async () => {
    const meter = createMeter({ maxQueue: 100, thread: THREAD });
    try {
      const decision = (() => undefined) as unknown as MeterJob['decision'];
      await assert.rejects(meter.measure({ ...job('x'), decision }), DgridError);
      assert.deepEqual(await meter.measure(job('x')), measure(job('x')));
    } finally {
      await meter.close();
    }
  });

  it('measures what is short on the spot, and leaves what is long to the thread', async () => {
    const here: string[] = [];
    const short = {
      maxChars: 200,
      measure(one: MeterJob) {
        here.push(JSON.stringify(one.request));
        return measure(one);
      },
    };
    const meter = createMeter({ maxQueue: 100, thread: THREAD, short });
    try {
      const jobs = [job('short'), job('long '.repeat(100))];
      assert.deepEqual(
        await Promise.all(jobs.map(meter.measure)),
        jobs.map((one) => measure(one)),
      );
      assert.deepEqual(here, [JSON.stringify(job('short').request)]);
      await assert.rejects(
        meter.measure({ ...job('x'), salt: '0x01' }),
        (error) => error instanceof DgridError && error.code === 'DGRID_INTERNAL',
      );
    } finally {
      await meter.close();
    }
    await assert.rejects(meter.measure(job('closed')), DgridError);
  });

  it('rejects when its queue is full, and when it is closed', async () => {
    const meter = createMeter({ maxQueue: 1, thread: THREAD });
    const waiting = meter.measure(job('x'));
    await assert.rejects(
      meter.measure(job('y')),
      (error) => error instanceof DgridError && error.code === 'DGRID_OVERLOADED',
    );
    const closed = assert.rejects(
      waiting,
      (error) => error instanceof DgridError && error.code === 'DGRID_SHUTTING_DOWN',
    );
    await meter.close();
    await closed;
    await assert.rejects(meter.measure(job('z')), DgridError);
  });

  it('rejects, instead of starting for ever, when the thread cannot run', async () => {
    const meter = createMeter({ maxQueue: 10, thread: new URL('data:text/javascript,throw new Error("broken")') });
    await assert.rejects(meter.ready(), DgridError);
    await assert.rejects(meter.measure(job('x')), DgridError);
    await meter.close();
  });
});
