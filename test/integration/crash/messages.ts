import type { Charge } from '../../../gateway/account/ports.ts';
import type { AnchorChain } from '../../../gateway/anchor/ports.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';

/** What a process under test and the test, which is its chain and its callers, say to each other. */
export type FromProcess =
  | { readonly kind: 'call'; readonly id: number; readonly method: ChainMethod; readonly args: readonly unknown[] }
  | { readonly kind: 'tick' }
  /** A caller has its whole answer. */
  | { readonly kind: 'served'; readonly number: number; readonly serial: bigint }
  | { readonly kind: 'shown'; readonly key: string; readonly commitmentsHash: Hex }
  | { readonly kind: 'idle' };

export type ToProcess =
  | { readonly kind: 'head'; readonly number: bigint; readonly timestamp: bigint }
  | { readonly kind: 'result'; readonly id: number; readonly value?: unknown; readonly error?: string };

export type ChainMethod = Exclude<keyof AnchorChain, 'head'>;

export const CHAIN_METHODS: readonly ChainMethod[] = [
  ...(['blockHash', 'nextSerial', 'anchorReceipts', 'findAnchor', 'anchorsIn', 'batchOf', 'fixSeed'] as const),
  ...(['anchorRecords', 'goldRoot', 'anchorGold', 'nextEpochToOpen', 'openEpoch', 'epochState', 'propose'] as const),
  ...(['finalize', 'voidEpoch', 'attesterStake'] as const),
];

/** What every answer costs. */
export const CHARGE: Charge = { keyHash: 'k', day: 7, microUsd: 3n, tokens: 5n };

/** How a process is started: its store, the first number it serves, how long, and the step that it dies at. */
export type Assignment = {
  readonly file: string;
  readonly from: number;
  readonly serves: boolean;
  /** `anchored:after`, say: before or after that write, or that transaction, has been made. */
  readonly dieAt?: string;
};

/** Long: a test is over within one epoch. */
export const CRASH_CLOCK = { genesis: 1_000n, epochDuration: 1_000_000n };

/** Steps of the outbox and of the chain that a process can be told to die at. */
export const STEPS = [
  ...['openEpoch', 'opened'],
  ...['close', 'anchorReceipts', 'anchored', 'fixSeed', 'seeded', 'saveCommitSet', 'finish', 'saveRecords'],
  ...['anchorRecords', 'recorded', 'settle'],
] as const;

/** Those that come when nobody is served any more and the epoch is over. */
export const LATE_STEPS = ['save', 'propose', 'proposed', 'finalize', 'finalized'] as const;
