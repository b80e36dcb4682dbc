import { parentPort } from 'node:worker_threads';

import { measure } from './measure.ts';
import type { MeterJob, MeterReply } from './meter.ts';

parentPort?.on('message', ({ id, job }: { readonly id: number; readonly job: MeterJob }) => {
  let reply: MeterReply;
  try {
    reply = { id, measured: measure(job) };
  } catch (error) {
    reply = { id, error: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(reply);
});
parentPort?.postMessage('ready');
