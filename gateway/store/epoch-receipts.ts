import type { EpochBatch, EpochFacts, EpochReceipt } from '../epoch/ports.ts';
import type { StoredCommitSet } from '../evaluate/ports.ts';
import { decodeStruct } from '../protocol/struct-json.ts';
import type { Address, EvaluationEntry, Hex } from '../protocol/types.ts';
import { ATTESTATION_COLUMNS, attestationOf, joinAnswer, joinAttestation } from './attested-answer.ts';
import type { Prepare, RowOf, Store } from './store.ts';

export type ReceiptPagesDeps = {
  readonly store: Store;
  /** Keyed hash of an API key's hash. */
  readonly payerOf: (keyHash: string) => Hex;
};

/** Few enough to keep neither the event loop nor the store's thread from a request. */
const PAGE = 100;

type Range = { readonly fromSerial: bigint; readonly next: bigint; readonly last: bigint };
type Statements = ReturnType<typeof statementsOf>;

/** The receipts of a recorded batch by serial, a page at a time. */
export function createReceiptPages(deps: ReceiptPagesDeps): EpochFacts['receiptsOf'] {
  const statements = statementsOf(deps.store);
  return (batch) => pagesOf(deps, statements, batch);
}

async function* pagesOf(
  { store, payerOf }: ReceiptPagesDeps,
  statements: Statements,
  { batchId, fromSerial }: EpochBatch,
): AsyncGenerator<readonly EpochReceipt[]> {
  for (let next = fromSerial; ;) {
    const rows = await store.read(statements.receipts({ fromSerial, next, limit: PAGE }));
    const last = rows.at(-1)?.serial;
    if (last === undefined) return;
    const range = { fromSerial, next, last };
    const [commitSets, replays] = await Promise.all([
      store.read(statements.commitSets(range)),
      store.read(statements.replays(range)),
    ]);
    const setsOf = groupBy(commitSets, commitSetEntry);
    const replaysOf = groupBy(replays, (row) => [row.receipt_id, row.replay_id]);
    yield rows.map((row) => ({
      batchId,
      receipt: decodeStruct('receipt', JSON.parse(row.receipt)),
      signature: row.signature,
      ...attestationOf(row),
      record: decodeStruct('record', JSON.parse(row.record)),
      entries: JSON.parse(row.entries) as EvaluationEntry[],
      commitSets: setsOf.get(row.id) ?? [],
      replays: replaysOf.get(row.id) ?? [],
      payer: payerOf(row.key_hash),
      ...(row.good === null ? {} : { vote: row.good === 1n ? ('good' as const) : ('bad' as const) }),
    }));
    next = last + 1n;
  }
}

function statementsOf({ prepare }: Store) {
  return { ...receiptPages(prepare), ...examinedPages(prepare) };
}

function receiptPages(prepare: Prepare) {
  return {
    receipts: prepare(
      (
        db,
        { fromSerial, next, limit }: { readonly fromSerial: bigint; readonly next: bigint; readonly limit: number },
      ) =>
        db
          .selectFrom('receipts')
          .innerJoin('records', 'records.receipt_id', 'receipts.id')
          .leftJoin('votes', 'votes.receipt_id', 'receipts.id')
          .leftJoin('answers', joinAnswer)
          .leftJoin('attestations', joinAttestation)
          .select('good')
          .select([
            'serial',
            'id',
            'receipt',
            'receipts.signature as signature',
            'receipts.key_hash as key_hash',
            'record',
          ])
          .select(ATTESTATION_COLUMNS)
          .select('records.entries as entries')
          .where('receipts.batch', '=', fromSerial)
          .where('serial', '>=', next)
          .orderBy('serial')
          .limit(limit)
          // A batched receipt is signed.
          .$narrowType<{ signature: Hex }>(),
    ),
  };
}

function examinedPages(prepare: Prepare) {
  return {
    commitSets: prepare((db, { fromSerial, next, last }: Range) =>
      db
        .selectFrom('receipts')
        .innerJoin('batches', 'batches.from_serial', 'receipts.batch')
        .innerJoin('commit_sets', (join) =>
          join.onRef('commit_sets.receipt_id', '=', 'receipts.id').onRef('commit_sets.seed', '=', 'batches.seed'),
        )
        .select(['receipt_id', 'evaluators', 'commitments', 'commit_set', 'commit_sets.signature as signature'])
        .where('receipts.batch', '=', fromSerial)
        .where('serial', '>=', next)
        .where('serial', '<=', last)
        .orderBy('receipt_id')
        .orderBy('size'),
    ),
    replays: prepare((db, { fromSerial, next, last }: Range) =>
      db
        .selectFrom('receipts')
        .innerJoin('batches', 'batches.from_serial', 'receipts.batch')
        .innerJoin('replays', (join) =>
          join.onRef('replays.receipt_id', '=', 'receipts.id').onRef('replays.seed', '=', 'batches.seed'),
        )
        .select(['receipt_id', 'replay_id'])
        .where('receipts.batch', '=', fromSerial)
        .where('serial', '>=', next)
        .where('serial', '<=', last)
        .orderBy('receipt_id')
        .orderBy('replays.node'),
    ),
  };
}

function commitSetEntry(row: RowOf<Statements['commitSets']>): readonly [Hex, StoredCommitSet] {
  return [
    row.receipt_id,
    {
      commitSet: decodeStruct('commitSet', JSON.parse(row.commit_set)),
      signature: row.signature,
      evaluators: JSON.parse(row.evaluators) as Address[],
      commitments: JSON.parse(row.commitments) as Hex[],
    },
  ];
}

function groupBy<Row, Value>(
  rows: readonly Row[],
  entry: (row: Row) => readonly [Hex, Value],
): ReadonlyMap<Hex, readonly Value[]> {
  const groups = new Map<Hex, Value[]>();
  for (const row of rows) {
    const [key, value] = entry(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
