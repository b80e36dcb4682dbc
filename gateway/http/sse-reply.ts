import type { FastifyReply } from 'fastify';

import { errorBody } from '../errors.ts';
import type { DgridError } from '../errors.ts';
import type { JsonObject } from '../protocol/content.ts';
import { drained } from '../lib/drained.ts';
import type { ServeHead, ServeSink } from '../serve.ts';

/** The client's side of a streamed answer. Nothing is sent, not even a status, before `sink.start`. */
export type SseReply = {
  readonly sink: ServeSink;
  readonly started: () => boolean;
  /** A last chunk if there is one, then `[DONE]`. */
  readonly finish: (lastChunk: JsonObject | undefined) => void;
  /** An in-band error and no `[DONE]`: clients raise it, and what came before is not taken for an answer. */
  readonly fail: (error: DgridError) => void;
};

type Options = {
  readonly headersOf: (head: ServeHead) => Readonly<Record<string, string>>;
  readonly keepAliveMs: number;
};

export function createSseReply(reply: FastifyReply, options: Options): SseReply {
  const { raw } = reply;
  let started = false;
  let keepAlive: NodeJS.Timeout | undefined;

  const write = (frames: Uint8Array | string): boolean => {
    if (raw.destroyed) return true; // the abort signal ends the call; there is nobody to wait for
    keepAlive?.refresh();
    return raw.write(frames);
  };
  const end = (): void => {
    clearTimeout(keepAlive);
    raw.end();
  };

  return {
    started: () => started,
    sink: {
      start(head) {
        started = true;
        reply.hijack();
        raw.writeHead(200, {
          ...ownHeaders(reply),
          ...options.headersOf(head),
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-cache, no-transform',
          'x-accel-buffering': 'no',
        });
        keepAlive = setTimeout(() => write(': keep-alive\n\n'), options.keepAliveMs);
        raw.once('close', () => clearTimeout(keepAlive));
      },
      write,
      drained: () => drained(raw),
    },
    finish(lastChunk) {
      if (lastChunk !== undefined) write(`data: ${JSON.stringify(lastChunk)}\n\n`);
      write('data: [DONE]\n\n');
      end();
    },
    fail(error) {
      write(`data: ${JSON.stringify(errorBody(error))}\n\n`);
      end();
    },
  };
}

/** Headers that hooks have set on the reply: hijacking would lose them. */
function ownHeaders(reply: FastifyReply): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) headers[name] = String(value);
  return headers;
}
