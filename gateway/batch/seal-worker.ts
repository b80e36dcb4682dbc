import { parentPort, workerData } from 'node:worker_threads';

import { createSigner } from '../protocol/signature.ts';
import { createSealer } from './seal.ts';
import type { SealThreadDeps, SealTask } from './seal-thread.ts';

/** Program of the thread that signs receipts: encoded receipts in, signatures and leaves out. */
const { signerKey, leafDomain, signingDomain } = workerData as SealThreadDeps;
const seal = createSealer({ signer: createSigner(signerKey), leafDomain, signingDomain });

parentPort?.on('message', ({ id, bytes }: SealTask) => {
  const sealed = seal(bytes);
  parentPort?.postMessage({ id, bytes: sealed } satisfies SealTask, [sealed.buffer]);
});
