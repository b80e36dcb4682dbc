/** What one request has cost, as it is added to its key's account: in the transaction that also ends its reservation. */
export type Charge = {
  readonly keyHash: string;
  /** UTC day on which the request was let in: ⌊seconds / 86,400⌋. */
  readonly day: number;
  readonly microUsd: bigint;
  readonly tokens: bigint;
};

export type SpendingLog = {
  /** In all and on the given day, per key: what a gateway starts from. */
  readonly totals: (day: number) => Promise<readonly SpentTotal[]>;
};

export type SpentTotal = {
  readonly keyHash: string;
  readonly microUsd: bigint;
  readonly todayMicroUsd: bigint;
  readonly requests: bigint;
};
