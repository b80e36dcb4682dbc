import type { Readable } from 'node:stream';

import type { StoredBatch } from '../anchor/ports.ts';
import type { JsonObject } from '../protocol/content.ts';
import type { EpochClock } from '../protocol/epoch.ts';
import type { ProtocolParams } from '../protocol/params.ts';
import type {
  Address,
  Distribution,
  EvaluationEntry,
  GoldLeaf,
  Hex,
  PoqRecord,
  Receipt,
  RewardLeaf,
  TableLeaf,
} from '../protocol/types.ts';
import type { ReceiptAttestation } from '../receipt/ports.ts';
import type { StoredCommitSet } from '../evaluate/ports.ts';

/** Where an epoch happened: chain, contracts, clock, rules. */
export type EpochContext = {
  readonly epoch: bigint;
  readonly chainId: bigint;
  readonly nodeStaking: Address;
  readonly proofRegistry: Address;
  readonly rewardDistributor: Address;
  readonly clock: EpochClock;
  readonly params: ProtocolParams;
  /** Table in force: its root, and the epoch whose distribution carried it. */
  readonly tableRoot: Hex;
  readonly tableEpoch: bigint;
  /** Accounts active in the epoch, by role. */
  readonly evaluators: readonly Address[];
  readonly nodes: readonly Address[];
};

export type EpochBatch = Omit<StoredBatch, 'anchored' | 'seed' | 'seedSettled'> & {
  readonly batchId: bigint;
  readonly gateway: Address;
  readonly anchorBlock: bigint;
  readonly anchoredAt: bigint;
  readonly seed: Hex;
  readonly recordsRoot: Hex;
  readonly recordsDataHash: Hex;
};

export type EpochReceipt = {
  readonly batchId: bigint;
  readonly receipt: Receipt;
  readonly signature: Hex;
  readonly attestation?: ReceiptAttestation;
  readonly record: PoqRecord;
  readonly entries: readonly EvaluationEntry[];
  readonly commitSets: readonly StoredCommitSet[];
  /** Receipt ids of the answers that the committee saw beside this one. */
  readonly replays: readonly Hex[];
  /** Keyed hash of the API key that paid: equal payers are equal, and nobody outside knows who. */
  readonly payer: Hex;
  /** The payer's word on the answer, if it gave one and no later one on this node that day. */
  readonly vote?: 'good' | 'bad';
};

/** A gold task of the epoch: what was anchored, and what came back if it was used. */
export type EpochGold = {
  readonly leaf: GoldLeaf;
  readonly task: JsonObject;
  readonly used?: { readonly receiptId: Hex; readonly truth: number };
};

/** Everything that an epoch's result is computed from, but for its receipts, which may be more than memory holds. */
export type EpochFrame = {
  readonly context: EpochContext;
  readonly batches: readonly EpochBatch[];
  readonly golds: readonly EpochGold[];
};

/** With the receipts of each of its batches, by serial, some at a time. */
export type EpochFacts = EpochFrame & {
  readonly receiptsOf: (batch: EpochBatch) => AsyncIterable<readonly EpochReceipt[]>;
};

/** A gold that was drawn and scored, as trust and the gating of dimensions read it. */
export type GoldOutcome = {
  readonly gateway: Address;
  readonly node: Address;
  readonly family: number;
  readonly flags: number;
  readonly truth: number;
  readonly comparable: boolean;
  readonly consensus: { readonly accuracy: number; readonly consistency: number; readonly format: number };
  readonly entries: readonly { readonly evaluator: Address; readonly accuracy: number }[];
};

/** An epoch's result with all that is needed to prove it. */
export type EpochResult = {
  readonly distribution: Distribution;
  readonly signature: Hex;
  readonly leaves: readonly RewardLeaf[];
  readonly tableLeaves: readonly TableLeaf[];
  readonly goldOutcomes: readonly GoldOutcome[];
};

/** Where the receipts of a batch stand in the file of their epoch's dataset: a part that can be unpacked on its own. */
export type DatasetPart = { readonly batchId: bigint; readonly start: number; readonly end: number };

/** The dataset itself is a file by then; `dataHash` names it. */
export type StoredDistribution = EpochResult & { readonly parts: readonly DatasetPart[] };

/** Takes a dataset as it is made. Nothing of it is kept before its end. */
export type DatasetWriter = {
  readonly write: (text: string) => Promise<void>;
  /** Ends a part. @returns where the next one begins in the file. */
  readonly cut: () => Promise<number>;
  /** On disk when it resolves. @returns sha256 of the whole text. */
  readonly end: () => Promise<Hex>;
  readonly discard: () => Promise<void>;
};

/** A packed dataset on disk. */
export type DatasetFile = {
  readonly dataHash: Hex;
  /** Size of the file. */
  readonly bytes: number;
  /** The file as it is, gzip, or from `start` to before `end`. */
  readonly packed: (range?: { readonly start: number; readonly end: number }) => Readable;
};

/** Datasets by the digest of their text. */
export type DatasetFiles = {
  readonly create: () => Promise<DatasetWriter>;
  readonly open: (dataHash: Hex) => Promise<DatasetFile | undefined>;
  readonly remove: (dataHash: Hex) => Promise<void>;
  readonly list: () => Promise<readonly Hex[]>;
};

/** A published batch: its line on chain, and where its receipts stand. */
export type PublishedBatch = DatasetPart & {
  /** Of the epoch's dataset. */
  readonly dataHash: Hex;
  readonly receiptsDataHash: Hex;
  readonly recordsDataHash: Hex;
};

/** Something of an epoch that stands on chain, and is looked at until no reorganisation is expected to reach it. */
export type EpochWatch = {
  readonly of: 'gold' | 'open' | 'finalize';
  readonly epoch: bigint;
  /** Key of the outbox row that brought it about. */
  readonly row: string;
  readonly untilBlock: bigint;
};

export type EpochLog = {
  /** Batches anchored in the epoch that still run, or that a reorganisation of the chain might still change. */
  readonly runningBatches: (epoch: bigint) => Promise<number>;
  /** Batches anchored in the epoch, whatever became of them. */
  readonly anchoredBatches: (epoch: bigint) => Promise<number>;
  /** The epoch's recorded batches, by id. An abandoned one is left out with all its receipts. */
  readonly batches: (epoch: bigint) => Promise<readonly EpochBatch[]>;
  readonly receiptsOf: EpochFacts['receiptsOf'];
  readonly goldOutcomes: (fromEpoch: bigint, toEpoch: bigint) => Promise<readonly GoldOutcome[]>;
  readonly save: (stored: StoredDistribution) => Promise<void>;
  readonly distribution: (epoch: bigint) => Promise<EpochResult | undefined>;
  /** Digest of the epoch's dataset. */
  readonly dataHash: (epoch: bigint) => Promise<Hex | undefined>;
  readonly publishedBatch: (batchId: bigint) => Promise<PublishedBatch | undefined>;
  /** Adds the rows that open, prepare and close an epoch; rows that exist are left alone. */
  readonly plan: (
    rows: readonly { readonly kind: 'open' | 'gold' | 'propose'; readonly epoch: bigint }[],
  ) => Promise<void>;
  readonly proposed: (key: string, epoch: bigint, round: number) => Promise<void>;
  readonly overturned: (key: string, epoch: bigint, round: number) => Promise<void>;
  readonly finalized: (key: string, epoch: bigint, watch: EpochWatch) => Promise<void>;
  /** Marks an epoch's prepared golds as anchored: from now on they may be sent. */
  readonly goldsAnchored: (key: string, epoch: bigint, watch: EpochWatch) => Promise<void>;
  readonly opened: (key: string, epoch: bigint, watch: EpochWatch) => Promise<void>;
  /** A reorganisation undid what was watched: the row that brought it about is due again, and the watch ends. */
  readonly vanished: (key: string, watched: EpochWatch) => Promise<void>;
  readonly finish: (key: string) => Promise<void>;
};
