import type {
  Address,
  AnswerLeaf,
  EvaluationEntry,
  Hex,
  NodeAttestation,
  PoqRecord,
  Receipt,
} from '../protocol/types.ts';

import type { Charge } from '../account/ports.ts';

/** What was asked and answered, in the canonical form that the receipt's hashes commit to. */
export type ServedContent = {
  readonly salt: Hex;
  /** Canonical JSON text. */
  readonly request: string;
  readonly response: string;
};

/** The same, encrypted already for the place where it is kept. */
export type SealedContent = { readonly salt: Hex; readonly sealed: Uint8Array };

export type ReceiptState = 'served' | 'anchored' | 'evaluated' | 'recorded' | 'final' | 'lost';

export type ReceiptAttestation = {
  readonly attestation: NodeAttestation;
  readonly signature: Hex;
  /** What the node says it answered. Its token counts are its own and may differ from the receipt's. */
  readonly answer: AnswerLeaf;
  /** The leaf of that answer and its place under the attested root. */
  readonly leaf: Hex;
  readonly proof: readonly Hex[];
};

export type AnchoredBatch = {
  readonly id: bigint;
  readonly root: Hex;
  /** Hash of the block after the anchor; null until it is fixed on chain. */
  readonly seed: Hex | null;
  readonly leaf: Hex;
  readonly proof: readonly Hex[];
};

export type AnchoredRecord = {
  readonly record: PoqRecord;
  readonly root: Hex;
  readonly leaf: Hex;
  readonly proof: readonly Hex[];
  readonly evaluations: readonly EvaluationEntry[];
};

export type StoredReceipt = {
  readonly receipt: Receipt;
  /** The gateway's; null until the flags are final, that is until the receipt is batched. */
  readonly signature: Hex | null;
  readonly state: ReceiptState;
  /** Whether its epoch's result is computed: from then on a vote on it would count for nothing. */
  readonly isCounted: boolean;
  /** sha256 of the key that paid. Until the receipt is final nobody else may read it: its flags would betray a gold. */
  readonly keyHash: string;
  readonly salt: Hex;
  readonly modelId: string;
  readonly attestation?: ReceiptAttestation;
  readonly batch?: AnchoredBatch;
  readonly record?: AnchoredRecord;
};

/** A served request as it is written down, once, when the answer has ended. */
export type ServedReceipt = {
  /** Flags without 64 (unattested): whether the node attests in time is known only at batching. */
  readonly receipt: Receipt;
  readonly content: ServedContent | SealedContent;
  readonly keyHash: string;
  readonly servedAtMs: number;
  readonly modelId: string;
  /** Canonical JSON of the decision record; its keccak256 is the receipt's `routeHash`. */
  readonly decision: string;
  /** Added to the account of the key that pays, together with the receipt. Undefined: nobody pays. */
  readonly charge?: Charge;
};

export type ReceiptLog = {
  /** Before a node is asked: takes the id. @throws when it is taken, or when nothing can be written at present. */
  readonly reserve: (id: Hex) => Promise<void>;
  /**
   * When it resolves, the end of the process cannot undo it; a loss of power may, for milliseconds. Gives the serial here, not earlier: a long stream must not hold up later
   * receipts.
   */
  readonly commit: (served: ServedReceipt) => Promise<{ readonly serial: bigint }>;
  /** The request had no answer: no receipt is written, and nothing is charged but what of a stream was delivered. */
  readonly release: (id: Hex, charge?: Charge) => Promise<void>;
  readonly find: (id: Hex) => Promise<StoredReceipt | undefined>;
};

/** A caller's word on an answer it paid for. One per payer, node and day of service: the last stands. */
export type Vote = {
  readonly keyHash: string;
  readonly node: Address;
  /** Day on which the receipt was served: ⌊seconds / 86,400⌋. */
  readonly day: bigint;
  readonly receiptId: Hex;
  readonly good: boolean;
};

export type VoteLog = {
  /** Durable when it resolves. */
  readonly cast: (vote: Vote) => Promise<void>;
};

/** Time as the chain knows it: what a receipt's `servedAt` is taken from. */
export type BlockTime = { readonly blockTime: () => bigint };

export type GatewayIdentity = { readonly account: Address };
