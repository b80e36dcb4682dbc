import { AbiCoder, id, keccak256 } from 'ethers';

import { commitmentsHash } from '../lib/protocol/lists.ts';
import { digestOf, signingDomain } from '../lib/protocol/typed-data.ts';
import { committeeRank } from '../lib/verify/record.ts';
import { MAX_BPS, STATUS, isExaminable, recordSigner } from './context.ts';
import type { Context, Examined } from './context.ts';
import type { CommitSet, Entry } from './dataset.ts';
import type { Table } from './in-force.ts';
import type { Params } from './params.ts';
import { expectSame, inside, wrong } from './wrong.ts';
import type { At } from './wrong.ts';

const SAMPLE = id('DGrid.sample.v1');
const REPLAY = id('DGrid.replay.v1');
const ZERO = `0x${'00'.repeat(32)}`;

function draw(tag: string, seed: string, leaf: string): bigint {
  const encoded = AbiCoder.defaultAbiCoder().encode(['bytes32', 'bytes32', 'bytes32'], [tag, seed, leaf]);
  return BigInt(keccak256(encoded)) % MAX_BPS;
}

/** Commit sets are over the batch's seed: one that differs shows which of the two lines is the odd one. */
export function checkSeeds(receipts: readonly Examined[]): void {
  for (const { line, batch, commitSets } of receipts) {
    if (/^0x0*$/.test(batch.seed)) wrong({ line: batch.line, field: 'seed' }, 'is zero');
    commitSets.forEach(({ commitSet }, index) => {
      if (commitSet.seed === batch.seed) return;
      const where = `commitSets[${index}].commitSet.seed of line ${line}`;
      wrong({ line: batch.line, field: 'seed' }, `is ${batch.seed}, but ${where} is ${commitSet.seed}`);
    });
  }
}

/** Who was examined follows from seed, leaf and rate alone. */
export function checkDraws({ dataset }: Context, receipts: readonly Examined[], table: Table | undefined): void {
  for (const examined of receipts) {
    checkDraw(examined, table);
    checkReplays(examined, dataset.epoch.params);
    const { line, record, entries, commitSets } = examined;
    if (record.status !== STATUS.unexamined) continue;
    if (entries.length > 0) wrong({ line, field: 'entries' }, 'there are some, but the receipt was not drawn');
    if (commitSets.length > 0) wrong({ line, field: 'commitSets' }, 'there are some, but the receipt was not drawn');
  }
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

/** Committees by rank, what they committed to, and that what they revealed is just that. */
export function checkCommittees(context: Context, receipts: readonly Examined[], table: Table | undefined): void {
  const { epoch } = context.dataset;
  let unproven = 0;
  for (const examined of receipts) {
    if (examined.record.status === STATUS.unexamined) continue;
    const { receipt, batch, leaf } = examined;
    const ranked = [...new Set(epoch.evaluators)]
      .filter((account) => account !== receipt.node && account !== receipt.gateway)
      .map((account) => ({ account, rank: committeeRank(batch.seed, leaf, account) }))
      .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
      .map(({ account }) => account);
    examined.commitSets.forEach((set, index) => checkCommitSet(context, { examined, set, index, ranked }));
    if (!checkSizes(examined, ranked.length, epoch.params)) unproven += 1;
    checkEntries(context, examined, table);
  }
  if (unproven > 0) {
    const why = `${unproven} larger committees rest on the gateway's word that too few had revealed at first`;
    context.skip('reason of escalations', `${why}; first reveals are not in the dataset`);
  }
}

type SetInput = {
  readonly examined: Examined;
  readonly set: CommitSet;
  readonly index: number;
  readonly ranked: readonly string[];
};

function checkCommitSet(context: Context, { examined, set, index, ranked }: SetInput): void {
  const { params } = context.dataset.epoch;
  const { line, leaf, receipt } = examined;
  const at = { line, field: `commitSets[${index}]` };
  const { commitSet, evaluators, commitments, signature } = set;
  const size = index === 0 ? params.committeeSize : params.escalatedSize;
  const expected = least(size, BigInt(ranked.length));
  if (index > 1) wrong(at, 'a committee is enlarged once at most');
  expectSame(inside(at, 'commitSet.receiptLeaf'), commitSet.receiptLeaf, leaf);
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

/** @returns false when a larger committee cannot be told to be due from what is published. */
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
function checkEntries(context: Context, examined: Examined, table: Table | undefined): void {
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

function checkEntry(context: Context, { examined, entry, commitment, at }: EntryInput): void {
  const { chainId, nodeStaking } = context.dataset.epoch;
  const { evaluator, accuracy, consistency, format, scorerId, salt, signature } = entry;
  for (const name of ['accuracy', 'consistency', 'format'] as const) {
    if (entry[name] > MAX_BPS) wrong(inside(at, name), `${entry[name]} is above ${MAX_BPS}`);
  }
  const scores = { accuracy, consistency, format, scorerId, salt };
  const value = { receiptLeaf: examined.leaf, seed: examined.batch.seed, evaluator, ...scores };
  const digest = digestOf('Evaluation', signingDomain(chainId, nodeStaking), value);
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
