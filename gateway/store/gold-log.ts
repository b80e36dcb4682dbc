import type { GoldLog, PreparedGold } from '../gold/ports.ts';
import { decodeStruct, encodeStruct } from '../protocol/struct-json.ts';
import type { JsonObject } from '../protocol/content.ts';
import type { Hex } from '../protocol/types.ts';
import type { ContentCipher } from './content-cipher.ts';
import type { RowOf, Store } from './store.ts';

export function createGoldLog(store: Store, cipher: ContentCipher): GoldLog {
  const statements = statementsOf(store);
  const read = async (epoch: bigint, leastAnchored: bigint): Promise<readonly PreparedGold[]> => {
    const rows = await store.read(statements.ofEpoch({ epoch, leastAnchored }));
    return rows.map((row) => preparedGold(row, cipher));
  };
  return {
    save: (golds) =>
      store.write(
        golds.map(({ leaf, task }) =>
          statements.insert({
            epoch: leaf.epoch,
            index: leaf.index,
            leaf: JSON.stringify(encodeStruct('gold', leaf)),
            task: cipher.seal(JSON.stringify(task)),
          }),
        ),
      ),
    prepared: (epoch) => read(epoch, 0n),
    async everPrepared() {
      const rows = await store.read(statements.tasks({}));
      return rows.flatMap(({ task }) => openedTask(cipher, task));
    },
    ofEpoch: (epoch) => read(epoch, 1n),
    sending: (epoch, index) => store.write([statements.sending({ epoch, index: BigInt(index) })]),
    used: (epoch, index, receiptId) => store.write([statements.used({ epoch, index: BigInt(index), receiptId })]),
    async answerOf(receiptId) {
      const [row] = await store.read(statements.content({ receiptId }));
      if (row === undefined) return undefined;
      return cipher.openContent(row.content).response;
    },
  };
}

type GoldValues = {
  readonly epoch: bigint;
  readonly index: number;
  readonly leaf: string;
  readonly task: Uint8Array;
};
type Place = { readonly epoch: bigint; readonly index: bigint };

function statementsOf({ prepare }: Store) {
  return {
    // The first set that was written is the one whose root is anchored; a second preparation changes nothing.
    insert: prepare((db, { epoch, index, leaf, task }: GoldValues) =>
      db
        .insertInto('golds')
        .values({ epoch, idx: index, leaf, task })
        .onConflict((conflict) => conflict.columns(['epoch', 'idx']).doNothing()),
    ),
    tasks: prepare((db) => db.selectFrom('golds').select('task').orderBy('epoch').orderBy('idx')),
    ofEpoch: prepare((db, { epoch, leastAnchored }: { readonly epoch: bigint; readonly leastAnchored: bigint }) =>
      db
        .selectFrom('golds')
        .leftJoin('receipts', 'receipts.id', 'golds.receipt_id')
        .leftJoin('batches', (join) =>
          join.onRef('batches.from_serial', '=', 'receipts.batch').on('batches.recorded', '=', 1n),
        )
        .select(['golds.leaf as leaf', 'task', 'sent', 'receipts.id as receipt_id'])
        .select('batches.epoch as anchored_epoch')
        .where('golds.epoch', '=', epoch)
        .where('anchored', '>=', leastAnchored)
        .orderBy('idx'),
    ),
    sending: prepare((db, { epoch, index }: Place) =>
      db.updateTable('golds').set({ sent: 1 }).where('epoch', '=', epoch).where('idx', '=', index),
    ),
    used: prepare((db, { epoch, index, receiptId }: Place & { readonly receiptId: Hex }) =>
      db
        .updateTable('golds')
        .set({ receipt_id: receiptId })
        .where('epoch', '=', epoch)
        .where('idx', '=', index)
        .where('receipt_id', 'is', null),
    ),
    content: prepare((db, { receiptId }: { readonly receiptId: Hex }) =>
      db
        .selectFrom('receipts')
        .innerJoin('contents', 'contents.serial', 'receipts.serial')
        .select('content')
        .where('id', '=', receiptId),
    ),
  };
}

/** Nothing when it was sealed under an earlier signer's key: that must not keep a gateway from starting. */
function openedTask(cipher: ContentCipher, sealed: Uint8Array): readonly JsonObject[] {
  try {
    return [JSON.parse(cipher.open(sealed)) as JsonObject];
  } catch {
    return [];
  }
}

function preparedGold(row: RowOf<ReturnType<typeof statementsOf>['ofEpoch']>, cipher: ContentCipher): PreparedGold {
  return {
    leaf: decodeStruct('gold', JSON.parse(row.leaf)),
    task: JSON.parse(cipher.open(row.task)) as JsonObject,
    sent: row.sent === 1n,
    ...(row.receipt_id === null ? {} : { receiptId: row.receipt_id }),
    ...(row.anchored_epoch === null ? {} : { anchoredEpoch: row.anchored_epoch }),
  };
}
