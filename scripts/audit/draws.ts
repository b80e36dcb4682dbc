import { id } from 'ethers';

import { commitmentsHash } from '../lib/protocol/lists.ts';
import { MAX_BPS, STATUS, isExaminable, recordSigner } from './context.ts';
import type { Examined, LineContext } from './context.ts';
import type { CommitSet, Entry } from './dataset.ts';
import { fromHex, toHex, wordsHash } from './hashes.ts';
import type { Table } from './in-force.ts';
import type { Params } from './params.ts';
import { expectSame, inside, wrong } from './wrong.ts';
import type { At } from './wrong.ts';

const SAMPLE = fromHex(id('DGrid.sample.v1'));
const REPLAY = fromHex(id('DGrid.replay.v1'));
const COMMITTEE = fromHex(id('DGrid.committee.v1'));
const ZERO = `0x${'00'.repeat(32)}`;

function draw(tag: Buffer, seed: string, leaf: Buffer): bigint {
  return BigInt(toHex(wordsHash(tag, fromHex(seed), leaf))) % MAX_BPS;
}

/** Commit sets are over the batch's seed: one that differs shows which of the two lines is the odd one. */
export function checkSeed({ line, batch, commitSets }: Examined): void {
  if (/^0x0*$/.test(batch.seed)) wrong({ line: batch.line, field: 'seed' }, 'is zero');
  commitSets.forEach(({ commitSet }, index) => {
    if (commitSet.seed === batch.seed) return;
    const where = `commitSets[${index}].commitSet.seed of line ${line}`;
    wrong({ line: batch.line, field: 'seed' }, `is ${batch.seed}, but ${where} is ${commitSet.seed}`);
  });
}

/** Who was examined follows from seed, leaf and rate alone. */
export function checkDrawn({ epoch, table }: LineContext, examined: Examined): void {
  checkDraw(examined, table);
  checkReplays(examined, epoch.params);
  const { line, record, entries, commitSets } = examined;
  if (record.status !== STATUS.unexamined) return;
  if (entries.length > 0) wrong({ line, field: 'entries' }, 'there are some, but the receipt was not drawn');
  if (commitSets.length > 0) wrong({ line, field: 'commitSets' }, 'there are some, but the receipt was not drawn');
}

/** Without the table in force the rates are unknown, and only what is never drawn can be told. */
function checkDraw({ line, receipt, record, batch, leaf }: Examined, table: Table | undefined): void {
  const at = { line, field: 'record.status' };
  if (record.status > STATUS.unscored) wrong(at, `${record.status} is no status`);
  const isRecorded = record.status !== STATUS.unexamined;
  if (!isExaminable(receipt.flags)) {
    if (isRecorded) wrong(at, `is examined, but receipts with flags ${receipt.flags} are never drawn`);
    return;
  }
  if (table === undefined) return;
  const rate = table.rateOf(receipt.node);
  const isDrawn = draw(SAMPLE, batch.seed, leaf) < rate;
  if (isDrawn && !isRecorded) wrong(at, `is unexamined, but the seed draws this receipt at ${rate} of 10,000`);
  if (!isDrawn && isRecorded) wrong(at, 'is examined, but the seed does not draw this receipt');
}

function checkReplays({ line, replays, record, batch, leaf }: Examined, { replayRateBps }: Params): void {
  const at = { line, field: 'replays' };
  if (replays.length === 0) return;
  if (new Set(replays).size !== replays.length) wrong(at, 'one occurs twice');
  if (record.status === STATUS.unexamined) wrong(at, 'there are some, but the receipt was not drawn');
  if (draw(REPLAY, batch.seed, leaf) >= replayRateBps)
    wrong(at, 'there are some, but the seed selects it for no replay');
}

/**
 * A committee by rank, what it committed to, and that what it revealed is just that.
 * @returns false when a larger committee cannot be told to be due from what is published.
 */
export function checkCommittee(context: LineContext, examined: Examined): boolean {
  const { epoch } = context;
  if (examined.record.status === STATUS.unexamined) return true;
  const ranked = rankedEvaluators(context, examined);
  examined.commitSets.forEach((set, index) => checkCommitSet(context, { examined, set, index, ranked }));
  const isProven = checkSizes(examined, ranked.length, epoch.params);
  checkEntries(context, examined);
  return isProven;
}

/** Everybody but the two whose receipt it is, in the order that the seed gives them. */
function rankedEvaluators({ hashes }: LineContext, { receipt, batch, leaf }: Examined): readonly string[] {
  const seed = fromHex(batch.seed);
  return hashes.evaluators
    .filter(({ account }) => account !== receipt.node && account !== receipt.gateway)
    .map(({ account, word }) => ({ account, rank: wordsHash(COMMITTEE, seed, leaf, word) }))
    .toSorted((a, b) => a.rank.compare(b.rank))
    .map(({ account }) => account);
}

type SetInput = {
  readonly examined: Examined;
  readonly set: CommitSet;
  readonly index: number;
  readonly ranked: readonly string[];
};

function checkCommitSet(context: LineContext, { examined, set, index, ranked }: SetInput): void {
  const { params } = context.epoch;
  const { line, leaf, receipt } = examined;
  const at = { line, field: `commitSets[${index}]` };
  const { commitSet, evaluators, commitments, signature } = set;
  const size = index === 0 ? params.committeeSize : params.escalatedSize;
  const expected = least(size, BigInt(ranked.length));
  if (index > 1) wrong(at, 'a committee is enlarged once at most');
  expectSame(inside(at, 'commitSet.receiptLeaf'), commitSet.receiptLeaf, toHex(leaf));
  expectSame(inside(at, 'commitSet.size'), commitSet.size, expected);
  const members = ranked.slice(0, Number(expected));
  expectSame(inside(at, 'evaluators.length'), BigInt(evaluators.length), expected);
  evaluators.forEach((account, rank) => {
    if (account === members[rank]) return;
    wrong(
      inside(inside(at, 'evaluators'), rank),
      `is ${account}, but rank ${rank} of this committee is ${members[rank]}`,
    );
  });
  expectSame(inside(at, 'commitments.length'), BigInt(commitments.length), expected);
  const hash = commitmentsHash(evaluators, commitments).hash;
  expectSame(inside(at, 'commitSet.commitmentsHash'), commitSet.commitmentsHash, hash);
  const signed = { type: 'CommitSet', value: commitSet, signature, role: 'gateway', account: receipt.gateway } as const;
  recordSigner(context, inside(at, 'signature'), signed);
}

export function revealQuorum(size: bigint): bigint {
  const share = (2n * size + 2n) / 3n;
  return share > 4n ? share : 4n;
}

/** As `checkCommittee` returns it. */
function checkSizes({ line, record, commitSets, entries }: Examined, eligible: number, params: Params): boolean {
  const at = { line, field: 'record.committeeSize' };
  // An examination that ran out of time has neither committee nor evaluations, and its receipt counts zero.
  if (record.committeeSize === 0n && entries.length === 0 && record.status === STATUS.unscored) return true;
  const last = commitSets.at(-1) ?? wrong(at, `is ${record.committeeSize}, but there is no commit set`);
  expectSame(at, record.committeeSize, last.commitSet.size);
  const first = commitSets[0]?.evaluators ?? [];
  const initial = entries.filter(({ evaluator }) => first.includes(evaluator));
  const isDue = needsMore(initial, first.length, params);
  if (commitSets.length > 1) return isDue;
  const isLarger = least(params.escalatedSize, BigInt(eligible)) > BigInt(first.length);
  if (isLarger && isDue) wrong({ line, field: 'commitSets' }, 'a larger committee was due and is missing');
  return true;
}

function needsMore(entries: readonly Entry[], size: number, params: Params): boolean {
  if (BigInt(entries.length) < revealQuorum(BigInt(size))) return true;
  const sorted = entries.map(({ accuracy }) => accuracy).toSorted((a, b) => Number(a - b));
  return (sorted.at(-1) ?? 0n) - (sorted[0] ?? 0n) > params.escalationSpreadBps;
}

/** Every evaluation is the one that its author had committed to, in rank order, each author once. */
function checkEntries(context: LineContext, examined: Examined): void {
  const { table } = context;
  const set = examined.commitSets.at(-1);
  let before = -1;
  examined.entries.forEach((entry, index) => {
    const at = { line: examined.line, field: `entries[${index}]` };
    const rank = set?.evaluators.indexOf(entry.evaluator) ?? -1;
    if (rank === -1) wrong(inside(at, 'evaluator'), `${entry.evaluator} is not on the committee`);
    if (rank <= before) wrong(inside(at, 'evaluator'), 'evaluations must be in the order of the committee, one each');
    before = rank;
    checkEntry(context, { examined, entry, commitment: set?.commitments[rank] ?? ZERO, at });
    if (table !== undefined) expectSame(inside(at, 'trust'), entry.trust, table.trustOf(entry.evaluator));
  });
}

type EntryInput = {
  readonly examined: Examined;
  readonly entry: Entry;
  readonly commitment: string;
  readonly at: At;
};

function checkEntry(context: LineContext, { examined, entry, commitment, at }: EntryInput): void {
  const { evaluator, accuracy, consistency, format, scorerId, salt, signature } = entry;
  for (const name of ['accuracy', 'consistency', 'format'] as const) {
    if (entry[name] > MAX_BPS) wrong(inside(at, name), `${entry[name]} is above ${MAX_BPS}`);
  }
  const scores = { accuracy, consistency, format, scorerId, salt };
  const value = { receiptLeaf: toHex(examined.leaf), seed: examined.batch.seed, evaluator, ...scores };
  const digest = toHex(context.hashes.digest.Evaluation(value));
  if (commitment === ZERO) wrong(at, `${evaluator} revealed, but had committed to nothing`);
  if (digest !== commitment) wrong(at, `was never committed: it hashes to ${digest}, the commitment is ${commitment}`);
  recordSigner(context, inside(at, 'signature'), {
    type: 'Evaluation',
    value,
    signature,
    role: 'evaluator',
    account: evaluator,
  });
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
