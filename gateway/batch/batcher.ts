import { batchable, batched, closeBatch } from './close-batch.ts';
import type { BatchRules, ReadyReceipt } from './close-batch.ts';
import type { BatchLog } from './ports.ts';
import type { Seal, Sealed } from './seal.ts';

export type BatcherDeps = Omit<BatchRules, 'nowMs'> & {
  readonly log: BatchLog;
  readonly seal: Seal;
  readonly nowMs: () => number;
  readonly onClosed: () => void;
};

/** Read at once: few enough to keep neither the event loop nor the store's thread from a request. */
const PAGE = 500;

/** @returns a task for `repeat`: closes a batch of what is ready, if anything is. */
export function createBatcher(deps: BatcherDeps): () => Promise<void> {
  return async () => {
    const { ready, sealed } = await sealAll(deps);
    if (ready.length === 0) return;
    await deps.log.close(closeBatch(await deps.log.nextFromSerial(), batched(ready, sealed)));
    deps.onClosed();
  };
}

type Run = { readonly ready: readonly ReadyReceipt[]; readonly sealed: readonly Sealed[] };

/** Reads page after page while the one before is being signed, up to the first receipt that has to wait. */
async function sealAll(deps: BatcherDeps): Promise<Run> {
  const { log, seal, maxReceipts, attestationGraceMs } = deps;
  const ready: ReadyReceipt[] = [];
  const sealing: Promise<readonly Sealed[]>[] = [];
  for (let from: bigint | undefined; ready.length < maxReceipts;) {
    const limit = Math.min(PAGE, maxReceipts - ready.length);
    const open = await log.openReceipts(limit, from);
    const run = batchable(open, { nowMs: deps.nowMs(), attestationGraceMs, maxReceipts: limit });
    ready.push(...run);
    const part = seal(run.map(({ receipt }) => receipt));
    part.catch(() => undefined); // whoever waits for all of them hears of it
    sealing.push(part);
    if (run.length < limit) break;
    from = (run.at(-1)?.receipt.serial ?? 0n) + 1n;
  }
  return { ready, sealed: (await Promise.all(sealing)).flat() };
}
