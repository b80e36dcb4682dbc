import { parentPort } from 'node:worker_threads';

import { measure } from './measure.ts';
import type { FormatRule, MeterReply, MeterRequest } from './meter.ts';

/** The work of the metering thread: batches of jobs in, batches of results out. */
export function runMeterThread(formatConstrained: FormatRule): void {
  const reply = ({ id, job }: MeterRequest): MeterReply => {
    try {
      return { id, measured: measure(job, formatConstrained) };
    } catch (error) {
      return { id, error: error instanceof Error ? error.message : String(error) };
    }
  };
  parentPort?.on('message', (batch: string) =>
    parentPort?.postMessage((JSON.parse(batch) as readonly MeterRequest[]).map(reply)),
  );
  parentPort?.postMessage([]); // the vocabulary is loaded
}
