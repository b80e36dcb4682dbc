import type { GoldLog, PreparedGold } from '../gold/ports.ts';
import { decodeStruct, encodeStruct } from '../protocol/struct-json.ts';
import type { JsonObject } from '../protocol/content.ts';
import type { Hex } from '../protocol/types.ts';
import type { ContentCipher } from './content-cipher.ts';
import { statement } from './sqlite.ts';
import type { Store } from './sqlite.ts';

type GoldRow = {
  leaf: string;
  task: Uint8Array;
  sent: bigint;
  receipt_id: Hex | null;
  anchored_epoch: bigint | null;
};

export function createGoldLog(store: Store, cipher: ContentCipher): GoldLog {
  return {
    save: (golds) =>
      store.write(
        golds.map(({ leaf, task }) =>
          // The first set that was written is the one whose root is anchored; a second preparation changes nothing.
          statement(
            'INSERT OR IGNORE INTO golds (epoch, idx, leaf, task) VALUES (?, ?, ?, ?)',
            leaf.epoch,
            leaf.index,
            JSON.stringify(encodeStruct('gold', leaf)),
            cipher.seal(JSON.stringify(task)),
          ),
        ),
      ),
    prepared: (epoch) => readGolds(store, cipher, epoch, 0),
    async everPrepared() {
      const rows = await store.read<{ task: Uint8Array }>('SELECT task FROM golds ORDER BY epoch, idx');
      return rows.flatMap(({ task }) => openedTask(cipher, task));
    },
    ofEpoch: (epoch) => readGolds(store, cipher, epoch, 1),
    sending: (epoch, index) =>
      store.write([statement('UPDATE golds SET sent = 1 WHERE epoch = ? AND idx = ?', epoch, index)]),
    used: (epoch, index, receiptId) =>
      store.write([
        statement(
          'UPDATE golds SET receipt_id = ? WHERE epoch = ? AND idx = ? AND receipt_id IS NULL',
          receiptId,
          epoch,
          index,
        ),
      ]),
    async answerOf(receiptId) {
      const [row] = await store.read<{ content: Uint8Array | null }>('SELECT content FROM receipts WHERE id = ?', [
        receiptId,
      ]);
      if (row === undefined || row.content === null) return undefined;
      return (JSON.parse(cipher.open(row.content)) as { response: string }).response;
    },
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

async function readGolds(
  store: Store,
  cipher: ContentCipher,
  epoch: bigint,
  leastAnchored: 0 | 1,
): Promise<readonly PreparedGold[]> {
  const rows = await store.read<GoldRow>(
    `SELECT golds.leaf AS leaf, task, sent, receipt_id, batches.epoch AS anchored_epoch FROM golds
     LEFT JOIN receipts ON receipts.id = receipt_id LEFT JOIN batches ON from_serial = receipts.batch
     WHERE golds.epoch = ? AND anchored >= ? ORDER BY idx`,
    [epoch, leastAnchored],
  );
  return rows.map((row) => ({
    leaf: decodeStruct('gold', JSON.parse(row.leaf)),
    task: JSON.parse(cipher.open(row.task)) as JsonObject,
    sent: row.sent === 1n,
    ...(row.receipt_id === null ? {} : { receiptId: row.receipt_id }),
    ...(row.anchored_epoch === null ? {} : { anchoredEpoch: row.anchored_epoch }),
  }));
}
