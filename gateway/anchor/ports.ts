import type { RecordBatch } from '../batch/build-records.ts';
import type { ExaminedReceipt } from '../batch/ports.ts';
import type { Address, Distribution, Hex, Receipt } from '../protocol/types.ts';

/** What the anchoring steps need of the chain. Every write resolves once its transaction has enough confirmations. */
export type AnchorChain = {
  /** Newest block seen; never goes back in number. */
  readonly head: () => { readonly number: bigint; readonly timestamp: bigint };
  readonly nextSerial: () => Promise<bigint>;
  readonly anchorReceipts: (batch: ReceiptsAnchor) => Promise<Anchored>;
  /** The anchor of this very batch, by first serial and root, if it is on chain. */
  readonly findAnchor: (batch: Pick<ReceiptsAnchor, 'fromSerial' | 'root'>) => Promise<Anchored | undefined>;
  /** How many batches this gateway anchored in an epoch that began at chain time `startsAt`. */
  readonly anchorsIn: (epoch: bigint, startsAt: bigint) => Promise<number>;
  readonly batchOf: (batchId: bigint) => Promise<BatchState>;
  readonly fixSeed: (batchId: bigint) => Promise<void>;
  readonly anchorRecords: (anchor: RecordsAnchor) => Promise<void>;
  readonly goldRoot: (epoch: bigint) => Promise<Hex>;
  readonly anchorGold: (epoch: bigint, root: Hex, count: number) => Promise<void>;
  readonly nextEpochToOpen: () => Promise<bigint>;
  readonly openEpoch: (epoch: bigint) => Promise<void>;
  readonly epochState: (epoch: bigint) => Promise<EpochStatus>;
  readonly propose: (distribution: Distribution, signatures: readonly Hex[]) => Promise<void>;
  readonly finalize: (epoch: bigint) => Promise<void>;
  /** Returns the pools of an epoch that nobody can attest. */
  readonly voidEpoch: (epoch: bigint) => Promise<void>;
  /** This gateway's stake in an epoch's electorate; 0 when it has no say in it. */
  readonly attesterStake: (epoch: bigint) => Promise<bigint>;
};

export type ReceiptsAnchor = {
  readonly root: Hex;
  readonly fromSerial: bigint;
  readonly toSerial: bigint;
  readonly count: number;
  readonly units: bigint;
  readonly dataHash: Hex;
};

export type Anchored = {
  readonly batchId: bigint;
  readonly epoch: bigint;
  readonly block: bigint;
  readonly blockHash: Hex;
  readonly anchoredAt: bigint;
};

export type BatchState = {
  readonly seed: Hex;
  readonly recordsRoot: Hex;
  readonly anchorBlock: bigint;
  readonly recordBy: bigint;
};

export type RecordsAnchor = {
  readonly batchId: bigint;
  readonly root: Hex;
  readonly count: number;
  readonly dataHash: Hex;
};

/** State of an epoch on chain, by name. */
export const EPOCH_STATES = ['none', 'open', 'proposed', 'disputed', 'final', 'void'] as const;
export type EpochStateName = (typeof EPOCH_STATES)[number];

export type EpochStatus = {
  readonly state: EpochStateName;
  readonly round: number;
  readonly roundStartsAt: bigint;
  readonly finalizableAt: bigint;
  readonly paramsHash: Hex;
  /** Trust, rate and active-dimension table in force, and the epoch whose golds it was made from. */
  readonly tableRoot: Hex;
  readonly tableEpoch: bigint;
  readonly distributionHash: Hex;
  readonly pools: readonly bigint[];
  readonly pot: bigint;
  /** Stake of all gateways that may attest the epoch. */
  readonly electorate: bigint;
};

/** A batch as the store knows it. */
export type StoredBatch = ReceiptsAnchor & {
  readonly anchored?: Anchored;
  readonly seed?: Hex;
  readonly receipts: readonly { readonly receipt: Receipt; readonly leaf: Hex }[];
};

export type DrawnReceipt = {
  readonly receiptId: Hex;
  readonly receiptLeaf: Hex;
  /** Inclusion of the leaf in the batch. */
  readonly proof: readonly Hex[];
  readonly replayed: boolean;
};

/** Each write is one transaction: it finishes the outbox row `key` and adds the rows that follow from it. */
export type AnchorLog = {
  readonly batch: (fromSerial: bigint) => Promise<StoredBatch | undefined>;
  readonly anchored: (key: string, fromSerial: bigint, anchored: Anchored) => Promise<void>;
  readonly seeded: (key: string, fromSerial: bigint, seed: Hex, drawn: readonly DrawnReceipt[]) => Promise<void>;
  /** How many examinations of the batch still run. */
  readonly unfinished: (fromSerial: bigint) => Promise<number>;
  /** Ends the running examinations of a batch with what a first committee said, if anything: its window is closing. */
  readonly giveUp: (fromSerial: bigint) => Promise<void>;
  /** Results of the batch's examinations by receipt id. */
  readonly examined: (fromSerial: bigint) => Promise<ReadonlyMap<Hex, ExaminedReceipt>>;
  readonly saveRecords: (fromSerial: bigint, built: RecordBatch) => Promise<void>;
  readonly recorded: (key: string, fromSerial: bigint) => Promise<void>;
  readonly abandoned: (key: string, fromSerial: bigint) => Promise<void>;
  readonly finish: (key: string) => Promise<void>;
  /** The latest scored receipts, oldest first: what routing knew before a restart. */
  readonly recentScores: (limit: number) => Promise<readonly RecentScore[]>;
};

/** One examined receipt's result. Score and quality in bps. */
export type RecentScore = {
  readonly node: Address;
  readonly family: number;
  readonly score: number;
  readonly quality: number;
};
