import type { Charge } from '../../../../gateway/account/ports.ts';
import type { Hex } from '../../../../gateway/protocol/types.ts';
import type { ReceiptLog, ServedContent, ServedReceipt, StoredReceipt } from '../../../../gateway/receipt/ports.ts';

type Plain = ServedReceipt & { readonly content: ServedContent };

/** A receipt log in memory: what is open, what was served, and a switch that makes it fail. */
export type MemoryReceiptLog = ReceiptLog & {
  readonly open: () => readonly Hex[];
  readonly served: () => readonly Plain[];
  readonly charges: () => readonly Charge[];
  readonly failCommits: (fail: boolean) => void;
};

export function createMemoryReceiptLog(): MemoryReceiptLog {
  const open = new Set<Hex>();
  const served: Plain[] = [];
  const charges: Charge[] = [];
  let failing = false;
  return {
    async reserve(id) {
      open.add(id);
    },
    async commit(entry) {
      if (failing) throw new Error('disk I/O error');
      if (!open.delete(entry.receipt.id)) throw new Error('a receipt that was never reserved');
      const serial = BigInt(served.length);
      if (entry.charge !== undefined) charges.push(entry.charge);
      const { content } = entry;
      if ('sealed' in content) throw new Error('a content that this log has no key for');
      served.push({ ...entry, content, receipt: { ...entry.receipt, serial } });
      return { serial };
    },
    async release(id, charge) {
      open.delete(id);
      if (charge !== undefined) charges.push(charge);
    },
    async find(id): Promise<StoredReceipt | undefined> {
      const entry = served.find(({ receipt }) => receipt.id === id);
      if (entry === undefined) return undefined;
      const { receipt, keyHash, modelId, content } = entry;
      return { receipt, keyHash, modelId, salt: content.salt, signature: null, state: 'served', isCounted: false };
    },
    open: () => [...open],
    served: () => served,
    charges: () => charges,
    failCommits(fail) {
      failing = fail;
    },
  };
}
