import { FLAG, MAX_BPS, epochAt, isCounted, recordSigner } from './context.ts';
import type { Examined, LineContext } from './context.ts';
import type { Attestation, BatchLine, EpochLine, Receipt, ReceiptLine } from './dataset.ts';
import { toHex } from './hashes.ts';
import { FAMILIES } from './params.ts';
import { climb } from './tree.ts';
import { expectSame, inside, wrong } from './wrong.ts';

/** Receipts one by one, and the order of batches: ranges, leaves, signatures. */
export function checkBatchOrder(batches: readonly BatchLine[], epoch: EpochLine): void {
  if (epoch.epochDuration === 0n) wrong({ line: epoch.line, field: 'epochDuration' }, 'is zero');
  const ends = new Map<string, BatchLine>();
  batches.forEach((batch, index) => {
    const at = { line: batch.line, field: 'batchId' };
    const before = batches[index - 1];
    if (before !== undefined && before.batchId >= batch.batchId) wrong(at, 'batches must be in ascending order');
    const anchored = epochAt(batch.anchoredAt, epoch);
    if (anchored !== epoch.epoch) wrong({ ...at, field: 'anchoredAt' }, `lies in epoch ${anchored}`);
    // A gateway's ranges follow one another, so no serial can be in two of them.
    const earlier = ends.get(batch.gateway);
    if (earlier !== undefined && batch.fromSerial < earlier.toSerial) {
      wrong({ ...at, field: 'fromSerial' }, `lies within the range of batch ${earlier.batchId}, line ${earlier.line}`);
    }
    ends.set(batch.gateway, batch);
  });
}

export function checkReceipt(context: LineContext, line: ReceiptLine, batch: BatchLine): Examined {
  const { epoch, hashes } = context;
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
  const leaf = hashes.leaf.Receipt(receipt);
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

function checkAttestation(context: LineContext, { line, receipt, attestation: part }: ReceiptLine): void {
  const at = { line, field: 'attestation' };
  if (part === null) {
    if ((receipt.flags & FLAG.unattested) === 0n) wrong(at, 'is missing, and the receipt is not flagged as unattested');
    return;
  }
  const { attestation, answer, signature } = part;
  checkAnswer(context, { line, receipt, part });
  expectSame(inside(at, 'attestation.node'), attestation.node, receipt.node);
  expectSame(inside(at, 'attestation.gateway'), attestation.gateway, receipt.gateway);
  expectSame(inside(at, 'attestation.root'), attestation.root, climb(part.leaf, part.proof));
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
  { hashes }: LineContext,
  { line, receipt, part }: { readonly line: number; readonly receipt: Receipt; readonly part: Attestation },
): void {
  const at = { line, field: 'attestation.answer' };
  expectSame(inside(at, 'receiptId'), part.answer.receiptId, receipt.id);
  for (const name of ANSWER_FIELDS) expectSame(inside(at, name), part.answer[name], receipt[name]);
  expectSame({ line, field: 'attestation.leaf' }, part.leaf, toHex(hashes.leaf.AnswerLeaf(part.answer)));
}
