import { Worker } from 'node:worker_threads';

import { DgridError } from '../errors.ts';
import type { JsonValue } from '../protocol/canonical-json.ts';
import type { ChatContent, JsonObject } from '../protocol/content.ts';
import type { Hex } from '../protocol/types.ts';

/** What is measured about a served request, off the thread that pumps bytes. */
export type MeterJob = {
  /** The body as it went to the node. */
  readonly request: JsonObject;
  readonly answer: ChatContent;
  readonly salt: Hex;
  readonly decision: JsonValue;
};

export type Measured = {
  /** Canonical JSON texts and their salted hashes. */
  readonly request: string;
  readonly response: string;
  readonly requestHash: Hex;
  readonly responseHash: Hex;
  readonly decision: string;
  readonly routeHash: Hex;
  readonly promptTokens: number;
  readonly completionTokens: number;
};

export type MeterReply = { readonly id: number } & ({ readonly measured: Measured } | { readonly error: string });

export type Meter = {
  /** @throws DgridError (DGRID_OVERLOADED) when the queue is full, DGRID_INTERNAL when the thread failed. */
  readonly measure: (job: MeterJob) => Promise<Measured>;
  /** Resolves once the thread has loaded its vocabulary. */
  readonly ready: () => Promise<void>;
  readonly close: () => Promise<void>;
};

type Waiting = { readonly resolve: (measured: Measured) => void; readonly reject: (error: DgridError) => void };

export function createMeter(options: { readonly maxQueue: number }): Meter {
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let closed = false;
  let ready = Promise.withResolvers<void>();
  let worker = start();

  function start(): Worker {
    const thread = new Worker(new URL('./meter-thread.ts', import.meta.url));
    thread.unref();
    thread.on('message', (reply: MeterReply | 'ready') => {
      if (reply === 'ready') return ready.resolve();
      const entry = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ('measured' in reply) entry?.resolve(reply.measured);
      else entry?.reject(new DgridError('DGRID_INTERNAL', 'The answer could not be measured.', { cause: reply.error }));
    });
    thread.on('error', (cause) => {
      for (const entry of waiting.values())
        entry.reject(new DgridError('DGRID_INTERNAL', 'The metering thread failed.', { cause }));
      waiting.clear();
    });
    thread.on('exit', () => {
      if (closed) return;
      ready.promise.catch(() => undefined);
      ready = Promise.withResolvers<void>();
      worker = start();
    });
    return thread;
  }

  return {
    measure(job) {
      if (closed || waiting.size >= options.maxQueue)
        return Promise.reject(new DgridError('DGRID_OVERLOADED', 'Too many answers wait to be measured.'));
      nextId += 1;
      const id = nextId;
      return new Promise<Measured>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, job });
      });
    },
    ready: () => ready.promise,
    async close() {
      closed = true;
      ready.resolve();
      await worker.terminate();
      for (const entry of waiting.values())
        entry.reject(new DgridError('DGRID_SHUTTING_DOWN', 'The gateway is closing.'));
      waiting.clear();
    },
  };
}
