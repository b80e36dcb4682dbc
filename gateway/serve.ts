import type { AnswerContent, Endpoint, JsonObject } from './protocol/content.ts';
import type { Address, Hex, Receipt } from './protocol/types.ts';

/** The port of the pipeline: what its three callers (HTTP, golds, replays) hand in and what they get. Types only. */

export type ServeRequest = {
  /** What is asked for; decides path, form of the answer and what a model must be able to do. Default: chat. */
  readonly endpoint?: Endpoint;
  /** The OpenAI body as the caller sent it, preference fields included, already validated. */
  readonly body: JsonObject;
  /** sha256 of the key that pays, lower-case hex without 0x. */
  readonly keyHash: string;
  /** Flags the caller of the pipeline sets: `Flag.gold`, `Flag.replay`. The others are found out on the way. */
  readonly flags: number;
  /** Only these accounts may answer (replays). It is the gateway's own choice, so it does not set `Flag.pinned`. */
  readonly pin?: readonly Address[];
  readonly exclude?: readonly Address[];
  /** Aborting it closes the upstream call; nothing is then committed or charged. */
  readonly signal: AbortSignal;
  /** The caller's trace id, kept in the decision record. */
  readonly traceId?: string;
  /** Flags of that trace, two hex digits; passed on to the node. */
  readonly traceFlags?: string;
  /** Where a streamed answer goes. Without it a `stream: true` body is streamed from the node all the same. */
  readonly sink?: ServeSink;
};

/** What is known when the first content event arrives, before anything is sent to the caller. */
export type ServeHead = {
  readonly receiptId: Hex;
  readonly salt: Hex;
  readonly node: Address;
  readonly modelId: string;
  /** Why this node: `drawn`, `explored`, `only`, `ordered`, or `fallback` after the fault of another. */
  readonly cause: string;
  readonly attempts: number;
  /** Micro-USD per million tokens. */
  readonly price: { readonly input: number; readonly output: number };
  /** The node's predicted quality for this task family, bps. */
  readonly qualityBps: number;
};

export type ServeSink = {
  /** Called once, at the commit point. */
  readonly start: (head: ServeHead) => void;
  /** Whole SSE frames. False: the caller is slow; `drained` resolves when it has caught up or is gone. */
  readonly write: (frames: Uint8Array | string) => boolean;
  readonly drained: () => Promise<void>;
};

export type ServeOutcome = {
  readonly head: ServeHead;
  readonly receipt: Receipt;
  readonly content: AnswerContent;
  /** The whole body for a plain request: the node's answer with the recounted usage. Empty when streamed. */
  readonly body: JsonObject;
};

/** @throws DgridError; after `sink.start` the caller of the pipeline ends the stream with it in-band. */
export type Serve = (request: ServeRequest) => Promise<ServeOutcome>;
