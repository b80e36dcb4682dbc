import type { AnswerContent, JsonObject } from '../protocol/content.ts';
import type { StreamMeta } from './chat-stream.ts';
import type { AnswerStream, Dialect } from './dialect.ts';
import { UpstreamFailure, failureOfStatus } from './failure.ts';
import type { CallControl, CallReader, NodeClient, ResponseHead, UpstreamCall } from './node-client.ts';
import { createPauses } from './pauses.ts';
import type { Pauses } from './pauses.ts';
import { createSseScanner } from './sse-scanner.ts';
import type { SseFrame, SseScanner } from './sse-scanner.ts';
import type { ClaimedUsage } from './usage.ts';

export type ChatResult = {
  readonly content: AnswerContent;
  readonly usage: ClaimedUsage | undefined;
  readonly firstTokenMs: number;
  /** The node's own time: without the pauses in which the caller did not keep up. */
  readonly totalMs: number;
  /** The node's own answer; for a stream only its id, time and model. */
  readonly body: JsonObject;
};

/** Receives a stream from its first content event on. `write` false: wait for `drained` before more is read. */
export type ContentSink = {
  readonly commit: () => void;
  readonly write: (bytes: Buffer) => boolean;
  readonly drained: () => Promise<void>;
};

export type ChatCallDeps = {
  readonly client: NodeClient;
  readonly nowMs: () => number;
  readonly maxAnswerBytes: number;
};

const MAX_FRAME_BYTES = 1_048_576;
const MAX_HELD_BYTES = 262_144;
const MAX_REFUSAL_BYTES = 65_536;

export type ChatCall = UpstreamCall & {
  /** How the answer is read. */
  readonly dialect: Pick<Dialect, 'parse' | 'createStream'>;
  /** Most choices the answer may have: what the body asks for. */
  readonly maxChoices: number;
};

/** A plain call. @throws UpstreamFailure */
export async function callPlain(deps: ChatCallDeps, call: ChatCall): Promise<ChatResult> {
  const startedMs = deps.nowMs();
  const parts: Buffer[] = [];
  let size = 0;
  let firstMs: number | undefined;
  const refusal = createRefusalReader(deps.nowMs);
  await deps.client.send(call, {
    onHead: refusal.onHead,
    onData(chunk, control) {
      if (refusal.takes(chunk)) return;
      firstMs ??= deps.nowMs();
      control.progress();
      size += chunk.length;
      if (size > deps.maxAnswerBytes) throw new UpstreamFailure('too_large');
      parts.push(chunk);
    },
  });
  refusal.check();
  const endedMs = deps.nowMs();
  const answer = call.dialect.parse(Buffer.concat(parts).toString('utf8'), call.maxChoices);
  return { ...answer, firstTokenMs: (firstMs ?? endedMs) - startedMs, totalMs: endedMs - startedMs };
}

/** A streamed call; nothing reaches the sink before the first content event. @throws UpstreamFailure */
export async function callStream(deps: ChatCallDeps, call: ChatCall, sink: ContentSink): Promise<ChatResult> {
  const startedMs = deps.nowMs();
  const stream = call.dialect.createStream(deps.maxAnswerBytes, call.maxChoices);
  const scanner = createSseScanner(MAX_FRAME_BYTES);
  const refusal = createRefusalReader(deps.nowMs);
  const gate = createCommitGate(sink, () => deps.nowMs());
  const pauses = createPauses(deps.nowMs);
  const feed = createFeed({ scanner, stream, gate, pauses });
  const reader: CallReader = {
    onHead(head, control) {
      refusal.onHead(head, control);
      if (head.status === 200 && !isEventStream(head))
        throw new UpstreamFailure('malformed', { said: 'not an event stream' });
    },
    onData(chunk, control) {
      if (!refusal.takes(chunk)) feed(chunk, control);
    },
  };
  await deps.client.send(call, reader);
  refusal.check();
  const last = scanner.rest();
  if (last?.data?.trim() === '[DONE]') stream.accept(last);
  const content = stream.complete();
  const endedMs = deps.nowMs();
  const meta: StreamMeta = stream.meta();
  return {
    content,
    usage: stream.usage(),
    firstTokenMs: (gate.committedMs() ?? endedMs) - startedMs,
    totalMs: endedMs - startedMs - pauses.totalMs(),
    body: { id: meta.id, created: meta.created, model: meta.model },
  };
}

const isEventStream = (head: ResponseHead): boolean =>
  /^text\/event-stream\b/i.test(head.headers['content-type'] ?? '');

type FeedParts = {
  readonly scanner: SseScanner;
  readonly stream: AnswerStream;
  readonly gate: CommitGate;
  readonly pauses: Pauses;
};

function createFeed({ scanner, stream, gate, pauses }: FeedParts) {
  const follow = (frames: readonly SseFrame[], control: CallControl): void => {
    for (const frame of frames) {
      const event = stream.accept(frame);
      // Comments keep a socket open, not a call: only what belongs to the answer pushes the clock back.
      if (event.kind === 'content' || (event.kind !== 'comment' && gate.committedMs() !== undefined))
        control.progress();
      if (event.kind === 'done') control.complete();
      if (event.forward !== undefined) gate.pass(event.kind === 'content', event.forward);
    }
  };
  return (chunk: Buffer, control: CallControl): void => {
    let flowing;
    let frames;
    try {
      frames = scanner.push(chunk);
    } catch (cause) {
      throw new UpstreamFailure('too_large', { cause });
    }
    try {
      follow(frames, control);
    } finally {
      flowing = gate.flush(); // also what came before a frame that ended the call
    }
    if (!flowing) {
      control.pause();
      pauses.begin();
      void gate.drained().then(() => {
        pauses.end();
        control.resume();
      });
    }
  };
}

type CommitGate = {
  /** Takes a frame in. @throws UpstreamFailure when too much comes before the first content event */
  readonly pass: (isContent: boolean, bytes: Buffer) => void;
  /** Writes what was taken in since the last time, at once, if the caller may have it. False: the caller is slow. */
  readonly flush: () => boolean;
  readonly drained: () => Promise<void>;
  readonly committedMs: () => number | undefined;
};

/**
 * Holds what comes before the first content event, so that until then another node can still be asked; and from then on
 * what arrived together, which goes out in one write.
 */
function createCommitGate(sink: ContentSink, nowMs: () => number): CommitGate {
  const held: Buffer[] = [];
  let heldBytes = 0;
  let committedMs: number | undefined;
  return {
    pass(isContent, bytes) {
      held.push(bytes);
      if (committedMs !== undefined) return;
      heldBytes += bytes.length;
      if (heldBytes > MAX_HELD_BYTES) throw new UpstreamFailure('too_large');
      if (!isContent) return;
      const atMs = nowMs();
      sink.commit();
      committedMs = atMs;
    },
    flush() {
      if (committedMs === undefined || held.length === 0) return true;
      const [first] = held;
      const bytes = first !== undefined && held.length === 1 ? first : Buffer.concat(held);
      held.length = 0;
      return sink.write(bytes);
    },
    drained: sink.drained,
    committedMs: () => committedMs,
  };
}

type RefusalReader = {
  readonly onHead: (head: ResponseHead, control: CallControl) => void;
  /** Whether the chunk belongs to an answer that is not a 200. */
  readonly takes: (chunk: Buffer) => boolean;
  readonly check: () => void;
};

/** Reads the body of a refusal, as far as it matters, so that its reason can be told apart. */
function createRefusalReader(nowMs: () => number): RefusalReader {
  let head: ResponseHead | undefined;
  const parts: Buffer[] = [];
  let size = 0;
  const failure = (): UpstreamFailure =>
    failureOfStatus(
      {
        status: head?.status ?? 0,
        body: Buffer.concat(parts).toString('utf8'),
        retryAfter: head?.headers['retry-after'],
      },
      nowMs(),
    );
  return {
    onHead(received) {
      head = received;
    },
    takes(chunk) {
      if (head?.status === 200) return false;
      size += chunk.length;
      if (size > MAX_REFUSAL_BYTES) throw failure();
      parts.push(chunk);
      return true;
    },
    check() {
      if (head?.status !== 200) throw failure();
    },
  };
}
