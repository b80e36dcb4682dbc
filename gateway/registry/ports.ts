import type { NodeMetadata } from '../protocol/metadata.ts';
import type { Role } from '../protocol/constants.ts';
import type { Address } from '../protocol/types.ts';

/** A node as the data plane sees it: what the chain says of it, and its metadata checked against the hash on chain. */
export type RegisteredNode = {
  readonly account: Address;
  readonly role: Role;
  readonly signer: Address;
  readonly stake: bigint;
  readonly metadata: NodeMetadata;
  readonly activeFromEpoch: bigint;
  readonly inactiveFromEpoch: bigint;
};

/** Answers from memory: the adapter follows the chain in the background. The list changes identity when it changes. */
export type NodeSource = { readonly list: () => readonly RegisteredNode[] };

/** The chain's facts that eligibility needs, from memory as well. */
export type ChainView = {
  /** Timestamp (s) of the newest block that was seen. */
  readonly blockTime: () => bigint;
  /** Current epoch; undefined before genesis. */
  readonly epoch: () => bigint | undefined;
  /** Least stake of an inference node, base units. */
  readonly minimumStake: () => bigint;
};

/** One examined receipt's result, on its way back to routing. Score and quality in bps. */
export type ScoreReport = {
  readonly node: Address;
  /** Hash of the model's id, as the receipt carries it. */
  readonly model: string;
  readonly family: number;
  readonly complexity: number;
  readonly score: number;
  readonly quality: number;
};
