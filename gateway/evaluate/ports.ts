import type { Address, CommitSet, EvaluationEntry, Hex, Receipt } from '../protocol/types.ts';

/** Another operator's answer to the same request, shown to the committee beside the examined one. */
export type Replay = {
  readonly node: Address;
  readonly replayId: Hex;
  readonly modelId: string;
  /** Canonical response JSON. */
  readonly response: string;
};

/** A drawn receipt with everything its committee may see, and what the gateway needs to lead the examination. */
export type Examination = {
  readonly receiptId: Hex;
  readonly receiptLeaf: Hex;
  readonly receipt: Receipt;
  readonly seed: Hex;
  readonly replayed: boolean;
  readonly batchId: bigint;
  readonly epoch: bigint;
  /** Inclusion of the leaf in the anchored batch. */
  readonly proof: readonly Hex[];
  readonly content: { readonly salt: Hex; readonly request: string; readonly response: string };
  readonly replays: readonly Replay[];
};

/** A signed commit set with the lists behind its hash, by committee rank. */
export type StoredCommitSet = {
  readonly commitSet: CommitSet;
  readonly signature: Hex;
  readonly evaluators: readonly Address[];
  readonly commitments: readonly Hex[];
};

export type CommitteeResult = { readonly size: number; readonly entries: readonly EvaluationEntry[] };

/** Each method is one transaction; those with a `key` also finish that outbox row and add what follows from it. */
export type ExaminationLog = {
  /** Undefined when there is none, or when it is over: finished, or given up. */
  readonly examination: (receiptId: Hex) => Promise<Examination | undefined>;
  readonly saveReplays: (key: string, receiptId: Hex, replays: readonly Replay[], size: number) => Promise<void>;
  readonly commitSet: (receiptId: Hex, size: number) => Promise<StoredCommitSet | undefined>;
  readonly saveCommitSet: (key: string, receiptId: Hex, set: StoredCommitSet) => Promise<void>;
  /** @param first result of a first committee that was quorate: it stands if the larger one does not end in time. */
  readonly escalate: (
    key: string,
    receiptId: Hex,
    nextSize: number,
    first: CommitteeResult | undefined,
  ) => Promise<void>;
  readonly finish: (key: string, receiptId: Hex, size: number, entries: readonly EvaluationEntry[]) => Promise<void>;
  /** Ends a step of an examination that is over already. */
  readonly close: (key: string) => Promise<void>;
};

/** An evaluator as the gateway knows it from the chain. */
export type EvaluatorNode = {
  readonly account: Address;
  readonly signer: Address;
  /** Missing when its metadata cannot be read: it is drawn all the same, and counts as silent. */
  readonly endpoint?: string;
};
