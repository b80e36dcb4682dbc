import type { ColumnType } from 'kysely';

import type { Address, Hex } from '../protocol/types.ts';

/**
 * The store's tables as the statement builder sees them; `migrations.ts` makes them. Whole numbers come back as bigint
 * from every database and may be written as either.
 */
type Integer = ColumnType<bigint, bigint | number, bigint | number>;
type OptionalInteger = ColumnType<bigint | null, bigint | number | null | undefined, bigint | number | null>;
/** A number that the database gives a row that does not state it. */
type DefaultInteger = ColumnType<bigint, bigint | number | undefined, bigint | number>;
type OptionalHex = ColumnType<Hex | null, Hex | null | undefined, Hex | null>;
type DefaultText = ColumnType<string, string | undefined, string>;
type OptionalBytes = ColumnType<Uint8Array | null, Uint8Array | null | undefined, Uint8Array | null>;

export type Tables = {
  readonly reservations: { readonly id: Hex; readonly key_hash: string; readonly reserved_at_ms: Integer };
  readonly receipts: {
    readonly serial: Integer;
    readonly id: Hex;
    readonly key_hash: string;
    readonly node: Address;
    readonly model_id: string;
    readonly served_at_ms: Integer;
    readonly receipt: string;
    readonly signature: OptionalHex;
    readonly decision: string;
    readonly salt: Hex;
    readonly answer: OptionalHex;
    readonly leaf: OptionalHex;
    readonly batch: OptionalInteger;
  };
  readonly contents: { readonly serial: Integer; readonly content: Uint8Array };
  readonly attestations: {
    readonly node: Address;
    readonly sequence: Integer;
    readonly attestation: string;
    readonly signature: Hex;
  };
  readonly answers: {
    readonly receipt_id: Hex;
    readonly node: Address;
    readonly sequence: Integer;
    readonly answer: string;
    readonly leaf: Hex;
    readonly proof: string;
  };
  readonly batches: {
    readonly from_serial: Integer;
    readonly to_serial: Integer;
    readonly root: Hex;
    readonly count: Integer;
    readonly units: string;
    readonly data_hash: Hex;
    readonly batch_id: OptionalInteger;
    readonly epoch: OptionalInteger;
    readonly anchor_block: OptionalInteger;
    readonly anchor_hash: OptionalHex;
    readonly anchored_at: OptionalInteger;
    readonly seed: OptionalHex;
    readonly records_root: OptionalHex;
    readonly records_data_hash: OptionalHex;
    readonly recorded: DefaultInteger;
    readonly abandoned: DefaultInteger;
    readonly settled: DefaultInteger;
  };
  readonly examinations: {
    readonly receipt_id: Hex;
    readonly batch: Integer;
    readonly receipt_leaf: Hex;
    readonly proof: string;
    readonly seed: Hex;
    readonly replayed: Integer;
    readonly finished: DefaultInteger;
    readonly committee_size: DefaultInteger;
    readonly entries: DefaultText;
  };
  readonly replays: {
    readonly receipt_id: Hex;
    readonly seed: Hex;
    readonly node: Address;
    readonly replay_id: Hex;
    readonly model_id: string;
    readonly response: OptionalBytes;
  };
  readonly commit_sets: {
    readonly receipt_id: Hex;
    readonly seed: Hex;
    readonly size: Integer;
    readonly evaluators: string;
    readonly commitments: string;
    readonly commit_set: string;
    readonly signature: Hex;
  };
  readonly records: {
    readonly receipt_id: Hex;
    readonly batch: Integer;
    readonly record: string;
    readonly leaf: Hex;
    readonly entries: string;
    readonly status: Integer;
  };
  readonly golds: {
    readonly epoch: Integer;
    readonly idx: Integer;
    readonly leaf: string;
    readonly task: Uint8Array;
    readonly anchored: DefaultInteger;
    readonly sent: DefaultInteger;
    readonly receipt_id: OptionalHex;
  };
  readonly epochs: {
    readonly epoch: Integer;
    readonly distribution: string;
    readonly signature: Hex;
    readonly leaves: string;
    readonly table_leaves: string;
    readonly gold_outcomes: string;
    readonly data_hash: Hex;
    readonly final: DefaultInteger;
  };
  readonly spending: {
    readonly key_hash: string;
    readonly day: Integer;
    readonly micro_usd: Integer;
    readonly tokens: Integer;
    readonly requests: Integer;
  };
  readonly votes: {
    readonly key_hash: string;
    readonly node: Address;
    readonly day: Integer;
    readonly receipt_id: Hex;
    readonly good: Integer;
  };
  readonly dataset_parts: {
    readonly batch_id: Integer;
    readonly epoch: Integer;
    readonly part_start: Integer;
    readonly part_end: Integer;
    readonly receipts_data_hash: Hex;
    readonly records_data_hash: Hex;
  };
  readonly transactions: {
    readonly call: Hex;
    readonly nonce: Integer;
    readonly recipient: Address;
    readonly data: Hex;
    readonly gas: Integer;
    readonly attempts: string;
  };
  readonly outbox: {
    readonly position: DefaultInteger;
    readonly key: string;
    readonly kind: string;
    readonly payload: string;
    readonly receipt_id: OptionalHex;
    readonly done: DefaultInteger;
    readonly attempts: DefaultInteger;
    readonly next_at_ms: Integer;
  };
};
