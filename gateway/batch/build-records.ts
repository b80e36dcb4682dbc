import { buildBatchTree } from '../protocol/batch-tree.ts';
import { canonicalJson } from '../protocol/canonical-json.ts';
import { evaluationsHash } from '../protocol/commitments.ts';
import { sha256Hex } from '../protocol/content.ts';
import { recordLeaf } from '../protocol/leaf.ts';
import type { LeafDomain } from '../protocol/leaf.ts';
import { structText } from '../protocol/struct-json.ts';
import type { Hex, Receipt } from '../protocol/types.ts';
import type { ExaminedReceipt, ReceiptScore, ScoredReceipt } from './ports.ts';

export type RecordsDeps = {
  readonly leafDomain: LeafDomain;
  /** Everything of a record that scoring decides; `undefined` stands for a receipt that was not drawn. */
  readonly scoreOf: (receipt: Receipt, examined: ExaminedReceipt | undefined) => ReceiptScore;
};

export type RecordBatch = {
  readonly root: Hex;
  readonly count: number;
  readonly dataHash: Hex;
  readonly records: readonly ScoredReceipt[];
};

/** One record per receipt of the batch, in the batch's order, under one root. */
export function buildRecords(
  receipts: readonly { readonly receipt: Receipt; readonly leaf: Hex }[],
  examined: ReadonlyMap<Hex, ExaminedReceipt>,
  { leafDomain, scoreOf }: RecordsDeps,
): RecordBatch {
  const records = receipts.map(({ receipt, leaf }): ScoredReceipt => {
    const examination = examined.get(receipt.id);
    const score = scoreOf(receipt, examination);
    const entries = examination?.entries ?? [];
    const record = {
      receiptLeaf: leaf,
      gateway: receipt.gateway,
      serial: receipt.serial,
      ...score,
      evaluationsHash: evaluationsHash(entries),
    };
    return { receiptId: receipt.id, record, leaf: recordLeaf(leafDomain, record), entries };
  });
  return {
    root: buildBatchTree(records.map(({ leaf }) => leaf)).root,
    count: records.length,
    dataHash: sha256Hex(records.map(recordLine).join('\n')),
    records,
  };
}

/** One line of a record batch's dataset; `dataHash` is the sha256 of the lines joined by a line feed. */
export function recordLine({ record, entries }: Pick<ScoredReceipt, 'record' | 'entries'>): string {
  return `{"entries":${canonicalJson(entries)},"record":${structText('record', record)}}`;
}
