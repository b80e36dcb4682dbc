import type { JsonObject } from '../protocol/content.ts';
import type { GoldLeaf, Hex } from '../protocol/types.ts';

/** A gold task with its place in an epoch's gold tree. The task is secret until the epoch's dataset shows it. */
export type PreparedGold = {
  readonly leaf: GoldLeaf;
  readonly task: JsonObject;
  /** The request that carried it, once it was sent. */
  readonly receiptId?: Hex;
  /** Epoch in which that request's receipt was anchored: rarely the one after the gold's own. */
  readonly anchoredEpoch?: bigint;
};

export type GoldLog = {
  readonly save: (golds: readonly PreparedGold[]) => Promise<void>;
  readonly ofEpoch: (epoch: bigint) => Promise<readonly PreparedGold[]>;
  readonly used: (epoch: bigint, index: number, receiptId: Hex) => Promise<void>;
  /** Canonical response JSON of a gold's receipt, while it is kept. */
  readonly answerOf: (receiptId: Hex) => Promise<string | undefined>;
};
