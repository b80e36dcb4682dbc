import { FLAG, STATUS, isExaminable, volumeOf } from './context.ts';
import type { Examined } from './context.ts';

/**
 * What the sums of an epoch need of its receipts: everything that is paid alike is added up, so that a million receipts
 * leave a few thousand groups. Golds stay whole, since their truth comes after them.
 */
export type Group = {
  readonly gateway: string;
  readonly node: string;
  readonly family: bigint;
  /** Tenth of the scale of complexity. */
  readonly tenth: bigint;
  /** Receipts with volume, and the tokens of their prompts. */
  carrying: bigint;
  prompts: bigint;
  /** Volume of what was not drawn. */
  unexamined: bigint;
  /** Volume of what was drawn, and the same times its score. */
  examined: bigint;
  worth: bigint;
  /** Receipts that were drawn, golds too, and how many of them failed. */
  drawn: number;
  failed: number;
};

export type Facts = {
  readonly groups: Map<string, Group>;
  /** Evaluations that were revealed, by evaluator. */
  readonly reveals: Map<string, bigint>;
  /** Receipts that could have been drawn, by node. */
  readonly examinable: Map<string, bigint>;
  /** Receipts that are flagged as gold, counted or not. */
  readonly golds: GoldReceipt[];
  /** The last word of each payer on each node on each day. */
  readonly votes: Map<string, Vote>;
};

export type Vote = { readonly node: string; readonly good: boolean };

export type GoldReceipt = Pick<Examined, 'line' | 'batchId' | 'receipt' | 'record' | 'entries' | 'counted'> & {
  readonly replays: number;
};

export function createFacts(): Facts {
  return { groups: new Map(), reveals: new Map(), examinable: new Map(), golds: [], votes: new Map() };
}

type Rules = { readonly minQualityBps: bigint };
type Counted = Omit<GoldReceipt, 'replays'> & {
  readonly replays: readonly string[];
  readonly payer: string;
  readonly vote?: 'good' | 'bad' | undefined;
};

export function addReceipt(facts: Facts, examined: Counted, rules: Rules): void {
  const { receipt, entries, counted } = examined;
  if ((receipt.flags & FLAG.gold) !== 0n) {
    const { line, batchId, record, replays } = examined;
    facts.golds.push({ line, batchId, receipt, record, entries, counted, replays: replays.length });
  }
  if (!counted) return;
  for (const { evaluator } of entries) count(facts.reveals, evaluator, 1n);
  addVote(facts.votes, examined);
  if (isExaminable(receipt.flags)) count(facts.examinable, receipt.node, 1n);
  addToGroup(groupOf(facts.groups, receipt), examined, rules);
}

const DAY = 86_400n;

/** Where there is no volume there is no say. */
function addVote(votes: Map<string, Vote>, { receipt, payer, vote }: Counted): void {
  if (vote === undefined || volumeOf(receipt) === 0n) return;
  votes.set(`${receipt.node}:${receipt.servedAt / DAY}:${payer}`, { node: receipt.node, good: vote === 'good' });
}

function addToGroup(group: Group, { receipt, record }: Counted, { minQualityBps }: Rules): void {
  const volume = volumeOf(receipt);
  if (volume > 0n) {
    group.carrying += 1n;
    group.prompts += receipt.promptTokens;
  }
  if (record.status === STATUS.unexamined) {
    group.unexamined += volume;
    return;
  }
  group.examined += volume;
  group.worth += volume * record.score;
  group.drawn += 1;
  if (record.status === STATUS.unscored || record.quality < minQualityBps) group.failed += 1;
}

export function tenthOf(complexity: bigint): bigint {
  const tenth = complexity / 1_000n;
  return tenth > 9n ? 9n : tenth;
}

function groupOf(groups: Map<string, Group>, receipt: Examined['receipt']): Group {
  const { gateway, node, family, complexity } = receipt;
  const tenth = tenthOf(complexity);
  const key = `${gateway}:${node}:${family}:${tenth}`;
  const known = groups.get(key);
  if (known !== undefined) return known;
  const sums = { carrying: 0n, prompts: 0n, unexamined: 0n, examined: 0n, worth: 0n, drawn: 0, failed: 0 };
  const made: Group = { gateway, node, family, tenth, ...sums };
  groups.set(key, made);
  return made;
}

function count(counts: Map<string, bigint>, key: string, more: bigint): void {
  counts.set(key, (counts.get(key) ?? 0n) + more);
}

/** Adds what was found in a further part of the dataset. */
export function mergeFacts(into: Facts, part: Facts): void {
  for (const [key, group] of part.groups) {
    const known = into.groups.get(key);
    if (known === undefined) into.groups.set(key, { ...group });
    else addGroup(known, group);
  }
  for (const [evaluator, more] of part.reveals) count(into.reveals, evaluator, more);
  for (const [node, more] of part.examinable) count(into.examinable, node, more);
  into.golds.push(...part.golds);
  for (const [key, vote] of part.votes) into.votes.set(key, vote);
}

function addGroup(into: Group, more: Group): void {
  into.carrying += more.carrying;
  into.prompts += more.prompts;
  into.unexamined += more.unexamined;
  into.examined += more.examined;
  into.worth += more.worth;
  into.drawn += more.drawn;
  into.failed += more.failed;
}
