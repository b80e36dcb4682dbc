import { buildBatchTree } from '../protocol/batch-tree.ts';
import { canonicalJson } from '../protocol/canonical-json.ts';
import { Flag } from '../protocol/constants.ts';
import { sha256Hex } from '../protocol/content.ts';
import { receiptDigest } from '../protocol/eip712.ts';
import type { SigningDomain } from '../protocol/eip712.ts';
import { receiptLeaf } from '../protocol/leaf.ts';
import type { LeafDomain } from '../protocol/leaf.ts';
import type { Signer } from '../protocol/signature.ts';
import { encodeStruct } from '../protocol/struct-json.ts';
import type { Receipt } from '../protocol/types.ts';
import { volumeUnits } from '../protocol/units.ts';
import type { BatchedReceipt, ClosedBatch, OpenReceipt } from './ports.ts';

export type BatchRules = {
  readonly nowMs: number;
  /** How long a receipt waits for its node's attestation before it is batched as unattested. */
  readonly attestationGraceMs: number;
  readonly maxReceipts: number;
};

/** The longest run of receipts, from the first open one, whose flags can be fixed now. */
export function batchable(open: readonly OpenReceipt[], rules: BatchRules): readonly ReadyReceipt[] {
  const ready: ReadyReceipt[] = [];
  for (const { receipt, attestation, servedAtMs } of open) {
    if (ready.length >= rules.maxReceipts) break;
    // Served far in the future: by an earlier process, before the clock was put back.
    const overdue = Math.abs(rules.nowMs - servedAtMs) >= rules.attestationGraceMs;
    if (attestation !== undefined) ready.push({ receipt, attestation });
    else if (overdue) ready.push({ receipt: { ...receipt, flags: receipt.flags | Flag.unattested } });
    else break;
  }
  return ready;
}

/** A receipt whose flags are final. */
export type ReadyReceipt = Pick<OpenReceipt, 'receipt' | 'attestation'>;

export type SealDeps = {
  readonly signer: Signer;
  readonly leafDomain: LeafDomain;
  readonly signingDomain: SigningDomain;
};

/** Signs the receipts, whose flags are final now, and puts them under one root. */
export function sealBatch(fromSerial: bigint, receipts: readonly ReadyReceipt[], deps: SealDeps): ClosedBatch {
  return closeBatch(fromSerial, sealReceipts(receipts, deps));
}

/** The costly part, a signature for each receipt: it may be done for a few at a time. */
export function sealReceipts(receipts: readonly ReadyReceipt[], deps: SealDeps): readonly BatchedReceipt[] {
  return receipts.map(({ receipt, attestation }): BatchedReceipt => ({
    receipt,
    ...(attestation === undefined ? {} : { attestation }),
    signature: deps.signer.sign(receiptDigest(deps.signingDomain, receipt)),
    leaf: receiptLeaf(deps.leafDomain, receipt),
  }));
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
  return canonicalJson({ receipt: encodeStruct('receipt', receipt), signature });
}
