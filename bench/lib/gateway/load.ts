import { connect } from 'node:net';
import type { Socket } from 'node:net';

import { createTexts } from './texts.ts';

/** The load generator: bare sockets, one request after the other on each, in a process of its own. */
export type Load = {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly model: string;
  readonly bodyBytes: number;
  readonly stream: boolean;
  readonly connections: number;
  readonly ms: number;
};

export type LoadResult = {
  readonly requests: number;
  readonly errors: number;
  readonly firstError: string | undefined;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly ttftP50Ms: number;
};

const VARIANTS = 128;

type Requests = { readonly next: () => Buffer };

/** What no request before it had: nobody can know a prompt again. */
const STAMP = 'Note 00000000. ';
let stamped = 0;

const made = new Map<number, readonly string[]>();

/** Made once for each size: every system is asked the same. */
function proseOf(bytes: number): readonly string[] {
  const known = made.get(bytes);
  if (known !== undefined) return known;
  const texts = createTexts(bytes + 11);
  const prose = Array.from({ length: VARIANTS }, () => texts(bytes));
  made.set(bytes, prose);
  return prose;
}

function requestsOf(load: Load): Requests {
  const templates = proseOf(load.bodyBytes).map((prose) => {
    const head = { model: load.model, max_tokens: 256, ...(load.stream ? { stream: true } : {}) };
    const empty = JSON.stringify({ ...head, messages: [{ role: 'user', content: STAMP }] }).length;
    const content = STAMP + prose.slice(0, Math.max(16, load.bodyBytes - empty));
    const body = JSON.stringify({ ...head, messages: [{ role: 'user', content }] });
    const headers = { ...load.headers, 'content-type': 'application/json', 'content-length': String(body.length) };
    const lines = Object.entries({ host: `127.0.0.1:${load.port}`, ...headers }).map(([k, v]) => `${k}: ${v}`);
    return Buffer.from(`POST ${load.path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
  });
  return {
    next() {
      stamped += 1;
      const request = Buffer.from(templates[stamped % VARIANTS] ?? '');
      request.write(String(stamped).padStart(8, '0'), request.indexOf(STAMP) + STAMP.indexOf('0'));
      return request;
    },
  };
}

type Reading = { readonly complete: boolean; readonly spoke: boolean; readonly fault: string | undefined };
type Reader = (part: Buffer) => Reading;

const BODY_END = Buffer.from('0\r\n\r\n');
const WAITING: Reading = { complete: false, spoke: false, fault: undefined };

type Head = { readonly bodyAt: number; /** -1: until the last chunk. */ readonly length: number };

function headOf(text: Buffer): Head | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.toString('latin1', 0, end))?.[1];
  return { bodyAt: end + 4, length: Number(length ?? -1) };
}

const isWhole = (text: Buffer, { bodyAt, length }: Head): boolean =>
  length === -1 ? text.subarray(-5).equals(BODY_END) : text.length >= bodyAt + length;

/** An answer is good when its status is 200 and a streamed one has its end. */
const isGood = (text: Buffer, stream: boolean): boolean =>
  text.toString('latin1', 0, 12) === 'HTTP/1.1 200' && (!stream || text.includes('[DONE]'));

/** Follows one answer. */
function createReader(stream: boolean): Reader {
  let text: Buffer = Buffer.alloc(0);
  let head: Head | undefined;
  let spoke = false;
  return (part) => {
    text = text.length === 0 ? part : Buffer.concat([text, part]);
    head ??= headOf(text);
    if (head === undefined) return WAITING;
    spoke ||= stream ? text.includes('data: {', head.bodyAt) : text.length > head.bodyAt;
    const complete = isWhole(text, head);
    return { complete, spoke, fault: !complete || isGood(text, stream) ? undefined : text.toString('utf8', 0, 600) };
  };
}

type Tally = { readonly total: number[]; readonly first: number[]; errors: number; firstError: string | undefined };

function drive(load: Load, requests: Requests, tally: Tally): Promise<void> {
  return new Promise((resolve) => {
    const end = performance.now() + load.ms;
    let socket: Socket;
    let reader: Reader;
    let startedMs = 0;
    let spokeMs = 0;

    const ask = (): void => {
      if (performance.now() >= end) {
        socket.destroy();
        return resolve();
      }
      reader = createReader(load.stream);
      const request = requests.next();
      startedMs = performance.now();
      spokeMs = 0;
      socket.write(request);
    };
    const open = (): void => {
      socket = connect(load.port, '127.0.0.1');
      socket.setNoDelay(true);
      socket.once('connect', ask);
      socket.on('data', (part: Buffer) => {
        const { complete, spoke, fault } = reader(part);
        if (spoke && spokeMs === 0) spokeMs = performance.now();
        if (!complete) return;
        if (fault === undefined) {
          tally.total.push(performance.now() - startedMs);
          tally.first.push(spokeMs - startedMs);
        } else {
          tally.errors += 1;
          tally.firstError ??= fault;
        }
        ask();
      });
      socket.once('error', () => undefined);
      socket.once('close', () => {
        if (performance.now() >= end) return resolve();
        tally.errors += 1;
        tally.firstError ??= 'the connection was closed';
        setTimeout(open, 10);
      });
    };
    open();
  });
}

const at = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

async function run(load: Load): Promise<LoadResult> {
  const requests = requestsOf(load);
  const tally: Tally = { total: [], first: [], errors: 0, firstError: undefined };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: load.connections }, () => drive(load, requests, tally)));
  const elapsedMs = performance.now() - startedMs;
  const total = Float64Array.from(tally.total).toSorted();
  const first = Float64Array.from(tally.first).toSorted();
  return {
    requests: total.length,
    errors: tally.errors,
    firstError: tally.firstError,
    elapsedMs,
    p50Ms: at(total, 0.5),
    p99Ms: at(total, 0.99),
    ttftP50Ms: at(first, 0.5),
  };
}

process.on('message', (message: unknown) => {
  if (typeof message !== 'object' || message === null || !('load' in message)) return;
  void run(message.load as Load).then((result) => process.send?.({ result }));
});
