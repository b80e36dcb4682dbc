import type { RecordBatch } from '../batch/build-records.ts';
import type { ExaminedReceipt } from '../batch/ports.ts';
import type { Address, Distribution, Hex, Receipt } from '../protocol/types.ts';

/** What the anchoring steps need of the chain. Every write resolves once its transaction has enough confirmations. */
export type AnchorChain = {
  /** Newest block seen. Goes back in number only when a reorganisation made the chain shorter. */
  readonly head: () => { readonly number: bigint; readonly timestamp: bigint };
  /** Hash of the block at a height on the chain as it is now; undefined when no block is known there. */
  readonly blockHash: (block: bigint) => Promise<Hex | undefined>;
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
  /** Of its receipts: after a reorganisation the same id may be another batch's. */
  readonly root: Hex;
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
  /** No reorganisation is expected to change the seed any more. */
  readonly seedSettled: boolean;
  /** Root of its records as they were built last. */
  readonly recordsRoot?: Hex;
};

export type LeafedReceipt = { readonly receipt: Receipt; readonly leaf: Hex };

export type DrawnReceipt = {
  readonly receiptId: Hex;
  readonly receiptLeaf: Hex;
  /** Inclusion of the leaf in the batch. */
  readonly proof: readonly Hex[];
  readonly replayed: boolean;
};

/** An anchored batch that a reorganisation might still change. */
export type Unsettled = {
  readonly fromSerial: bigint;
  readonly root: Hex;
  readonly anchored: Anchored;
  readonly seed?: Hex;
  readonly recorded: boolean;
  readonly abandoned: boolean;
  readonly settled: Settled;
};

/** How much of a batch is beyond every reorganisation: nothing, anchor and seed, everything. */
export type Settled = 0 | 1 | 2;

/** What a batch stood on when a step began. */
export type Standing = { readonly fromSerial: bigint; readonly blockHash: Hex };

/**
 * Each write is one transaction: it finishes the outbox row `key` and adds the rows that follow from it. Those that take a
 * `Standing` reject, with nothing written, when a reorganisation has meanwhile put the batch elsewhere.
 */
export type AnchorLog = {
  readonly batch: (fromSerial: bigint) => Promise<StoredBatch | undefined>;
  /** The receipts of a batch, in its order. */
  readonly receipts: (fromSerial: bigint) => Promise<readonly LeafedReceipt[]>;
  readonly anchored: (key: string, fromSerial: bigint, anchored: Anchored) => Promise<void>;
  readonly seeded: (key: string, on: Standing, seed: Hex, drawn: readonly DrawnReceipt[]) => Promise<void>;
  /** How many examinations of the batch still run. */
  readonly unfinished: (fromSerial: bigint) => Promise<number>;
  /** Ends the running examinations of a batch with what a first committee said, if anything: its window is closing. */
  readonly giveUp: (fromSerial: bigint) => Promise<void>;
  /** Results of the batch's examinations by receipt id. */
  readonly examined: (fromSerial: bigint) => Promise<ReadonlyMap<Hex, ExaminedReceipt>>;
  readonly saveRecords: (on: Standing, built: RecordBatch) => Promise<void>;
  readonly recorded: (key: string, on: Standing) => Promise<void>;
  readonly abandoned: (key: string, on: Standing) => Promise<void>;
  /** Anchored batches that are not settled yet, oldest first. */
  readonly unsettled: (limit: number) => Promise<readonly Unsettled[]>;
  /** The anchor is gone: the batch is to be anchored again, and everything that rested on its seed is void. */
  readonly unanchored: (on: Standing) => Promise<void>;
  /** The seed is gone, or another: what was drawn by it is void. */
  readonly unseeded: (on: Standing) => Promise<void>;
  /** The records are gone: they are posted again. */
  readonly unrecorded: (on: Standing) => Promise<void>;
  /** 1: content that the seed did not draw is dropped. 2: all content of the batch is, but that of golds. */
  readonly settle: (on: Standing, settled: Settled) => Promise<void>;
  readonly finish: (key: string) => Promise<void>;
  /** The latest scored receipts, oldest first: what routing knew before a restart. */
  readonly recentScores: (limit: number) => Promise<readonly RecentScore[]>;
};

/** One examined receipt's result. Score and quality in bps. */
export type RecentScore = {
  readonly node: Address;
  readonly model: Hex;
  readonly family: number;
  readonly complexity: number;
  readonly score: number;
  readonly quality: number;
};
