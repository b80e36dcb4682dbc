import { parentPort } from 'node:worker_threads';

import { measure } from './measure.ts';
import type { MeterReply, MeterRequest } from './meter.ts';

/** Program of the metering thread: batches of jobs in, batches of results out. */
function reply({ id, job }: MeterRequest): MeterReply {
  try {
    return { id, measured: measure(job) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', (batch: readonly MeterRequest[]) => parentPort?.postMessage(batch.map(reply)));
parentPort?.postMessage('ready');
