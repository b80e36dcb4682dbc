import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';

import { toHex } from './hashes.ts';
import type { BatchLine } from './dataset.ts';
import type { Placed } from './receipt-lines.ts';
import type { Findings } from './steps.ts';
import { rootOf } from './tree.ts';
import { expectSame, inside, within, wrong } from './wrong.ts';

/** What a batch says of all its receipts together: count, units, both roots, both digests. One batch is open at a time. */
export type BatchTotals = {
  readonly add: (placed: Placed) => void;
  /** After the last receipt. */
  readonly end: () => void;
};

type Open = {
  readonly batch: BatchLine;
  readonly leaves: string[];
  readonly recordLeaves: string[];
  readonly receipts: Hash;
  readonly records: Hash;
  volume: bigint;
};

export function createBatchTotals(batches: readonly BatchLine[], findings: Findings): BatchTotals {
  const waiting = new Map(batches.map((batch) => [batch.batchId, batch]));
  let current: Open | undefined;
  const close = (open: Open | undefined): void => {
    if (open === undefined) return;
    findings.attempt('receipts and their batches', () => checkReceiptTotals(open));
    findings.attempt('records', () => checkRecordTotals(open));
  };
  const take = (batchId: bigint): Open | undefined => {
    const batch = waiting.get(batchId);
    waiting.delete(batchId);
    return batch === undefined ? undefined : openBatch(batch);
  };
  return {
    add(placed) {
      if (current?.batch.batchId !== placed.batchId) {
        close(current);
        current = take(placed.batchId);
      }
      if (current !== undefined) addTo(current, placed);
    },
    end() {
      close(current);
      current = undefined;
      for (const { batchId } of batches) close(take(batchId));
    },
  };
}

function openBatch(batch: BatchLine): Open {
  const [receipts, records] = [createHash('sha256'), createHash('sha256')];
  return { batch, leaves: [], recordLeaves: [], receipts, records, volume: 0n };
}

function addTo(open: Open, { leaf, recordLeaf, receiptText, recordText, volume }: Placed): void {
  const separator = open.leaves.length === 0 ? '' : '\n';
  open.leaves.push(leaf);
  open.recordLeaves.push(recordLeaf);
  open.receipts.update(`${separator}${receiptText}`);
  open.records.update(`${separator}${recordText}`);
  open.volume += volume;
}

const digestOf = (hash: Hash): string => toHex(hash.digest());

function checkReceiptTotals({ batch, leaves, receipts, volume }: Open): void {
  const at = { line: batch.line, field: '' };
  expectSame(inside(at, 'count'), batch.count, BigInt(leaves.length));
  expectSame(inside(at, 'units'), batch.units, volume);
  const root = within(inside(at, 'root'), () => rootOf(leaves));
  expectSame(inside(at, 'root'), batch.root, root);
  expectSame(inside(at, 'dataHash'), batch.dataHash, digestOf(receipts));
}

function checkRecordTotals({ batch, recordLeaves, records }: Open): void {
  const at = { line: batch.line, field: 'recordsRoot' };
  if (recordLeaves.length === 0) wrong(at, 'a batch without records');
  const root = within(at, () => rootOf(recordLeaves));
  expectSame(at, batch.recordsRoot, root);
  expectSame({ ...at, field: 'recordsDataHash' }, batch.recordsDataHash, digestOf(records));
}
