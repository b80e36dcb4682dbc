import { STATUS } from './context.ts';
import type { Dataset, RewardLeaf } from './dataset.ts';
import { tenthOf } from './facts.ts';
import type { Facts, Group } from './facts.ts';
import { feedbackOf } from './feedback.ts';
import { clamp, lowerMedian, sum } from './numbers.ts';
import { exactScore } from './records.ts';
import type { GoldWindow } from './window.ts';
import { expectSame, wrong } from './wrong.ts';

/** From records to reward leaves: difficulty, carry, and the three roles' shares. */

const NEUTRAL = 10_000n;
const PPM = 1_000_000n;
const EVALUATOR = 1n;

export function weightOf({ quality, volume, difficulty, feedback }: RewardLeaf): bigint {
  return quality * volume * difficulty * feedback;
}

/** @param golds those of the window; without them the quality of evaluators is taken from the dataset, all else is not. */
export function checkRewards(dataset: Dataset, facts: Facts, golds: GoldWindow | undefined): void {
  const due = rewardsOf(dataset, facts, golds === undefined ? statedQuality(dataset) : measuredQuality(golds));
  dataset.rewards.forEach(({ line, leaf }, index) => {
    const expected = due[index] ?? wrong({ line, field: 'leaf' }, 'is one reward more than the records give');
    for (const name of ['epoch', 'role', 'account', 'quality', 'volume', 'difficulty', 'feedback'] as const) {
      expectSame({ line, field: `leaf.${name}` }, leaf[name], expected[name]);
    }
  });
  const missing = due[dataset.rewards.length];
  if (missing === undefined) return;
  const at = { line: dataset.lines, field: 'rewards' };
  wrong(at, `there is none for role ${missing.role} ${missing.account}, weight ${weightOf(missing)}`);
}

export type Results = Pick<Dataset, 'epoch' | 'golds'>;

/** How well an evaluator knows the truth, 0 to 10,000. */
export type EvaluatorQuality = (account: string) => bigint;

/** Reward leaves by role and account, of whoever has any weight. */
export function rewardsOf(dataset: Results, facts: Facts, qualityOf: EvaluatorQuality): readonly RewardLeaf[] {
  const { epoch } = dataset.epoch;
  const paid = paidOf(dataset, facts);
  const shares = [
    inferenceShares(paid, feedbackOf(facts.votes.values())),
    [...facts.reveals].map(([account, volume]) => ({ account, quality: qualityOf(account), volume })),
    gatewayShares(paid),
  ];
  return shares.flatMap((role, number) =>
    role
      .toSorted((a, b) => (a.account < b.account ? -1 : 1))
      .map((share): RewardLeaf => ({ epoch, role: BigInt(number), difficulty: NEUTRAL, feedback: NEUTRAL, ...share }))
      .filter((leaf) => weightOf(leaf) > 0n),
  );
}

/** Difficulty and feedback are neutral where a role has none. */
type Share = Pick<RewardLeaf, 'account' | 'quality' | 'volume'> & {
  readonly difficulty?: bigint;
  readonly feedback?: bigint;
};

function push<Item>(groups: Map<string, Item[]>, key: string, item: Item): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [item]);
  else group.push(item);
}

type Place = Pick<Group, 'node' | 'family' | 'tenth'>;
type PlaceValue = (place: Place) => bigint;
type Tally = { readonly drawn: number; readonly failed: number };

const cellOf = ({ family, tenth }: Omit<Place, 'node'>): string => `${family}:${tenth}`;

/** A number that belongs to a node in a cell, worked out when it is first asked for. */
function byPlace(groups: readonly Group[], valueOf: (cell: readonly Group[], node: string) => bigint): PlaceValue {
  const cells = new Map<string, Group[]>();
  for (const group of groups) push(cells, cellOf(group), group);
  const known = new Map<string, bigint>();
  return (place) => {
    const key = `${cellOf(place)}:${place.node}`;
    const value = known.get(key) ?? valueOf(cells.get(cellOf(place)) ?? [], place.node);
    known.set(key, value);
    return value;
  };
}

/** How much more often than elsewhere the other accounts fail in the same cell. */
function difficulties(groups: readonly Group[]): PlaceValue {
  const averages = new Map<string, bigint>();
  const averageBeside = (node: string): bigint => {
    const known = averages.get(node);
    if (known !== undefined) return known;
    const { drawn, failed } = tallyOf(groups.filter((group) => group.node !== node));
    const average = drawn === 0 ? 0n : (BigInt(failed) * PPM) / BigInt(drawn);
    averages.set(node, average);
    return average;
  };
  return byPlace(groups, (cell, node) => difficultyIn(cell, node, averageBeside(node)));
}

/** Groups of each other account. */
function othersIn(cell: readonly Group[], node: string): readonly (readonly Group[])[] {
  const accounts = new Map<string, Group[]>();
  for (const group of cell) if (group.node !== node) push(accounts, group.node, group);
  return [...accounts.values()];
}

function difficultyIn(cell: readonly Group[], node: string, average: bigint): bigint {
  const others = othersIn(cell, node)
    .map(tallyOf)
    .filter(({ drawn }) => drawn >= 10);
  const n = BigInt(tallyOf(others).drawn);
  if (n === 0n || average === 0n) return NEUTRAL;
  const shares = others.map(({ drawn, failed }) => (BigInt(failed) * PPM) / BigInt(drawn));
  const mean = sum(shares) / BigInt(others.length);
  const shrunk = (n * mean + 20n * average) / (n + 20n);
  return clamp((NEUTRAL * shrunk) / average, 5_000n, 20_000n);
}

function tallyOf(groups: readonly Tally[]): Tally {
  return groups.reduce((total, { drawn, failed }) => ({ drawn: total.drawn + drawn, failed: total.failed + failed }), {
    drawn: 0,
    failed: 0,
  });
}

/** Units of the answers alone. */
const answersOf = ({ examined, unexamined, prompts }: Group): bigint => examined + unexamined - prompts;

/** What others would have needed for as many receipts of the cell, over what was metered; bps, 10,000 at most. */
function creditIn(cell: readonly Group[], node: string): bigint {
  const usual = lowerMedian(
    othersIn(cell, node)
      .filter((groups) => sum(groups.map(({ carrying }) => carrying)) >= 10n)
      .map((groups) => sum(groups.map(answersOf)) / sum(groups.map(({ carrying }) => carrying))),
  );
  const own = cell.filter((group) => group.node === node);
  const prompts = sum(own.map((group) => group.prompts));
  const metered = prompts + sum(own.map(answersOf));
  if (usual === undefined || metered === 0n) return NEUTRAL;
  const due = prompts + sum(own.map(({ carrying }) => carrying)) * usual;
  return clamp((NEUTRAL * due) / metered, 1n, NEUTRAL);
}

type GoldWorth = {
  readonly gold: Facts['golds'][number];
  readonly exact: bigint;
};

/** Golds that were drawn and whose truth is known, with their exact score; a gateway's own say nothing about itself. */
function exactGolds(dataset: Results, { golds }: Facts): readonly GoldWorth[] {
  const truths = new Map(dataset.golds.flatMap(({ used }) => (used === null ? [] : [[used.receiptId, used.truth]])));
  return golds.flatMap((gold) => {
    const { receipt, record, counted } = gold;
    const truth = truths.get(receipt.id);
    if (!counted || record.status === STATUS.unexamined || truth === undefined) return [];
    if (receipt.gateway === receipt.node) return [];
    return [{ gold, exact: exactScore(gold, truth, dataset.epoch.params) }];
  });
}

/** ⌊10,000·(Σexact + 10,000)/(Σscore + 10,000)⌋ over a node's golds, 10,500 at most. */
function corrections(golds: readonly GoldWorth[]): (node: string) => bigint {
  const nodes = new Map<string, GoldWorth[]>();
  for (const one of golds) push(nodes, one.gold.receipt.node, one);
  return (node) => {
    const own = nodes.get(node) ?? [];
    const exact = NEUTRAL + sum(own.map((one) => one.exact));
    const told = NEUTRAL + sum(own.map(({ gold }) => gold.record.score));
    return clamp((NEUTRAL * exact) / told, 0n, 10_500n);
  };
}

type Carry = (group: Group) => bigint | undefined;
type Work = { ud: bigint; udq: bigint };

type Standards = {
  readonly difficultyOf: PlaceValue;
  readonly correctionOf: (node: string) => bigint;
  readonly golds: readonly GoldWorth[];
};

/** ⌊Σudq/Σud⌋ of the drawn receipts of (gateway, node, family), else of (gateway, node); q is exact or corrected. */
function carries({ groups }: Facts, { difficultyOf, correctionOf, golds }: Standards): Carry {
  const works = new Map<string, Work>();
  const add = (place: Carried, ud: bigint, udq: bigint): void => {
    for (const key of keysOf(place)) {
      const work = works.get(key) ?? { ud: 0n, udq: 0n };
      works.set(key, { ud: work.ud + ud, udq: work.udq + udq });
    }
  };
  for (const group of groups.values()) {
    const difficulty = difficultyOf(group);
    add(group, group.examined * difficulty, group.worth * difficulty * correctionOf(group.node));
  }
  for (const { gold, exact } of golds) {
    const { node, family, complexity, units } = gold.receipt;
    const ud = units * difficultyOf({ node, family, tenth: tenthOf(complexity) });
    add(gold.receipt, ud, ud * exact * NEUTRAL);
  }
  return (group) => {
    for (const key of keysOf(group)) {
      const { ud, udq } = works.get(key) ?? { ud: 0n, udq: 0n };
      if (ud > 0n) return clamp(udq / (ud * NEUTRAL), 0n, NEUTRAL);
    }
    return undefined;
  };
}

type Carried = Pick<Group, 'gateway' | 'node' | 'family'>;

function keysOf({ gateway, node, family }: Carried): readonly string[] {
  return [`${gateway}:${node}:${family}`, `${gateway}:${node}`];
}

/** Volume of a group with what it is paid at: its own scores where it was drawn, the carried one where not. */
type Paid = {
  readonly group: Group;
  readonly units: bigint;
  readonly difficulty: bigint;
  /** Credited share of the units, bps. */
  readonly credit: bigint;
  /** Σ units · score, in ten-thousandths. */
  readonly worth: bigint;
};

function paidOf(dataset: Results, facts: Facts): readonly Paid[] {
  const groups = [...facts.groups.values()];
  const golds = exactGolds(dataset, facts);
  const standards = { difficultyOf: difficulties(groups), correctionOf: corrections(golds), golds };
  const creditOf = byPlace(groups, creditIn);
  const carryOf = carries(facts, standards);
  return groups.flatMap((group) => {
    const carried = group.unexamined === 0n ? undefined : carryOf(group);
    const units = group.examined + (carried === undefined ? 0n : group.unexamined);
    if (units === 0n) return [];
    const worth = group.worth * standards.correctionOf(group.node) + group.unexamined * (carried ?? 0n) * NEUTRAL;
    return [{ group, units, difficulty: standards.difficultyOf(group), credit: creditOf(group), worth }];
  });
}

function grouped(paid: readonly Paid[], role: 'node' | 'gateway'): ReadonlyMap<string, readonly Paid[]> {
  const groups = new Map<string, Paid[]>();
  for (const item of paid) push(groups, item.group[role], item);
  return groups;
}

function inferenceShares(paid: readonly Paid[], feedback: (node: string) => bigint): Share[] {
  return [...grouped(paid, 'node')].map(([account, own]) => {
    const u = sum(own.map(({ units, credit }) => units * credit));
    const ud = sum(own.map(({ units, credit, difficulty }) => units * credit * difficulty));
    const udq = sum(own.map(({ credit, difficulty, worth }) => credit * difficulty * worth));
    const quality = clamp(udq / (ud * NEUTRAL), 0n, NEUTRAL);
    return { account, quality, volume: u / NEUTRAL, difficulty: ud / u, feedback: feedback(account) };
  });
}

function gatewayShares(paid: readonly Paid[]): Share[] {
  return [...grouped(paid, 'gateway')].map(([account, own]) => {
    const units = sum(own.map(({ group }) => group.examined));
    const worth = sum(own.map(({ group }) => group.worth));
    return { account, quality: units === 0n ? 0n : worth / units, volume: sum(own.map((item) => item.units)) };
  });
}

export function measuredQuality(golds: GoldWindow): EvaluatorQuality {
  const told = new Map<string, Told[]>();
  for (const { gateway, truth, entries } of golds) {
    for (const { evaluator, accuracy } of entries)
      if (evaluator !== gateway) push(told, evaluator, { accuracy, truth });
  }
  return (account) => evaluatorQuality(told.get(account) ?? []);
}

function statedQuality({ rewards }: Pick<Dataset, 'rewards'>): EvaluatorQuality {
  const stated = new Map(
    rewards.flatMap(({ leaf }) => (leaf.role === EVALUATOR ? [[leaf.account, leaf.quality] as const] : [])),
  );
  return (account) => stated.get(account) ?? 0n;
}

type Told = { readonly accuracy: bigint; readonly truth: bigint };

/** How much better than the best constant, shrunk by five golds of that constant. */
function evaluatorQuality(golds: readonly Told[]): bigint {
  const n = BigInt(golds.length);
  if (n === 0n) return 0n;
  const truths = golds.map(({ truth }) => truth);
  const constant = (n * sum(truths.map((truth) => truth ** 2n)) - sum(truths) ** 2n) / n ** 2n;
  if (constant === 0n) return 0n;
  const error = sum(golds.map(({ accuracy, truth }) => (accuracy - truth) ** 2n));
  const lost = (10_000n * ((error + 5n * constant) / (n + 5n))) / constant;
  return lost > 10_000n ? 0n : 10_000n - lost;
}
