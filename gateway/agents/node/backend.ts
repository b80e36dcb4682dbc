import { MAX_CHOICES } from '../../execute/choices.ts';
import { DIALECTS } from '../../execute/dialect.ts';
import { UpstreamFailure } from '../../execute/failure.ts';
import type { CallLimits, NodeClient, ResponseHead, UpstreamCall } from '../../execute/node-client.ts';
import { createSseScanner } from '../../execute/sse-scanner.ts';
import type { ClaimedUsage } from '../../execute/usage.ts';
import type { AnswerContent, Endpoint, JsonObject } from '../../protocol/content.ts';

/** What came of a whole answer of the backend. */
export type BackendAnswer = { readonly content: AnswerContent; readonly usage: ClaimedUsage | undefined };

/** Where a streamed answer goes while it comes. */
export type Relay = {
  readonly begin: () => void;
  readonly write: (bytes: Buffer) => boolean;
  readonly drained: () => Promise<void>;
};

/** The backend's own refusal, passed on as it is. */
export type Refusal = { readonly status: number; readonly body: string; readonly retryAfter: string | undefined };

export class BackendRefusal extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(`the backend answered ${refusal.status}`);
    this.name = 'BackendRefusal';
    this.refusal = refusal;
  }
}

export type Backend = {
  /** @throws UpstreamFailure | BackendRefusal */
  readonly plain: (
    endpoint: Endpoint,
    body: JsonObject,
    signal: AbortSignal,
  ) => Promise<BackendAnswer & { readonly bytes: Buffer }>;
  /** Frames go to the relay as they come, except `[DONE]`, which is the caller's to send. @throws the same */
  readonly stream: (
    endpoint: Endpoint,
    body: JsonObject,
    to: { readonly signal: AbortSignal; readonly relay: Relay },
  ) => Promise<BackendAnswer>;
  /** GET /models of the backend. @throws the same */
  readonly models: (signal: AbortSignal) => Promise<Buffer>;
};

export type BackendOptions = {
  readonly client: NodeClient;
  readonly baseUrl: string;
  readonly key: string;
  /** Offered model id → the backend's. */
  readonly names: ReadonlyMap<string, string>;
  readonly limits: CallLimits;
  readonly maxAnswerBytes: number;
};

const MAX_FRAME_BYTES = 1_048_576;
const MAX_REFUSAL_BYTES = 65_536;

/** A bare host gets `/v1`; a URL with a path is used as it stands, since hosted APIs differ there. */
export function backendBase(url: string): string {
  const { origin, pathname } = new URL(url);
  const path = pathname.replace(/\/+$/, '');
  return path === '' ? `${origin}/v1` : `${origin}${path}`;
}

export function createBackend(options: BackendOptions): Backend {
  const endpoint = backendBase(options.baseUrl);
  const headers = {
    'content-type': 'application/json',
    'accept-encoding': 'identity',
    ...(options.key === '' ? {} : { authorization: `Bearer ${options.key}` }),
  };
  const callOf = (asked: Endpoint, body: JsonObject, signal: AbortSignal): UpstreamCall => ({
    endpoint,
    path: DIALECTS[asked].path,
    method: 'POST',
    headers,
    body: JSON.stringify(backendBody(body, options.names)),
    limits: options.limits,
    signal,
  });

  return {
    async plain(asked, body, signal) {
      const bytes = await readAll(options, callOf(asked, body, signal));
      return { ...DIALECTS[asked].parse(bytes.toString('utf8'), partsOf(asked, body)), bytes };
    },
    stream: (asked, body, { signal, relay }) => relayStream(options, callOf(asked, body, signal), { asked, relay }),
    models: (signal) =>
      readAll(options, {
        endpoint,
        path: '/models',
        method: 'GET',
        headers,
        body: undefined,
        limits: options.limits,
        signal,
      }),
  };
}

/** Choices beyond `n` are for the gateway to refuse; of vectors there must be one for each input. */
const partsOf = (asked: Endpoint, body: JsonObject): number =>
  asked === 'embedding' ? DIALECTS.embedding.partsAsked(body) : MAX_CHOICES;

/** `dgrid` tells evaluators what format was asked for; a backend would stumble over it. */
function backendBody(body: JsonObject, names: ReadonlyMap<string, string>): JsonObject {
  const { dgrid: _dgrid, ...rest } = body;
  const name = typeof rest['model'] === 'string' ? names.get(rest['model']) : undefined;
  return name === undefined ? rest : { ...rest, model: name };
}

async function readAll({ client, maxAnswerBytes }: BackendOptions, call: UpstreamCall): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  let head: ResponseHead | undefined;
  await client.send(call, {
    onHead(received) {
      head = received;
    },
    onData(chunk, control) {
      control.progress();
      size += chunk.length;
      if (size > (head?.status === 200 ? maxAnswerBytes : MAX_REFUSAL_BYTES)) throw new UpstreamFailure('too_large');
      parts.push(chunk);
    },
  });
  const bytes = Buffer.concat(parts);
  if (head?.status !== 200) throw refusalOf(head, bytes);
  return bytes;
}

const refusalOf = (head: ResponseHead | undefined, bytes: Buffer): BackendRefusal =>
  new BackendRefusal({
    status: head?.status ?? 502,
    body: bytes.toString('utf8'),
    retryAfter: head?.headers['retry-after'],
  });

async function relayStream(
  { client, maxAnswerBytes }: BackendOptions,
  call: UpstreamCall,
  { asked, relay }: { readonly asked: Endpoint; readonly relay: Relay },
): Promise<BackendAnswer> {
  const scanner = createSseScanner(MAX_FRAME_BYTES);
  const stream = DIALECTS[asked].createStream(maxAnswerBytes, MAX_CHOICES);
  const refusal: Buffer[] = [];
  let head: ResponseHead | undefined;
  let refusalBytes = 0;
  await client.send(call, {
    onHead(received) {
      head = received;
      if (received.status !== 200) return;
      if (!/^text\/event-stream\b/i.test(received.headers['content-type'] ?? ''))
        throw new UpstreamFailure('malformed');
      relay.begin();
    },
    onData(chunk, control) {
      if (head?.status !== 200) {
        refusalBytes += chunk.length;
        if (refusalBytes > MAX_REFUSAL_BYTES) throw new UpstreamFailure('too_large');
        refusal.push(chunk);
        return;
      }
      let flowing = true;
      for (const frame of scanner.push(chunk)) {
        const { kind } = stream.accept(frame);
        if (kind === 'done') control.complete();
        else flowing = relay.write(frame.bytes) && flowing;
        if (kind !== 'comment') control.progress();
      }
      if (flowing) return;
      control.pause();
      void relay.drained().then(control.resume);
    },
  });
  if (head?.status !== 200) throw refusalOf(head, Buffer.concat(refusal));
  const rest = scanner.rest();
  if (rest?.data?.trim() === '[DONE]') stream.accept(rest);
  return { content: stream.complete(), usage: stream.usage() };
}
