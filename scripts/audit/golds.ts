import { getBytes, id } from 'ethers';

import { FLAG, MAX_BPS, STATUS, epochAt, isCounted } from './context.ts';
import type { Context, Examined } from './context.ts';
import { canonical, sha256 } from './dataset.ts';
import type { Dataset, Entry, GoldLine } from './dataset.ts';
import { json } from './shapes.ts';
import { expectSame, inside, wrong } from './wrong.ts';

/** Gold tasks: that each is the one its leaf commits to, and which receipt it was used with. */
export function checkGolds(context: Context, receipts: readonly Examined[]): void {
  const { golds, epoch } = context.dataset;
  const byId = new Map(receipts.map((examined) => [examined.receipt.id, examined]));
  const users = new Map<string, number>();
  let elsewhere = 0;
  golds.forEach((gold, index) => {
    expectSame({ line: gold.line, field: 'leaf.epoch' }, gold.leaf.epoch, epoch.epoch);
    expectSame({ line: gold.line, field: 'leaf.index' }, gold.leaf.index, BigInt(index));
    checkTask(gold);
    if (gold.used === null) return;
    const { receiptId, truth } = gold.used;
    if (truth > MAX_BPS) wrong({ line: gold.line, field: 'used.truth' }, `${truth} is above ${MAX_BPS}`);
    const at = { line: gold.line, field: 'used.receiptId' };
    const twin = users.get(receiptId);
    if (twin !== undefined) wrong(at, `is used by line ${twin} too`);
    users.set(receiptId, gold.line);
    const examined = byId.get(receiptId);
    if (examined === undefined) elsewhere += 1;
    else if ((examined.receipt.flags & FLAG.gold) === 0n) wrong(at, `line ${examined.line} is not flagged as gold`);
  });
  checkFlagged(context, receipts, users);
  if (elsewhere > 0) context.skip('golds of other epochs', `${elsewhere} were used with receipts that count elsewhere`);
  context.skip(
    'truth of golds',
    'answers are not published: exact accuracies are within range, and their gateway’s word',
  );
}

/** Both hashes are salted with the leaf's own salt; model and delivery are not part of the task. */
function checkTask({ line, leaf, task }: GoldLine): void {
  const at = { line, field: 'task' };
  const { model: _model, stream: _stream, stream_options: _options, ...body } = json(inside(at, 'body'), task['body']);
  const reference = json(inside(at, 'reference'), task['reference']);
  const salted = (value: unknown) => sha256(getBytes(leaf.salt), canonical(at, value));
  expectSame({ line, field: 'leaf.contentHash' }, leaf.contentHash, salted(body));
  expectSame({ line, field: 'leaf.referenceHash' }, leaf.referenceHash, salted(reference));
  expectSame({ line, field: 'leaf.checkerId' }, leaf.checkerId, id(`dgrid.gold.${String(reference['kind'])}.v1`));
}

/** A gold without a task would take volume and truth away from a receipt at will. */
function checkFlagged(
  { dataset, skip }: Context,
  receipts: readonly Examined[],
  users: ReadonlyMap<string, number>,
): void {
  const loose = receipts.filter(({ receipt }) => (receipt.flags & FLAG.gold) !== 0n && !users.has(receipt.id));
  for (const { line, receipt } of loose) {
    if (epochAt(receipt.servedAt, dataset.epoch) < dataset.epoch.epoch) continue;
    wrong({ line, field: 'receipt.flags' }, 'is flagged as gold, but no gold task was used with it');
  }
  if (loose.length > 0)
    skip('golds of the epoch before', `${loose.length} receipts belong to tasks of an earlier dataset`);
}

/** A gold that was drawn and scored: what trust, gating and evaluators' pay are measured by. */
export type Outcome = {
  readonly gateway: string;
  readonly node: string;
  readonly family: bigint;
  readonly flags: bigint;
  readonly truth: bigint;
  readonly replays: number;
  readonly entries: readonly Entry[];
};

/** Outcomes in the order of the gold lines. */
export function outcomesOf({ epoch, batches, receipts, golds }: Dataset): readonly Outcome[] {
  const byBatch = new Map(batches.map((batch) => [batch.batchId, batch]));
  const byId = new Map(receipts.map((line) => [line.receipt.id, line]));
  return golds.flatMap(({ used }) => {
    const line = used === null ? undefined : byId.get(used.receiptId);
    const batch = line === undefined ? undefined : byBatch.get(line.batchId);
    if (used === null || line === undefined || batch === undefined) return [];
    if (line.record.status !== STATUS.scored || !isCounted(line.receipt, batch, epoch)) return [];
    const { gateway, node, family, flags } = line.receipt;
    return [{ gateway, node, family, flags, truth: used.truth, replays: line.replays.length, entries: line.entries }];
  });
}
