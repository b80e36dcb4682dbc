import { parentPort } from 'node:worker_threads';

import type { JsonObject } from '../protocol/content.ts';
import { measure } from './measure.ts';
import type { MeasureRules } from './measure.ts';
import type { MeterReply, MeterRequest, MeterRest } from './meter.ts';

/** The work of the metering thread: batches of jobs in, batches of results out. */
export function runMeterThread(rules: MeasureRules): void {
  const reply = ({ id, request, rest }: MeterRequest): MeterReply => {
    try {
      const job = { ...(JSON.parse(rest) as MeterRest), request: JSON.parse(request) as JsonObject };
      return { id, measured: measure(job, rules) };
    } catch (error) {
      return { id, error: error instanceof Error ? error.message : String(error) };
    }
  };
  parentPort?.on('message', (batch: readonly MeterRequest[]) => {
    const replies = batch.map(reply);
    parentPort?.postMessage(replies, replies.flatMap(movable));
  });
  parentPort?.postMessage([]); // the vocabulary is loaded
}

/** What is handed over without a copy. */
function movable(reply: MeterReply): readonly ArrayBuffer[] {
  const content = 'measured' in reply ? reply.measured.content : undefined;
  return content !== undefined && 'sealed' in content ? [content.sealed.buffer] : [];
}
