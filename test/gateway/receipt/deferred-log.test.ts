import assert from 'node:assert/strict';

import { Flag } from '../../../gateway/protocol/constants.ts';
import { deferReceipts } from '../../../gateway/receipt/deferred-log.ts';
import type { DeferrableLog } from '../../../gateway/receipt/deferred-log.ts';
import type { ServedReceipt } from '../../../gateway/receipt/ports.ts';
import { served } from '../background.fixtures.ts';

/** A log whose disk answers when it is told to. */
function createSlowLog() {
  const writes: { readonly what: string; readonly withinMs: number; readonly done: PromiseWithResolvers<void> }[] = [];
  const next = Promise.withResolvers<void>();
  const write = (what: string, withinMs: number): Promise<void> => {
    const done = Promise.withResolvers<void>();
    writes.push({ what, withinMs, done });
    next.resolve();
    return done.promise;
  };
  let serial = 0n;
  const log: DeferrableLog = {
    reserve: () => write('reserve', 0),
    append: (_served, withinMs) => ({ serial: serial++, stored: write('receipt', withinMs) }),
    commit: () => Promise.reject(new Error('not used')),
    release: () => write('release', 0),
    find: async () => undefined,
  };
  return { log, writes, written: () => next.promise, last: () => writes.at(-1) ?? assert.fail('nothing was written') };
}

const flagged = (flags: number): ServedReceipt => {
  const entry = served(1);
  return { ...entry, receipt: { ...entry.receipt, flags } };
};
const onLost = (error: unknown): void => assert.fail(String(error));
const RESERVATION = { id: served(1).receipt.id, keyHash: 'k', atMs: 1 };

/** Whether a promise is settled after everything that is ready has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.finally(() => (settled = true)).catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('deferReceipts', () => {
  it('returns the serial before the receipt is on disk, and lets it wait as long as it may', async () => {
    const { log, last } = createSlowLog();
    const deferred = deferReceipts(log, { withinMs: 4, onLost });
    await deferred.reserve(RESERVATION);
    assert.deepEqual(await deferred.commit(flagged(0)), { serial: 0n });
    assert.equal(last().withinMs, 4);
  });

  it('waits for the disk where something in the store follows from the receipt', async () => {
    for (const flag of [Flag.gold, Flag.replay]) {
      const { log, last } = createSlowLog();
      const committed = deferReceipts(log, { withinMs: 4, onLost }).commit(flagged(flag));
      assert.equal(await isSettled(committed), false);
      assert.equal(last().withinMs, 0);
      last().done.resolve();
      assert.deepEqual(await committed, { serial: 0n });
    }
  });

  it('tells of a receipt that was lost, and lets nobody else in until the disk writes again', async () => {
    const { log, writes, last } = createSlowLog();
    const lost: unknown[] = [];
    const deferred = deferReceipts(log, { withinMs: 4, onLost: (error) => void lost.push(error) });
    await deferred.commit(flagged(0));
    const fault = new Error('disk full');
    last().done.reject(fault);
    await isSettled(Promise.resolve());
    assert.deepEqual(lost, [fault]);

    const refused = deferred.reserve(RESERVATION);
    assert.equal(await isSettled(refused), false);
    last().done.reject(fault);
    await assert.rejects(refused, fault);
    const awaited = deferred.commit(flagged(0));
    assert.equal(await isSettled(awaited), false);
    last().done.resolve();
    await awaited;

    await deferred.reserve(RESERVATION); // the disk is well: nobody waits
    await deferred.commit(flagged(0));
    assert.deepEqual(
      writes.map(({ what, withinMs }) => `${what} ${withinMs}`),
      ['receipt 4', 'reserve 0', 'receipt 0', 'receipt 4'],
    );
  });

  it('writes a reservation down once its answer takes longer than receipts may wait, and not before', async () => {
    const { log, writes, written } = createSlowLog();
    const deferred = deferReceipts(log, { withinMs: 1, onLost });
    await deferred.reserve(RESERVATION);
    assert.deepEqual(writes, []);
    await written();
    assert.deepEqual(
      writes.map(({ what }) => what),
      ['reserve'],
    );
  });

  it('returns the log itself where answers are to wait', () => {
    const { log } = createSlowLog();
    assert.equal(deferReceipts(log, { withinMs: 0, onLost }), log);
  });
});
