import type { Address } from '../protocol/types.ts';

/** One model at one inference node. */
export type Candidate = {
  readonly account: Address;
  readonly name: string;
  readonly endpoint: string;
  readonly stake: bigint;
  readonly activeFromEpoch: bigint;
  readonly inactiveFromEpoch: bigint;
  readonly modelId: string;
  readonly contextLength: number;
  readonly maxOutputTokens: number;
  readonly capabilities: readonly string[];
  /** Micro-USD per million tokens. */
  readonly price: { readonly input: number; readonly output: number };
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
