import type { JsonObject } from '../protocol/content.ts';
import type { GoldLeaf, Hex } from '../protocol/types.ts';

/** A gold task with its place in an epoch's gold tree. The task is secret until the epoch's dataset shows it. */
export type PreparedGold = {
  readonly leaf: GoldLeaf;
  readonly task: JsonObject;
  /** Whether it was ever sent, answered or not. */
  readonly sent?: boolean;
  /** The receipt of the request that carried it, once that is on disk. */
  readonly receiptId?: Hex;
  /**
   * Epoch in which that request's receipt was anchored, rarely the one after the gold's own; undefined while its batch has
   * no records, and for ever if it never gets them: its receipts are then in no dataset, and measure nothing.
   */
  readonly anchoredEpoch?: bigint;
};

export type GoldLog = {
  readonly save: (golds: readonly PreparedGold[]) => Promise<void>;
  /** Everything prepared for the epoch, anchored or not. */
  readonly prepared: (epoch: bigint) => Promise<readonly PreparedGold[]>;
  /** Every task that was ever prepared: none of them is secret for long, so none is used twice. */
  readonly everPrepared: () => Promise<readonly JsonObject[]>;
  /** The epoch's golds once their root stands on chain: no others may be sent or judge anybody. */
  readonly ofEpoch: (epoch: bigint) => Promise<readonly PreparedGold[]>;
  /** Written before a gold is sent: one that a crash interrupts is not sent a second time. */
  readonly sending: (epoch: bigint, index: number) => Promise<void>;
  /** Which receipt it will have; written before the receipt is. `receiptId` shows it once that is on disk. */
  readonly used: (epoch: bigint, index: number, receiptId: Hex) => Promise<void>;
  /** Canonical response JSON of a gold's receipt, while it is kept. */
  readonly answerOf: (receiptId: Hex) => Promise<string | undefined>;
};
