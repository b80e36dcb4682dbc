import { decodeStruct, encodeStruct } from '../protocol/struct-json.ts';
import type { Address, EvaluationEntry, Hex } from '../protocol/types.ts';
import type {
  AnchoredBatch,
  AnchoredRecord,
  ReceiptAttestation,
  ReceiptLog,
  ReceiptState,
  Reservation,
  ServedReceipt,
  StoredReceipt,
} from '../receipt/ports.ts';
import type { ContentCipher } from './content-cipher.ts';
import { createChargeStatements } from './spending-log.ts';
import type { Prepare, RowOf, Store } from './store.ts';
import { createTreeCache } from './tree-cache.ts';
import type { TreeCache } from './tree-cache.ts';

export type ReceiptLogDeps = {
  readonly store: Store;
  readonly cipher: ContentCipher;
  /** Next serial of this gateway on chain: where an empty store begins. */
  readonly firstSerial: bigint;
};

/** Two per batch: receipts and records. */
const CACHED_TREES = 16;

/** Opens the log and releases what a crash left reserved: those requests had no answer that anybody was told of. */
export async function createReceiptLog({ store, cipher, firstSerial }: ReceiptLogDeps): Promise<ReceiptLog> {
  const statements = statementsOf(store);
  const chargeStatements = createChargeStatements(store);
  await store.write([statements.releaseAll({}), statements.dropStrayAnswers({})]);
  let nextSerial = await firstFreeSerial(store, firstSerial);

  const trees = createTreeCache(CACHED_TREES);
  return {
    reserve: ({ id, keyHash, atMs }) => store.write([statements.reserve({ id, keyHash, atMs })], 'process'),
    async commit(served) {
      const serial = nextSerial;
      nextSerial += 1n;
      const writes = [
        statements.insert(receiptValues(served, serial, cipher)),
        statements.release({ id: served.receipt.id }),
        ...(served.charge === undefined ? [] : chargeStatements(served.charge)),
      ];
      await store.write(writes, 'process');
      return { serial };
    },
    // A node may have attested an answer that the caller never got: without a receipt nobody will batch it.
    release: (id, charge) =>
      store.write(
        [
          statements.release({ id }),
          statements.dropAnswers({ id }),
          ...(charge === undefined ? [] : chargeStatements(charge)),
        ],
        'process',
      ),
    find: (id) => findReceipt({ store, statements, trees }, id.toLowerCase() as Hex),
  };
}

async function firstFreeSerial(store: Store, firstSerial: bigint): Promise<bigint> {
  const ends = store.prepare((db) =>
    db
      .selectFrom('receipts')
      .select((eb) => eb(eb.fn.max('serial'), '+', 1n).as('next'))
      .unionAll(db.selectFrom('batches').select((eb) => eb.fn.max('to_serial').as('next'))),
  );
  const rows = await store.read(ends({}));
  return rows.reduce((most, { next }) => (next !== null && next > most ? next : most), firstSerial);
}

type Statements = ReturnType<typeof statementsOf>;
type Reads = { readonly store: Store; readonly statements: Statements; readonly trees: TreeCache };

function statementsOf({ prepare }: Store) {
  return { ...writesOf(prepare), ...readsOf(prepare) };
}

function writesOf(prepare: Prepare) {
  return {
    releaseAll: prepare((db) => db.deleteFrom('reservations')),
    dropStrayAnswers: prepare((db) =>
      db
        .deleteFrom('answers')
        .where('receipt_id', 'not in', db.selectFrom('receipts').select('id').where('batch', 'is', null)),
    ),
    reserve: prepare((db, { id, keyHash, atMs }: Reservation) =>
      db.insertInto('reservations').values({ id, key_hash: keyHash, reserved_at_ms: atMs }),
    ),
    release: prepare((db, { id }: { readonly id: Hex }) => db.deleteFrom('reservations').where('id', '=', id)),
    dropAnswers: prepare((db, { id }: { readonly id: Hex }) => db.deleteFrom('answers').where('receipt_id', '=', id)),
    insert: prepare((db, values: ReceiptValues) =>
      db.insertInto('receipts').values({
        serial: values.serial,
        id: values.id,
        key_hash: values.keyHash,
        node: values.node,
        model_id: values.modelId,
        served_at_ms: values.servedAtMs,
        receipt: values.receipt,
        decision: values.decision,
        salt: values.salt,
        content: values.content,
      }),
    ),
  };
}

type ReceiptValues = {
  readonly serial: bigint;
  readonly id: Hex;
  readonly keyHash: string;
  readonly node: Address;
  readonly modelId: string;
  readonly servedAtMs: number;
  readonly receipt: string;
  readonly decision: string;
  readonly salt: Hex;
  readonly content: Uint8Array;
};

function receiptValues(served: ServedReceipt, serial: bigint, cipher: ContentCipher): ReceiptValues {
  const { receipt, content, keyHash, servedAtMs, modelId, decision } = served;
  return {
    serial,
    id: receipt.id,
    keyHash,
    node: receipt.node,
    modelId,
    servedAtMs,
    receipt: JSON.stringify(encodeStruct('receipt', { ...receipt, serial })),
    decision,
    salt: content.salt,
    content: cipher.seal(JSON.stringify({ request: content.request, response: content.response })),
  };
}

function readsOf(prepare: Prepare) {
  type FromSerial = { readonly fromSerial: bigint };
  return {
    receipt: prepare((db, { id }: { readonly id: Hex }) =>
      db
        .selectFrom('receipts')
        .select(['receipt', 'signature', 'key_hash', 'salt', 'model_id', 'attestation', 'batch'])
        .where('id', '=', id),
    ),
    batch: prepare((db, { fromSerial }: FromSerial) =>
      db
        .selectFrom('batches')
        .leftJoin('epochs', 'epochs.epoch', 'batches.epoch')
        .select(['batch_id', 'root', 'seed', 'records_root', 'recorded', 'abandoned', 'epochs.final as final'])
        .select('epochs.epoch as counted')
        .where('from_serial', '=', fromSerial),
    ),
    record: prepare((db, { id }: { readonly id: Hex }) =>
      db.selectFrom('records').select(['record', 'entries']).where('receipt_id', '=', id),
    ),
    receiptLeaves: prepare((db, { fromSerial }: FromSerial) =>
      db
        .selectFrom('receipts')
        .select(['id', 'leaf'])
        .where('batch', '=', fromSerial)
        .orderBy('serial')
        .$narrowType<{ leaf: Hex }>(),
    ),
    recordLeaves: prepare((db, { fromSerial }: FromSerial) =>
      db
        .selectFrom('records')
        .innerJoin('receipts', 'receipts.id', 'records.receipt_id')
        .select(['receipts.id as id', 'records.leaf as leaf'])
        .where('records.batch', '=', fromSerial)
        .orderBy('serial'),
    ),
  };
}

async function findReceipt(reads: Reads, id: Hex): Promise<StoredReceipt | undefined> {
  const { store, statements } = reads;
  const [row] = await store.read(statements.receipt({ id }));
  if (row === undefined) return undefined;
  const { batch, record, ...standing } = await standingOf(reads, { fromSerial: row.batch, id });
  return {
    receipt: decodeStruct('receipt', JSON.parse(row.receipt)),
    signature: row.signature,
    ...standing,
    keyHash: row.key_hash,
    salt: row.salt,
    modelId: row.model_id,
    ...(row.attestation === null ? {} : { attestation: readAttestation(row.attestation) }),
    ...(batch === undefined ? {} : { batch }),
    ...(record === undefined ? {} : { record }),
  };
}

type Standing = {
  readonly state: ReceiptState;
  readonly isCounted: boolean;
  readonly batch?: AnchoredBatch;
  readonly record?: AnchoredRecord;
};

/** How far a receipt has come, by its batch. */
async function standingOf(
  reads: Reads,
  { fromSerial, id }: { readonly fromSerial: bigint | null; readonly id: Hex },
): Promise<Standing> {
  if (fromSerial === null) return { state: 'served', isCounted: false };
  const [stored] = await reads.store.read(reads.statements.batch({ fromSerial }));
  if (stored === undefined) return { state: 'served', isCounted: false };
  const batch = await anchoredBatch(reads, stored, { fromSerial, id });
  const found = await anchoredRecord(reads, stored, { fromSerial, id });
  return {
    state: stateOf(stored, batch, found),
    isCounted: stored.counted !== null,
    ...(batch === undefined ? {} : { batch: batch.anchored }),
    ...(found?.recorded === true ? { record: found.record } : {}),
  };
}

/** Given up without ever having been anchored: the chain has something else under its serials. */
const isLost = (batch: BatchRow): boolean => batch.batch_id === null && batch.abandoned === 1n;

function stateOf(
  stored: BatchRow,
  batch: { readonly final: boolean } | undefined,
  found: { readonly recorded: boolean } | undefined,
): ReceiptState {
  if (isLost(stored)) return 'lost';
  if (batch === undefined) return 'served';
  if (batch.final) return 'final';
  if (found === undefined) return 'anchored';
  return found.recorded ? 'recorded' : 'evaluated';
}

export function attestationText(value: ReceiptAttestation): string {
  return JSON.stringify({
    ...value,
    attestation: encodeStruct('nodeAttestation', value.attestation),
    answer: encodeStruct('answer', value.answer),
  });
}

export function readAttestation(text: string): ReceiptAttestation {
  const value = JSON.parse(text) as { attestation: unknown; answer: unknown; signature: Hex; leaf: Hex; proof: Hex[] };
  return {
    ...value,
    attestation: decodeStruct('nodeAttestation', value.attestation),
    answer: decodeStruct('answer', value.answer),
  };
}

type BatchRow = RowOf<Statements['batch']>;
type Place = { readonly fromSerial: bigint; readonly id: Hex };

async function anchoredBatch(
  { store, statements, trees }: Reads,
  batch: BatchRow,
  { fromSerial, id }: Place,
): Promise<{ readonly anchored: AnchoredBatch; readonly final: boolean } | undefined> {
  if (batch.batch_id === null) return undefined;
  const place = await trees.placeOf(batch.root, id, () => store.read(statements.receiptLeaves({ fromSerial })));
  return { anchored: { id: batch.batch_id, root: batch.root, seed: batch.seed, ...place }, final: batch.final === 1n };
}

async function anchoredRecord(
  { store, statements, trees }: Reads,
  { records_root: root, recorded }: BatchRow,
  { fromSerial, id }: Place,
): Promise<{ readonly record: AnchoredRecord; readonly recorded: boolean } | undefined> {
  if (root === null) return undefined;
  const [own] = await store.read(statements.record({ id }));
  if (own === undefined) return undefined;
  const place = await trees.placeOf(root, id, () => store.read(statements.recordLeaves({ fromSerial })));
  return {
    record: {
      record: decodeStruct('record', JSON.parse(own.record)),
      root,
      ...place,
      evaluations: JSON.parse(own.entries) as EvaluationEntry[],
    },
    recorded: recorded === 1n,
  };
}
