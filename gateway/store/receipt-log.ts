import { decodeStruct, structText } from '../protocol/struct-json.ts';
import type { Address, EvaluationEntry, Hex } from '../protocol/types.ts';
import type {
  AnchoredBatch,
  AnchoredRecord,
  ReceiptLog,
  ReceiptState,
  ServedReceipt,
  StoredReceipt,
} from '../receipt/ports.ts';
import type { ContentCipher } from './content-cipher.ts';
import { createInFlight } from './in-flight.ts';
import type { InFlight } from './in-flight.ts';
import { createChargeStatements } from './spending-log.ts';
import type { Prepare, RowOf, Statement, Store } from './store.ts';
import { ATTESTATION_COLUMNS, attestationOf, joinAnswer, joinAttestation } from './attested-answer.ts';
import { createTreeCache } from './tree-cache.ts';
import type { TreeCache } from './tree-cache.ts';

export type ReceiptLogDeps = {
  readonly store: Store;
  readonly cipher: ContentCipher;
  /** Next serial of this gateway on chain: where an empty store begins. */
  readonly firstSerial: bigint;
  /** Shared with the attestation log, where there is one. */
  readonly inFlight?: InFlight;
};

/** Two per batch: receipts and records. */
const CACHED_TREES = 16;

/** Requests without an answer are in memory only: there is nothing to free after a crash. */
export async function createReceiptLog(deps: ReceiptLogDeps): Promise<ReceiptLog> {
  const { store, cipher, firstSerial, inFlight = createInFlight() } = deps;
  const statements = statementsOf(store);
  const chargeStatements = createChargeStatements(store);
  let nextSerial = await firstFreeSerial(store, firstSerial);
  let isDoubtful = false;
  const write = async (writes: readonly Statement[]): Promise<void> => {
    try {
      await store.write(writes, 'process');
      isDoubtful = false;
    } catch (error) {
      isDoubtful = true;
      throw error;
    }
  };

  const trees = createTreeCache(CACHED_TREES);
  return {
    async reserve(id) {
      // Nobody is asked for an answer that could not be written down: after a write that failed one is tried first.
      if (isDoubtful) await write([statements.probe({ id }), statements.endProbe({ id })]);
      inFlight.begin(id);
    },
    async commit(served) {
      const serial = nextSerial;
      nextSerial += 1n;
      await write([
        ...receiptStatements(statements, served, { serial, cipher }),
        ...inFlight.end(served.receipt.id),
        ...(served.charge === undefined ? [] : chargeStatements(served.charge)),
      ]);
      return { serial };
    },
    async release(id, charge) {
      inFlight.end(id);
      if (charge !== undefined) await write(chargeStatements(charge));
    },
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
  type OfId = { readonly id: Hex };
  return {
    probe: prepare((db, { id }: OfId) => db.insertInto('reservations').values({ id, key_hash: '', reserved_at_ms: 0 })),
    endProbe: prepare((db, { id }: OfId) => db.deleteFrom('reservations').where('id', '=', id)),
    content: prepare((db, { serial, content }: { readonly serial: bigint; readonly content: Uint8Array }) =>
      db.insertInto('contents').values({ serial, content }),
    ),
    receiptRow: prepare((db, values: ReceiptValues) =>
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
};

function receiptStatements(
  { receiptRow, content: contentRow }: Statements,
  { receipt, content, keyHash, servedAtMs, modelId, decision }: ServedReceipt,
  { serial, cipher }: { readonly serial: bigint; readonly cipher: ContentCipher },
): readonly Statement[] {
  const { id, node } = receipt;
  const text = structText('receipt', { ...receipt, serial });
  return [
    receiptRow({ serial, id, keyHash, node, modelId, servedAtMs, receipt: text, decision, salt: content.salt }),
    contentRow({ serial, content: 'sealed' in content ? content.sealed : cipher.sealContent(content) }),
  ];
}

function readsOf(prepare: Prepare) {
  type FromSerial = { readonly fromSerial: bigint };
  return {
    receipt: prepare((db, { id }: { readonly id: Hex }) =>
      db
        .selectFrom('receipts')
        .leftJoin('answers', joinAnswer)
        .leftJoin('attestations', joinAttestation)
        .select(['receipt', 'receipts.signature as signature', 'key_hash', 'salt', 'model_id', 'batch'])
        .select(ATTESTATION_COLUMNS)
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
    ...attestationOf(row),
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
