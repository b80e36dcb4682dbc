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
  /** Calls as far as they still say anything: forgotten while it is idle. Default: `samples`. */
  readonly known?: number;
  /** Requests that a newcomer was eligible for, and others got; undefined for whoever was asked before. */
  readonly waited?: number | undefined;
  /** Peak-weighted averages; undefined before the first answer. */
  readonly firstTokenMs: number | undefined;
  readonly msPerToken: number | undefined;
  /** Requests that were usually in flight when those were measured. Default: none. */
  readonly usualInFlight?: number;
  readonly successBps: number;
  /** Predicted quality for the request's family and complexity. */
  readonly qualityBps: number;
  readonly breaker: 'closed' | 'open' | 'paused' | 'probing';
  /** How long the breaker or the pause still lasts. */
  readonly blockedMs: number;
};

/** Why a candidate is not eligible. */
export const REASONS = [
  'excluded',
  'inactive',
  'stake',
  'model',
  'capability',
  'context',
  'output',
  'not_allowed',
  'ignored',
  'price',
  'cost',
  'quality',
  'breaker',
  'paused',
] as const;

export type Reason = (typeof REASONS)[number];

export type ReasonCounts = Partial<Record<Reason, number>>;
