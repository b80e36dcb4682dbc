import { setImmediate as othersTurn } from 'node:timers/promises';

import { batchable, closeBatch, sealReceipts } from './close-batch.ts';
import type { BatchRules, ReadyReceipt, SealDeps } from './close-batch.ts';
import type { BatchLog, BatchedReceipt } from './ports.ts';

export type BatcherDeps = SealDeps &
  Omit<BatchRules, 'nowMs'> & {
    readonly log: BatchLog;
    readonly nowMs: () => number;
    readonly onClosed: () => void;
  };

/** @returns a task for `repeat`: closes a batch of what is ready, if anything is. */
export function createBatcher(deps: BatcherDeps): () => Promise<void> {
  return async () => {
    const open = await deps.log.openReceipts(deps.maxReceipts);
    const ready = batchable(open, { ...deps, nowMs: deps.nowMs() });
    if (ready.length === 0) return;
    const sealed = await sealInTurns(ready, deps);
    await deps.log.close(closeBatch(await deps.log.nextFromSerial(), sealed));
    deps.onClosed();
  };
}

/** Receipts signed without letting others have a turn: a few milliseconds' worth. */
const SEALED_AT_ONCE = 32;

/** Ten thousand signatures are a second's work; requests are served in between. */
async function sealInTurns(ready: readonly ReadyReceipt[], deps: SealDeps): Promise<readonly BatchedReceipt[]> {
  const sealed: BatchedReceipt[] = [];
  for (let from = 0; from < ready.length; from += SEALED_AT_ONCE) {
    sealed.push(...sealReceipts(ready.slice(from, from + SEALED_AT_ONCE), deps));
    await othersTurn();
  }
  return sealed;
}
