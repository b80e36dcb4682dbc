import { buildBatchTree } from '../protocol/batch-tree.ts';
import { Flag } from '../protocol/constants.ts';
import { sha256Hex } from '../protocol/content.ts';
import { structText } from '../protocol/struct-json.ts';
import type { Receipt } from '../protocol/types.ts';
import { volumeUnits } from '../protocol/units.ts';
import type { BatchedReceipt, ClosedBatch, OpenReceipt } from './ports.ts';
import { createSealHere } from './seal.ts';
import type { SealDeps, Sealed } from './seal.ts';

export type BatchRules = {
  readonly nowMs: number;
  /** How long a receipt waits for its node's attestation before it is batched as unattested. */
  readonly attestationGraceMs: number;
  readonly maxReceipts: number;
};

/** The longest run of receipts, from the first open one, whose flags can be fixed now. */
export function batchable(open: readonly OpenReceipt[], rules: BatchRules): readonly ReadyReceipt[] {
  const ready: ReadyReceipt[] = [];
  for (const { receipt, answer, servedAtMs } of open) {
    if (ready.length >= rules.maxReceipts) break;
    // Served far in the future: by an earlier process, before the clock was put back.
    const overdue = Math.abs(rules.nowMs - servedAtMs) >= rules.attestationGraceMs;
    if (answer !== undefined) ready.push({ receipt, answer });
    else if (overdue) ready.push({ receipt: { ...receipt, flags: receipt.flags | Flag.unattested } });
    else break;
  }
  return ready;
}

/** A receipt whose flags are final. */
export type ReadyReceipt = Pick<OpenReceipt, 'receipt' | 'answer'>;

/** Signs the receipts, whose flags are final now, and puts them under one root: all of it in one go. */
export function sealBatch(fromSerial: bigint, ready: readonly ReadyReceipt[], deps: SealDeps): ClosedBatch {
  return closeBatch(fromSerial, batched(ready, createSealHere(deps)(ready.map(({ receipt }) => receipt))));
}

export function batched(ready: readonly ReadyReceipt[], sealed: readonly Sealed[]): readonly BatchedReceipt[] {
  return ready.map((entry, index) => {
    const seal = sealed[index];
    if (seal === undefined) throw new RangeError(`${sealed.length} of ${ready.length} receipts were signed`);
    return { ...entry, ...seal };
  });
}

export function closeBatch(fromSerial: bigint, sealed: readonly BatchedReceipt[]): ClosedBatch {
  const last = sealed.at(-1);
  if (last === undefined) throw new RangeError('a batch needs at least one receipt');
  return {
    fromSerial,
    toSerial: last.receipt.serial + 1n,
    root: buildBatchTree(sealed.map(({ leaf }) => leaf)).root,
    count: sealed.length,
    units: sealed.reduce((sum, { receipt }) => sum + volumeUnits(receipt), 0n),
    dataHash: sha256Hex(sealed.map(receiptLine).join('\n')),
    receipts: sealed,
  };
}

/** One line of a receipt batch's dataset; `dataHash` is the sha256 of the lines joined by a line feed. */
export function receiptLine({ receipt, signature }: { readonly receipt: Receipt; readonly signature: string }): string {
  return `{"receipt":${structText('receipt', receipt)},"signature":"${signature}"}`;
}
