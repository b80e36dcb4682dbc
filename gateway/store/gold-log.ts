import type { GoldLog, PreparedGold } from '../gold/ports.ts';
import { decodeStruct, encodeStruct } from '../protocol/struct-json.ts';
import type { JsonObject } from '../protocol/content.ts';
import type { Hex } from '../protocol/types.ts';
import type { ContentCipher } from './content-cipher.ts';
import { statement } from './sqlite.ts';
import type { Store } from './sqlite.ts';

type GoldRow = { leaf: string; task: Uint8Array; receipt_id: Hex | null; anchored_epoch: bigint | null };

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
    async ofEpoch(epoch) {
      const rows = await store.read<GoldRow>(
        `SELECT golds.leaf AS leaf, task, receipt_id, batches.epoch AS anchored_epoch FROM golds
         LEFT JOIN receipts ON receipts.id = receipt_id LEFT JOIN batches ON from_serial = receipts.batch
         WHERE golds.epoch = ? ORDER BY idx`,
        [epoch],
      );
      return rows.map((row): PreparedGold => ({
        leaf: decodeStruct('gold', JSON.parse(row.leaf)),
        task: JSON.parse(cipher.open(row.task)) as JsonObject,
        ...(row.receipt_id === null ? {} : { receiptId: row.receipt_id }),
        ...(row.anchored_epoch === null ? {} : { anchoredEpoch: row.anchored_epoch }),
      }));
    },
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
