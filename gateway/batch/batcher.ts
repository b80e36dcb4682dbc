import { batchable, sealBatch } from './close-batch.ts';
import type { BatchRules, SealDeps } from './close-batch.ts';
import type { BatchLog } from './ports.ts';

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
    await deps.log.close(sealBatch(await deps.log.nextFromSerial(), ready, deps));
    deps.onClosed();
  };
}
