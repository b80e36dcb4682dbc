import { setImmediate as othersTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import type { SigningDomain } from '../protocol/eip712.ts';
import type { LeafDomain } from '../protocol/leaf.ts';
import type { Hex, Receipt } from '../protocol/types.ts';
import { decodeSealed, encodeReceipts } from './seal.ts';
import type { Seal, Sealed } from './seal.ts';

export type SealThreadDeps = {
  readonly signerKey: Hex;
  readonly leafDomain: LeafDomain;
  readonly signingDomain: SigningDomain;
};

/** Receipts on their way to the thread, signatures and leaves on their way back. */
export type SealTask = { readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> };

export type SealThread = { readonly seal: Seal; readonly close: () => Promise<void> };

/** Receipts written down without letting others have a turn: a few milliseconds' worth. */
const AT_ONCE = 256;

type Waiter = { readonly resolve: (sealed: readonly Sealed[]) => void; readonly reject: (error: Error) => void };

/**
 * Signs receipts in a thread of its own: a signature takes as long as all the rest that is done for a receipt, and requests
 * are served meanwhile. The thread starts with the first receipt, and anew after it failed.
 */
export function createSealThread(deps: SealThreadDeps): SealThread {
  const waiters = new Map<number, Waiter>();
  let worker: Worker | undefined;
  let nextId = 0;

  function start(): Worker {
    const thread = new Worker(new URL('./seal-worker.ts', import.meta.url), { workerData: deps });
    thread.unref();
    const fail = (reason: string, cause?: unknown): void => {
      if (worker === thread) worker = undefined;
      for (const { reject } of waiters.values()) reject(new Error(`the signing thread ${reason}`, { cause }));
      waiters.clear();
    };
    thread.on('message', ({ id, bytes }: SealTask) => {
      waiters.get(id)?.resolve(decodeSealed(bytes));
      waiters.delete(id);
    });
    thread.on('error', (cause) => fail('failed', cause));
    thread.on('exit', () => fail('ended'));
    return thread;
  }

  function sealPart(receipts: readonly Receipt[]): Promise<readonly Sealed[]> {
    worker ??= start();
    nextId += 1;
    const id = nextId;
    const sealed = new Promise<readonly Sealed[]>((resolve, reject) => waiters.set(id, { resolve, reject }));
    const bytes = encodeReceipts(receipts);
    worker.postMessage({ id, bytes } satisfies SealTask, [bytes.buffer]);
    return sealed;
  }

  return {
    async seal(receipts) {
      const parts: Promise<readonly Sealed[]>[] = [];
      for (let from = 0; from < receipts.length; from += AT_ONCE) {
        parts.push(sealPart(receipts.slice(from, from + AT_ONCE)));
        await othersTurn();
      }
      return (await Promise.all(parts)).flat();
    },
    async close() {
      await worker?.terminate();
    },
  };
}
