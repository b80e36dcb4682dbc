import { Worker } from 'node:worker_threads';

import { DgridError } from '../errors.ts';
import type { JsonValue } from '../protocol/canonical-json.ts';
import type { AnswerContent, JsonObject } from '../protocol/content.ts';
import type { Hex } from '../protocol/types.ts';
import { isWithin } from './text-size.ts';

/** Canonical JSON texts of a request and its answer, or both encrypted for the place where they are kept. */
export type MeasuredContent =
  { readonly request: string; readonly response: string } | { readonly sealed: Uint8Array<ArrayBuffer> };

/** What is measured about a served request, off the thread that pumps bytes. */
export type MeterJob = {
  /** The body as it went to the node. */
  readonly request: JsonObject;
  /** The same as it was written down for the node, if it was. */
  readonly text?: string;
  readonly answer: AnswerContent;
  readonly salt: Hex;
  readonly decision: JsonValue;
};

/** Whether the request demands a form that a program can check. */
export type FormatRule = (request: JsonObject, canonical: string) => boolean;

export type Measured = {
  readonly content: MeasuredContent;
  /** Salted hashes of the two texts. */
  readonly requestHash: Hex;
  readonly responseHash: Hex;
  readonly decision: string;
  readonly routeHash: Hex;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly formatConstrained: boolean;
};

/** A job as it goes to the thread: texts, which cost half of what cloning their objects does. */
export type MeterRequest = { readonly id: number; readonly request: string; readonly rest: string };
export type MeterRest = Omit<MeterJob, 'request' | 'text'>;
export type MeterReply = { readonly id: number } & ({ readonly measured: Measured } | { readonly error: string });

export type Meter = {
  /** @throws DgridError (DGRID_OVERLOADED) when the queue is full, DGRID_INTERNAL when the thread failed. */
  readonly measure: (job: MeterJob) => Promise<Measured>;
  /** Resolves once the thread has loaded its vocabulary. */
  readonly ready: () => Promise<void>;
  readonly close: () => Promise<void>;
};

type Waiting = { readonly resolve: (measured: Measured) => void; readonly reject: (error: DgridError) => void };

const MAX_STARTS_IN_A_ROW = 5;
const FAILED = 'The metering thread failed.';
const UNMEASURED = 'The answer could not be measured.';

export type MeterOptions = {
  readonly maxQueue: number;
  /** Program of the thread, which calls `runMeterThread`. */
  readonly thread: URL;
  /** What that program is given. */
  readonly threadData?: unknown;
  /** What is done on the spot: handing a short text to another thread and back takes longer than measuring it. */
  readonly short?: { readonly maxChars: number; readonly measure: (job: MeterJob) => Measured };
};

export function createMeter(options: MeterOptions): Meter {
  const waiting = new Map<number, Waiting>();
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => undefined); // whoever calls ready() hears of it; nobody may
  let nextId = 0;
  let failedStarts = 0;
  let closed = false;
  const unsent: { readonly id: number; readonly job: MeterJob }[] = [];
  let worker = start();

  function start(): Worker {
    const thread = new Worker(options.thread, { workerData: options.threadData });
    thread.unref();
    thread.on('message', (replies: readonly MeterReply[]) => {
      failedStarts = 0;
      ready.resolve();
      replies.forEach((reply) => settle(waiting, reply));
    });
    thread.on('error', (cause) => rejectAll(waiting, new DgridError('DGRID_INTERNAL', FAILED, { cause })));
    thread.on('exit', () => {
      if (closed) return;
      failedStarts += 1;
      if (failedStarts < MAX_STARTS_IN_A_ROW) worker = start();
      else ready.reject(new DgridError('DGRID_INTERNAL', FAILED));
    });
    return thread;
  }

  const send = (): void => {
    if (!closed) post(worker, unsent.splice(0), waiting);
  };

  return {
    measure(job) {
      const { short } = options;
      if (short !== undefined && !closed && isShort(job, short.maxChars)) return measureNow(short.measure, job);
      if (closed || waiting.size >= options.maxQueue || failedStarts >= MAX_STARTS_IN_A_ROW)
        return Promise.reject(new DgridError('DGRID_OVERLOADED', 'Too many answers wait to be measured.'));
      nextId += 1;
      const id = nextId;
      return new Promise<Measured>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        // Waking the thread costs more than most jobs: all that end in one turn of the loop go together.
        if (unsent.push({ id, job }) === 1) setImmediate(send);
      });
    },
    ready: () => ready.promise,
    async close() {
      closed = true;
      await worker.terminate();
      rejectAll(waiting, new DgridError('DGRID_SHUTTING_DOWN', 'The gateway is closing.'));
    },
  };
}

const isShort = ({ request, text, answer }: MeterJob, maxChars: number): boolean =>
  (text === undefined ? isWithin(request, maxChars) : text.length <= maxChars) && isWithin(answer, maxChars);

async function measureNow(measure: (job: MeterJob) => Measured, job: MeterJob): Promise<Measured> {
  try {
    return measure(job);
  } catch (cause) {
    throw new DgridError('DGRID_INTERNAL', UNMEASURED, { cause });
  }
}

function post(worker: Worker, batch: readonly { id: number; job: MeterJob }[], waiting: Map<number, Waiting>): void {
  try {
    worker.postMessage(batch.map(({ id, job }) => asSent(id, job)));
  } catch (cause) {
    // What has no JSON form fails these jobs and not the process.
    for (const { id } of batch) {
      waiting.get(id)?.reject(new DgridError('DGRID_INTERNAL', FAILED, { cause }));
      waiting.delete(id);
    }
  }
}

function asSent(id: number, { request, text, ...rest }: MeterJob): MeterRequest {
  return { id, request: text ?? JSON.stringify(request), rest: JSON.stringify(rest satisfies MeterRest) };
}

function settle(waiting: Map<number, Waiting>, reply: MeterReply): void {
  const entry = waiting.get(reply.id);
  waiting.delete(reply.id);
  if ('measured' in reply) entry?.resolve(reply.measured);
  else entry?.reject(new DgridError('DGRID_INTERNAL', UNMEASURED, { cause: reply.error }));
}

function rejectAll(waiting: Map<number, Waiting>, error: DgridError): void {
  for (const entry of waiting.values()) entry.reject(error);
  waiting.clear();
}
