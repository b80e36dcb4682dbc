import type { EvaluationEntry, Hex, PoqRecord, Receipt } from '../protocol/types.ts';

/** A served receipt that no batch holds yet. */
export type OpenReceipt = {
  readonly receipt: Receipt;
  readonly servedAtMs: number;
  /** Leaf of the answer that the node attested for this very receipt, once it is there. */
  readonly answer?: Hex;
};

export type BatchedReceipt = {
  readonly receipt: Receipt;
  readonly signature: Hex;
  readonly leaf: Hex;
  readonly answer?: Hex;
};

/** Receipts of one contiguous, half-open serial range under one root. */
export type ClosedBatch = {
  readonly fromSerial: bigint;
  readonly toSerial: bigint;
  readonly root: Hex;
  readonly count: number;
  /** Units of its volume-bearing receipts: what the fee is taken for. */
  readonly units: bigint;
  readonly dataHash: Hex;
  readonly receipts: readonly BatchedReceipt[];
};

export type BatchLog = {
  /** Unbatched receipts in serial order, from the first one or from a serial on. */
  readonly openReceipts: (limit: number, from?: bigint) => Promise<readonly OpenReceipt[]>;
  /** Where the next batch's range begins: the end of the last one's. */
  readonly nextFromSerial: () => Promise<bigint>;
  /** Stores the batch, its receipts' final flags and signatures, and the outbox row of its anchor, at once. */
  readonly close: (batch: ClosedBatch) => Promise<void>;
};

/** What an examination left behind: the committee's size and the evaluations that were revealed, by rank. */
export type ExaminedReceipt = {
  readonly committeeSize: number;
  readonly entries: readonly EvaluationEntry[];
  /** Answers of other operators that the committee saw beside this one. */
  readonly replays: number;
};

/** A receipt's record with the evaluations behind its hash. */
export type ScoredReceipt = {
  readonly receiptId: Hex;
  readonly record: PoqRecord;
  readonly leaf: Hex;
  readonly entries: readonly EvaluationEntry[];
};

/** The fields of a record that scoring decides. */
export type ReceiptScore = Pick<
  PoqRecord,
  'status' | 'committeeSize' | 'activeMask' | 'accuracy' | 'consistency' | 'format' | 'cost' | 'quality' | 'score'
>;
