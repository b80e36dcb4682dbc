import { decodeStruct, encodeStruct } from '../protocol/struct-json.ts';
import type { EvaluationEntry, Hex } from '../protocol/types.ts';
import type {
  AnchoredBatch,
  AnchoredRecord,
  ReceiptAttestation,
  ReceiptLog,
  ReceiptState,
  ServedReceipt,
  StoredReceipt,
} from '../receipt/ports.ts';
import type { ContentCipher } from './content-cipher.ts';
import { statement } from './sqlite.ts';
import type { Store } from './sqlite.ts';
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
  await store.write([
    statement('DELETE FROM reservations'),
    statement('DELETE FROM answers WHERE receipt_id NOT IN (SELECT id FROM receipts WHERE batch IS NULL)'),
  ]);
  const [last] = await store.read<{ next: bigint | null }>(
    'SELECT max(s) AS next FROM (SELECT max(serial) + 1 AS s FROM receipts UNION ALL SELECT max(to_serial) FROM batches)',
  );
  let nextSerial = last?.next ?? 0n;
  if (nextSerial < firstSerial) nextSerial = firstSerial;

  const trees = createTreeCache(CACHED_TREES);
  return {
    reserve: ({ id, keyHash, atMs }) =>
      store.write([
        statement('INSERT INTO reservations (id, key_hash, reserved_at_ms) VALUES (?, ?, ?)', id, keyHash, atMs),
      ]),
    async commit(served) {
      const serial = nextSerial;
      nextSerial += 1n;
      await store.write([
        insertReceipt(served, serial, cipher),
        statement('DELETE FROM reservations WHERE id = ?', served.receipt.id),
      ]);
      return { serial };
    },
    // A node may have attested an answer that the caller never got: without a receipt nobody will batch it.
    release: (id) =>
      store.write([
        statement('DELETE FROM reservations WHERE id = ?', id),
        statement('DELETE FROM answers WHERE receipt_id = ?', id),
      ]),
    find: (id) => findReceipt(store, trees, id.toLowerCase() as Hex),
  };
}

function insertReceipt(served: ServedReceipt, serial: bigint, cipher: ContentCipher): ReturnType<typeof statement> {
  const { receipt, content, keyHash, servedAtMs, modelId, decision } = served;
  return statement(
    `INSERT INTO receipts (serial, id, key_hash, node, model_id, served_at_ms, receipt, decision, salt, content)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    serial,
    receipt.id,
    keyHash,
    receipt.node,
    modelId,
    servedAtMs,
    JSON.stringify(encodeStruct('receipt', { ...receipt, serial })),
    decision,
    content.salt,
    cipher.seal(JSON.stringify({ request: content.request, response: content.response })),
  );
}

type ReceiptRow = {
  receipt: string;
  signature: string | null;
  key_hash: string;
  salt: string;
  model_id: string;
  attestation: string | null;
  batch: bigint | null;
};

async function findReceipt(store: Store, trees: TreeCache, id: Hex): Promise<StoredReceipt | undefined> {
  const [row] = await store.read<ReceiptRow>(
    'SELECT receipt, signature, key_hash, salt, model_id, attestation, batch FROM receipts WHERE id = ?',
    [id],
  );
  if (row === undefined) return undefined;
  const batch = row.batch === null ? undefined : await anchoredBatch(store, trees, row.batch, id);
  const found = row.batch === null ? undefined : await anchoredRecord(store, trees, row.batch, id);
  return {
    receipt: decodeStruct('receipt', JSON.parse(row.receipt)),
    signature: row.signature as Hex | null,
    state: stateOf(batch, found),
    keyHash: row.key_hash,
    salt: row.salt as Hex,
    modelId: row.model_id,
    ...(row.attestation === null ? {} : { attestation: readAttestation(row.attestation) }),
    ...(batch === undefined ? {} : { batch: batch.anchored }),
    ...(found?.recorded === true ? { record: found.record } : {}),
  };
}

function stateOf(
  batch: { readonly final: boolean } | undefined,
  found: { readonly recorded: boolean } | undefined,
): ReceiptState {
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

async function anchoredBatch(
  store: Store,
  trees: TreeCache,
  fromSerial: bigint,
  id: Hex,
): Promise<{ readonly anchored: AnchoredBatch; readonly final: boolean } | undefined> {
  const [batch] = await store.read<{ batch_id: bigint | null; root: Hex; seed: Hex | null; final: bigint | null }>(
    `SELECT batch_id, root, seed, (SELECT final FROM epochs WHERE epochs.epoch = batches.epoch) AS final
     FROM batches WHERE from_serial = ?`,
    [fromSerial],
  );
  if (batch === undefined || batch.batch_id === null) return undefined;
  const place = await trees.placeOf(batch.root, id, () =>
    store.read('SELECT id, leaf FROM receipts WHERE batch = ? ORDER BY serial', [fromSerial]),
  );
  return { anchored: { id: batch.batch_id, root: batch.root, seed: batch.seed, ...place }, final: batch.final === 1n };
}

async function anchoredRecord(
  store: Store,
  trees: TreeCache,
  fromSerial: bigint,
  id: Hex,
): Promise<{ readonly record: AnchoredRecord; readonly recorded: boolean } | undefined> {
  const [batch] = await store.read<{ records_root: Hex | null; recorded: bigint }>(
    'SELECT records_root, recorded FROM batches WHERE from_serial = ?',
    [fromSerial],
  );
  if (batch === undefined || batch.records_root === null) return undefined;
  const [own] = await store.read<{ record: string; entries: string }>(
    'SELECT record, entries FROM records WHERE receipt_id = ?',
    [id],
  );
  if (own === undefined) return undefined;
  const place = await trees.placeOf(batch.records_root, id, () =>
    store.read(
      `SELECT id, records.leaf AS leaf FROM records JOIN receipts ON receipts.id = receipt_id
       WHERE records.batch = ? ORDER BY serial`,
      [fromSerial],
    ),
  );
  return {
    record: {
      record: decodeStruct('record', JSON.parse(own.record)),
      root: batch.records_root,
      ...place,
      evaluations: JSON.parse(own.entries) as EvaluationEntry[],
    },
    recorded: batch.recorded === 1n,
  };
}
