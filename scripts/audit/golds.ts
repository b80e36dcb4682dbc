import { getBytes, id } from 'ethers';

import { MAX_BPS, STATUS, epochAt } from './context.ts';
import type { Context } from './context.ts';
import { canonical, sha256 } from './dataset.ts';
import type { Dataset, Entry, GoldLine } from './dataset.ts';
import type { GoldReceipt } from './facts.ts';
import { json } from './shapes.ts';
import { expectSame, inside, wrong } from './wrong.ts';

/**
 * Gold tasks: that each is the one its leaf commits to, and which receipt it was used with. First come those of the epoch
 * before whose receipt counts only in this one, then all of the epoch's own.
 */
export function checkGolds(context: Context, previous: readonly Dataset[]): void {
  const { golds, epoch } = context.dataset;
  const late = golds.filter(({ leaf }) => leaf.epoch !== epoch.epoch);
  golds.forEach((gold, index) => {
    if (index < late.length) return checkLate(gold, golds[index - 1], epoch.epoch);
    expectSame({ line: gold.line, field: 'leaf.epoch' }, gold.leaf.epoch, epoch.epoch);
    expectSame({ line: gold.line, field: 'leaf.index' }, gold.leaf.index, BigInt(index - late.length));
  });
  golds.forEach(checkTask);
  checkFlagged(context, checkUses(context));
  checkEarlier(context, late, previous);
  context.skip(
    'truth of golds',
    'answers are not published: exact accuracies are within range, and their gateway’s word',
  );
}

function checkLate({ line, leaf, used }: GoldLine, before: GoldLine | undefined, epoch: bigint): void {
  expectSame({ line, field: 'leaf.epoch' }, leaf.epoch, epoch - 1n);
  if (used === null) wrong({ line, field: 'used' }, 'a gold of the epoch before must have been used in this one');
  if (before !== undefined && before.leaf.index >= leaf.index) wrong({ line, field: 'leaf.index' }, 'is out of order');
}

/** @returns the line of the gold that each receipt was used by. */
function checkUses({ dataset, facts }: Context): ReadonlyMap<string, number> {
  const { golds, lineOf } = dataset;
  const flagged = new Set(facts.golds.map(({ receipt }) => receipt.id));
  const users = new Map<string, number>();
  for (const { line, used } of golds) {
    if (used === null) continue;
    const { receiptId, truth } = used;
    if (truth > MAX_BPS) wrong({ line, field: 'used.truth' }, `${truth} is above ${MAX_BPS}`);
    const at = { line, field: 'used.receiptId' };
    const twin = users.get(receiptId);
    if (twin !== undefined) wrong(at, `is used by line ${twin} too`);
    users.set(receiptId, line);
    if (flagged.has(receiptId)) continue;
    const place = lineOf(receiptId) ?? wrong(at, 'there is no such receipt in the dataset');
    wrong(at, `line ${place} is not flagged as gold`);
  }
  return users;
}

/** Golds of the epoch before are those of its dataset, where that is given. */
function checkEarlier({ dataset, skip }: Context, late: readonly GoldLine[], previous: readonly Dataset[]): void {
  if (late.length === 0) return;
  const source = previous.find(({ epoch }) => epoch.epoch + 1n === dataset.epoch.epoch);
  if (source === undefined) {
    skip(
      'golds of the epoch before',
      `${late.length} stand in the dataset of the epoch before: give it with --previous`,
    );
    return;
  }
  for (const { line, leaf, raw } of late) {
    const twin = source.golds.find((gold) => gold.leaf.epoch === leaf.epoch && gold.leaf.index === leaf.index);
    const at = { line, field: 'leaf' };
    if (twin === undefined) return wrong(at, 'the dataset of the epoch before has no such gold');
    expectSame(at, canonical(at, raw['leaf']), canonical(at, twin.raw['leaf']));
    if (twin.used !== null) wrong({ line, field: 'used' }, 'it was used in the epoch before already');
  }
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

/** A flag without a task would take volume and truth away from a receipt at will. */
function checkFlagged({ dataset, facts, skip }: Context, users: ReadonlyMap<string, number>): void {
  const loose = facts.golds.filter(({ receipt }) => !users.has(receipt.id));
  const unused = dataset.golds.filter(({ used }) => used === null).length;
  const own = loose.filter(({ receipt }) => epochAt(receipt.servedAt, dataset.epoch) >= dataset.epoch.epoch);
  const surplus = own[unused];
  if (surplus !== undefined) {
    wrong({ line: surplus.line, field: 'receipt.flags' }, 'is flagged as gold, but no gold task is left for it');
  }
  if (loose.length > 0)
    skip('golds without truth', `${loose.length} receipts are flagged as gold, but no gold names them`);
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
export function outcomesOf(
  { golds }: Pick<Dataset, 'golds'>,
  { golds: receipts }: { readonly golds: readonly GoldReceipt[] },
): readonly Outcome[] {
  const byId = new Map(receipts.map((line) => [line.receipt.id, line]));
  return golds.flatMap(({ used }) => {
    const line = used === null ? undefined : byId.get(used.receiptId);
    if (used === null || line === undefined || line.record.status !== STATUS.scored || !line.counted) return [];
    const { gateway, node, family, flags } = line.receipt;
    return [{ gateway, node, family, flags, truth: used.truth, replays: line.replays, entries: line.entries }];
  });
}
