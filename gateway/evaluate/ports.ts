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

/** A draw: the same receipt may be drawn again under another seed, when the chain loses the block of the first. */
export type Drawn = Pick<Examination, 'receiptId' | 'seed'>;

/** A signed commit set with the lists behind its hash, by committee rank. */
export type StoredCommitSet = {
  readonly commitSet: CommitSet;
  readonly signature: Hex;
  readonly evaluators: readonly Address[];
  readonly commitments: readonly Hex[];
};

export type CommitteeResult = { readonly size: number; readonly entries: readonly EvaluationEntry[] };

/**
 * Each method is one transaction; those with a `key` also finish that outbox row and add what follows from it. They reject,
 * with nothing written, when the receipt is meanwhile drawn under another seed.
 */
export type ExaminationLog = {
  /** Undefined when there is none, or when it is over: finished, or given up. */
  readonly examination: (receiptId: Hex) => Promise<Examination | undefined>;
  readonly saveReplays: (key: string, drawn: Drawn, replays: readonly Replay[], size: number) => Promise<void>;
  readonly commitSet: (drawn: Drawn, size: number) => Promise<StoredCommitSet | undefined>;
  readonly saveCommitSet: (key: string, drawn: Drawn, set: StoredCommitSet) => Promise<void>;
  /** @param first result of a first committee that was quorate: it stands if the larger one does not end in time. */
  readonly escalate: (key: string, drawn: Drawn, nextSize: number, first: CommitteeResult | undefined) => Promise<void>;
  readonly finish: (key: string, drawn: Drawn, size: number, entries: readonly EvaluationEntry[]) => Promise<void>;
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
