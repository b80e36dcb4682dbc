import { batchRoot, climbBatch } from '../lib/protocol/batch-tree.ts';
import { leafHash } from '../lib/protocol/leaf.ts';
import { FLAG, MAX_BPS, epochAt, isCounted, recordSigner, volumeOf } from './context.ts';
import type { Context, Examined } from './context.ts';
import { canonical, sha256 } from './dataset.ts';
import type { Attestation, BatchLine, EpochLine, Receipt, ReceiptLine } from './dataset.ts';
import { FAMILIES } from './params.ts';
import { expectSame, inside, within, wrong } from './wrong.ts';

/** Receipts and their batches: leaves, serials, units, signatures, roots. */
export function checkReceipts(context: Context): readonly Examined[] {
  const { batches, receipts, epoch } = context.dataset;
  const byId = new Map(batches.map((batch) => [batch.batchId, batch]));
  checkBatchOrder(batches, epoch);
  checkSerials(receipts);
  const examined = receipts.map((line): Examined => {
    const at = { line: line.line, field: 'batchId' };
    const batch = byId.get(line.batchId) ?? wrong(at, `there is no batch ${line.batchId} in the dataset`);
    return checkReceipt(context, line, batch);
  });
  for (const batch of batches) {
    checkBatch(
      batch,
      examined.filter(({ batchId }) => batchId === batch.batchId),
    );
  }
  return examined;
}

function checkBatchOrder(batches: readonly BatchLine[], epoch: EpochLine): void {
  if (epoch.epochDuration === 0n) wrong({ line: epoch.line, field: 'epochDuration' }, 'is zero');
  batches.forEach((batch, index) => {
    const at = { line: batch.line, field: 'batchId' };
    const before = batches[index - 1];
    if (before !== undefined && before.batchId >= batch.batchId) wrong(at, 'batches must be in ascending order');
    const anchored = epochAt(batch.anchoredAt, epoch);
    if (anchored !== epoch.epoch) wrong({ ...at, field: 'anchoredAt' }, `lies in epoch ${anchored}`);
  });
}

/** No serial and no id twice; within a batch in ascending order. */
function checkSerials(receipts: readonly ReceiptLine[]): void {
  const serials = new Map<string, number>();
  const ids = new Map<string, number>();
  receipts.forEach(({ line, batchId, receipt }, index) => {
    const at = { line, field: 'receipt.serial' };
    const serial = `${receipt.gateway}:${receipt.serial}`;
    const twin = serials.get(serial);
    if (twin !== undefined) wrong(at, `serial ${receipt.serial} occurs twice, in line ${twin} too`);
    const same = ids.get(receipt.id);
    if (same !== undefined) wrong({ line, field: 'receipt.id' }, `occurs twice, in line ${same} too`);
    serials.set(serial, line);
    ids.set(receipt.id, line);
    const before = receipts[index - 1];
    if (before === undefined || before.batchId < batchId) return;
    if (before.batchId > batchId) wrong({ line, field: 'batchId' }, 'receipts must be ordered by batch');
    if (before.receipt.serial > receipt.serial) wrong(at, 'receipts must be ordered by serial');
  });
}

function checkReceipt(context: Context, line: ReceiptLine, batch: BatchLine): Examined {
  const { epoch } = context.dataset;
  const { receipt, signature } = line;
  const at = { line: line.line, field: 'receipt' };
  expectSame(inside(at, 'gateway'), receipt.gateway, batch.gateway);
  if (receipt.serial < batch.fromSerial || receipt.serial >= batch.toSerial) {
    wrong(
      inside(at, 'serial'),
      `lies outside of ${batch.fromSerial} to ${batch.toSerial}, the batch's (line ${batch.line})`,
    );
  }
  checkRanges(line);
  const leaf = leafHash('Receipt', { chainId: epoch.chainId, contract: epoch.proofRegistry }, receipt);
  const signed = { type: 'Receipt', value: receipt, signature, role: 'gateway', account: receipt.gateway } as const;
  recordSigner(context, { line: line.line, field: 'signature' }, signed);
  checkAttestation(context, line);
  return { ...line, batch, leaf, counted: isCounted(receipt, batch, epoch) };
}

const UNIT_CAP = 4_096n;

function checkRanges({ line, receipt }: ReceiptLine): void {
  const at = { line, field: 'receipt' };
  const { family, complexity, flags, units, promptTokens, completionTokens } = receipt;
  if (family >= BigInt(FAMILIES.length)) wrong(inside(at, 'family'), `${family} is no task family`);
  if (complexity > MAX_BPS) wrong(inside(at, 'complexity'), `${complexity} is above ${MAX_BPS}`);
  if (flags > 127n) wrong(inside(at, 'flags'), `${flags} has flags that do not exist`);
  // The caller's own max_tokens is not in the dataset; it can only lower the count.
  const most = promptTokens + 4n * (completionTokens < UNIT_CAP ? completionTokens : UNIT_CAP);
  const isWhole = units >= promptTokens && (units - promptTokens) % 4n === 0n;
  if (units > most || !isWhole) wrong(inside(at, 'units'), `${units} does not follow from the tokens: at most ${most}`);
}

const ANSWER_FIELDS = ['gateway', 'node', 'requestHash', 'responseHash', 'model'] as const;

function checkAttestation(context: Context, { line, receipt, attestation: part }: ReceiptLine): void {
  const at = { line, field: 'attestation' };
  if (part === null) {
    if ((receipt.flags & FLAG.unattested) === 0n) wrong(at, 'is missing, and the receipt is not flagged as unattested');
    return;
  }
  const { attestation, answer, signature } = part;
  checkAnswer(context, { line, receipt, part });
  expectSame(inside(at, 'attestation.node'), attestation.node, receipt.node);
  expectSame(inside(at, 'attestation.gateway'), attestation.gateway, receipt.gateway);
  expectSame(inside(at, 'attestation.root'), attestation.root, climbBatch(part.leaf, part.proof));
  const signed = {
    type: 'NodeAttestation',
    value: attestation,
    signature,
    role: 'node',
    account: answer.node,
  } as const;
  recordSigner(context, inside(at, 'signature'), signed);
}

/** Token counts are the node's claim and may differ from the gateway's; all else is the receipt's. */
function checkAnswer(
  { dataset: { epoch } }: Context,
  { line, receipt, part }: { readonly line: number; readonly receipt: Receipt; readonly part: Attestation },
): void {
  const at = { line, field: 'attestation.answer' };
  expectSame(inside(at, 'receiptId'), part.answer.receiptId, receipt.id);
  for (const name of ANSWER_FIELDS) expectSame(inside(at, name), part.answer[name], receipt[name]);
  const leaf = leafHash('AnswerLeaf', { chainId: epoch.chainId, contract: epoch.proofRegistry }, part.answer);
  expectSame({ line, field: 'attestation.leaf' }, part.leaf, leaf);
}

function checkBatch(batch: BatchLine, receipts: readonly Examined[]): void {
  const at = { line: batch.line, field: '' };
  expectSame(inside(at, 'count'), batch.count, BigInt(receipts.length));
  const volume = receipts.reduce((sum, { receipt }) => sum + volumeOf(receipt), 0n);
  expectSame(inside(at, 'units'), batch.units, volume);
  const root = within(inside(at, 'root'), () => batchRoot(receipts.map(({ leaf }) => leaf)));
  expectSame(inside(at, 'root'), batch.root, root);
  const lines = receipts.map(({ raw, line }) =>
    canonical({ line, field: 'receipt' }, { receipt: raw['receipt'], signature: raw['signature'] }),
  );
  expectSame(inside(at, 'dataHash'), batch.dataHash, sha256(lines.join('\n')));
}
