import type { ModelMetadata } from '../protocol/metadata.ts';
import type { Address } from '../protocol/types.ts';

/** One model at one inference node: what the chain and the node's metadata say of it. */
export type Candidate = {
  readonly node: {
    readonly account: Address;
    readonly stake: bigint;
    readonly activeFromEpoch: bigint;
    readonly inactiveFromEpoch: bigint;
    readonly metadata: { readonly name: string; readonly endpoint: string };
  };
  readonly model: ModelMetadata;
};

/** What is known of a candidate right now. */
export type LiveConditions = {
  readonly inFlight: number;
  /** Calls answered or failed so far; 0 for a newcomer. */
  readonly samples: number;
  /** Peak-weighted averages; undefined before the first answer. */
  readonly firstTokenMs: number | undefined;
  readonly msPerToken: number | undefined;
  readonly successBps: number;
  /** Predicted quality for the request's family. */
  readonly qualityBps: number;
  readonly breaker: 'closed' | 'open' | 'paused' | 'probing';
  /** How long the breaker or the pause still lasts. */
  readonly blockedMs: number;
};

export type Reason =
  | 'excluded'
  | 'inactive'
  | 'stake'
  | 'model'
  | 'capability'
  | 'context'
  | 'output'
  | 'not_allowed'
  | 'ignored'
  | 'price'
  | 'cost'
  | 'quality'
  | 'breaker'
  | 'paused';

export type ReasonCounts = Partial<Record<Reason, number>>;
