import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';

import { createLogOutput } from '../../../gateway/telemetry/log-output.ts';

/** A file that takes so many bytes at a time, or fails. */
function setUp(maxBytes = 1_000) {
  let bytesTaken = Buffer.alloc(0);
  const state: { room: number; fault: string | undefined; tries: number; readonly file: string } = {
    ...{ room: 1_000, fault: undefined, tries: 0 },
    get file() {
      return bytesTaken.toString();
    },
  };
  const take = (bytes: Buffer): number => {
    state.tries += 1;
    if (state.fault !== undefined) throw Object.assign(new Error('refused'), { code: state.fault });
    const part = bytes.subarray(0, state.room);
    bytesTaken = Buffer.concat([bytesTaken, part]);
    return part.length;
  };
  const output = createLogOutput({
    write: (bytes, done) =>
      void setImmediate(() => {
        try {
          done(null, take(bytes));
        } catch (error) {
          done(error as NodeJS.ErrnoException, 0);
        }
      }),
    writeSync: take,
    retryInMs: 0,
    maxBytes,
  });
  const reached = async (done: () => boolean): Promise<void> => {
    for (let turns = 0; !done(); turns += 1) {
      assert.ok(turns < 10_000);
      await turn();
    }
  };
  return { state, output, reached };
}

describe('the output of the log', () => {
  it('writes every line once and in order, however few bytes are taken at a time', async () => {
    const { state, output, reached } = setUp();
    state.room = 3;
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index} …\n`);
    for (const line of lines) output.write(line);
    await reached(() => state.file.endsWith('19 …\n'));
    assert.equal(state.file, lines.join(''));
  });

  it('loses what a full disk refuses, and nothing after it', async () => {
    const { state, output, reached } = setUp();
    for (const fault of ['ENOSPC', 'EFBIG', 'EPIPE']) {
      state.fault = fault;
      const { tries } = state;
      output.write('lost\n');
      await reached(() => state.tries > tries);
      await turn();
      assert.equal(state.tries, tries + 1, 'it is not tried for ever');
      state.fault = undefined;
      output.write(`after ${fault}\n`);
      await reached(() => state.file.endsWith(`after ${fault}\n`));
    }
    assert.ok(!state.file.includes('lost'));
  });

  it('waits for a slow reader with a bounded number of lines', async () => {
    const { state, output, reached } = setUp(100);
    state.fault = 'EAGAIN';
    for (let line = 0; line < 1_000; line += 1) output.write(`line ${line}\n`);
    await reached(() => state.tries > 3);
    state.fault = undefined;
    await reached(() => state.file.includes('line 10\n'));
    assert.ok(state.file.startsWith('line 0\nline 1\n') && state.file.length < 150, state.file);
  });

  it('writes what waits at the end of the process, and gives up at once where it cannot', () => {
    const { state, output } = setUp();
    output.write('under way\n');
    output.write('waiting\n');
    output.end();
    assert.equal(state.file, 'waiting\n');
    state.fault = 'ENOSPC';
    output.end();
  });
});
