/** The data that several parts of the network agree on. Shapes and field order are those of the encodings in `schema.ts`. */

export type Hex = `0x${string}`;

/** 20-byte account or signer, lower-case hex. Every address in a leaf is an account, never a signer. */
export type Address = Hex;

/** One served request, signed by the gateway (EIP-712) and anchored as a leaf. */
export type Receipt = {
  readonly id: Hex;
  readonly gateway: Address;
  readonly node: Address;
  readonly serial: bigint;
  /** Seconds: timestamp of the newest block the gateway had seen when the answer ended. */
  readonly servedAt: bigint;
  readonly requestHash: Hex;
  readonly responseHash: Hex;
  /** keccak256 of the model id. */
  readonly model: Hex;
  readonly family: number;
  readonly complexity: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly firstTokenMs: number;
  readonly totalMs: number;
  readonly priceMicroUsd: bigint;
  readonly units: bigint;
  readonly flags: number;
  readonly routeHash: Hex;
};

/** What a node signs, many at once, about one answer. Its token counts are a claim. */
export type AnswerLeaf = {
  readonly receiptId: Hex;
  readonly gateway: Address;
  readonly node: Address;
  readonly requestHash: Hex;
  readonly responseHash: Hex;
  readonly model: Hex;
  readonly promptTokens: number;
  readonly completionTokens: number;
};

export type NodeAttestation = {
  readonly node: Address;
  readonly gateway: Address;
  readonly root: Hex;
  readonly count: number;
  readonly sequence: bigint;
};

export type Evaluation = {
  readonly receiptLeaf: Hex;
  readonly seed: Hex;
  readonly evaluator: Address;
  readonly accuracy: number;
  readonly consistency: number;
  readonly format: number;
  readonly scorerId: Hex;
  readonly salt: Hex;
};

export type EvaluationCommit = {
  readonly receiptLeaf: Hex;
  readonly seed: Hex;
  readonly evaluator: Address;
  /** EIP-712 digest of the evaluation. */
  readonly commitment: Hex;
};

export type CommitSet = {
  readonly receiptLeaf: Hex;
  readonly seed: Hex;
  readonly size: number;
  readonly commitmentsHash: Hex;
};

export type EpochAttestation = { readonly epoch: bigint; readonly round: number; readonly distributionHash: Hex };

export type OperatorAuth = {
  readonly account: Address;
  readonly role: number;
  readonly signer: Address;
  readonly deadline: bigint;
};

/** A revealed evaluation as a record lists it. */
export type EvaluationEntry = {
  readonly evaluator: Address;
  readonly accuracy: number;
  readonly consistency: number;
  readonly format: number;
  readonly trust: number;
  readonly scorerId: Hex;
  readonly salt: Hex;
  /** 65 bytes, r ‖ s ‖ v. */
  readonly signature: Hex;
};

/** The scored receipt: the quality label that is anchored. */
export type PoqRecord = {
  readonly receiptLeaf: Hex;
  readonly gateway: Address;
  readonly serial: bigint;
  readonly status: number;
  readonly committeeSize: number;
  readonly activeMask: number;
  readonly accuracy: number;
  readonly consistency: number;
  readonly format: number;
  readonly cost: number;
  readonly quality: number;
  readonly score: number;
  readonly evaluationsHash: Hex;
};

export type RewardLeaf = {
  readonly epoch: bigint;
  readonly role: number;
  readonly account: Address;
  readonly quality: number;
  readonly volume: bigint;
  readonly difficulty: number;
  readonly feedback: number;
};

export type GoldLeaf = {
  readonly epoch: bigint;
  readonly index: number;
  readonly contentHash: Hex;
  readonly referenceHash: Hex;
  readonly checkerId: Hex;
  readonly salt: Hex;
};

export type TableLeaf = {
  readonly kind: number;
  readonly account: Address;
  readonly family: number;
  readonly value: number;
};

/** A node of the reward tree: hash and the sum of the weights below it. */
export type SumNode = { readonly hash: Hex; readonly sum: bigint };

/** One epoch's result, attested by gateways. Arrays are by role. */
export type Distribution = {
  readonly epoch: bigint;
  readonly round: number;
  readonly roots: readonly [Hex, Hex, Hex];
  readonly totals: readonly [bigint, bigint, bigint];
  readonly counts: readonly [number, number, number];
  readonly paramsHash: Hex;
  readonly tableRoot: Hex;
  readonly batchesHash: Hex;
  readonly dataHash: Hex;
};

export const ZERO_HASH: Hex = `0x${'00'.repeat(32)}`;
export const ZERO_ADDRESS: Address = `0x${'00'.repeat(20)}`;
