import { FLAG, STATUS, volumeOf } from './context.ts';
import type { Examined } from './context.ts';
import type { Dataset, RewardLeaf } from './dataset.ts';
import { outcomesOf } from './golds.ts';
import { clamp, sum } from './numbers.ts';
import type { Params } from './params.ts';
import { exactScore } from './records.ts';
import { expectSame, wrong } from './wrong.ts';

/** From records to reward leaves: difficulty, carry, and the three roles' shares. */

const NEUTRAL = 10_000n;
const PPM = 1_000_000n;

export function weightOf({ quality, volume, difficulty, feedback }: RewardLeaf): bigint {
  return quality * volume * difficulty * feedback;
}

export function checkRewards(dataset: Dataset, receipts: readonly Examined[]): void {
  const due = rewardsOf(dataset, receipts);
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

/** Reward leaves by role and account, of whoever has any weight. */
export function rewardsOf(dataset: Dataset, receipts: readonly Examined[]): readonly RewardLeaf[] {
  const { epoch, params } = dataset.epoch;
  const counted = receipts.filter((examined) => examined.counted);
  const paid = paidOf(dataset, counted, params);
  const shares = [inferenceShares(paid), evaluatorShares(dataset, counted), gatewayShares(paid)];
  return shares.flatMap((role, number) =>
    role
      .toSorted((a, b) => (a.account < b.account ? -1 : 1))
      .map((share): RewardLeaf => ({ epoch, role: BigInt(number), difficulty: NEUTRAL, feedback: NEUTRAL, ...share }))
      .filter((leaf) => weightOf(leaf) > 0n),
  );
}

/** Difficulty and feedback are neutral where a role has none; nobody's votes on answers are collected yet. */
type Share = Pick<RewardLeaf, 'account' | 'quality' | 'volume'> & { readonly difficulty?: bigint };

function isDrawn({ record }: Examined): boolean {
  return record.status !== STATUS.unexamined;
}

function cellOf({ family, complexity }: Examined['receipt']): string {
  const tenth = complexity / 1_000n;
  return `${family}:${tenth > 9n ? 9n : tenth}`;
}

function push<Item>(groups: Map<string, Item[]>, key: string, item: Item): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [item]);
  else group.push(item);
}

type Difficulty = (receipt: Examined['receipt']) => bigint;

/** How much more often than on average the other accounts fail in the same cell. */
function difficulties(counted: readonly Examined[], { minQualityBps }: Params): Difficulty {
  const drawn = counted.filter(isDrawn);
  const failures = (list: readonly Examined[]) =>
    BigInt(list.filter(({ record }) => record.status === STATUS.unscored || record.quality < minQualityBps).length);
  const average = drawn.length === 0 ? 0n : (failures(drawn) * PPM) / BigInt(drawn.length);
  const cells = new Map<string, Examined[]>();
  for (const examined of drawn) push(cells, cellOf(examined.receipt), examined);
  const known = new Map<string, bigint>();
  const compute = (cell: string, node: string): bigint => {
    const accounts = new Map<string, Examined[]>();
    for (const examined of cells.get(cell) ?? []) push(accounts, examined.receipt.node, examined);
    const others = [...accounts].filter(([account, list]) => account !== node && list.length >= 10);
    const n = BigInt(others.reduce((total, [, list]) => total + list.length, 0));
    if (n === 0n || average === 0n) return NEUTRAL;
    const shares = others.map(([, list]) => (failures(list) * PPM) / BigInt(list.length));
    const mean = sum(shares) / BigInt(others.length);
    const shrunk = (n * mean + 20n * average) / (n + 20n);
    return clamp((NEUTRAL * shrunk) / average, 5_000n, 20_000n);
  };
  return (receipt) => {
    const [cell, key] = [cellOf(receipt), `${cellOf(receipt)}:${receipt.node}`];
    const value = known.get(key) ?? compute(cell, receipt.node);
    known.set(key, value);
    return value;
  };
}

type Carry = (receipt: Examined['receipt']) => bigint | undefined;
type Work = { readonly ud: bigint; readonly udq: bigint };

/** ⌊Σudq/Σud⌋ of the drawn receipts of (gateway, node, family), else of (gateway, node). */
function carries(dataset: Dataset, counted: readonly Examined[], difficultyOf: Difficulty): Carry {
  const truths = new Map(dataset.golds.flatMap(({ used }) => (used === null ? [] : [[used.receiptId, used.truth]])));
  const groups = new Map<string, Work[]>();
  for (const examined of counted.filter(isDrawn)) {
    const { receipt, record } = examined;
    const isGold = (receipt.flags & FLAG.gold) !== 0n;
    if (isGold && receipt.gateway === receipt.node) continue;
    const truth = truths.get(receipt.id);
    // A gold whose truth is not in this dataset says nothing about its node.
    if (isGold && truth === undefined) continue;
    const exact = truth === undefined ? 0n : exactScore(examined, truth, dataset.epoch.params);
    const ud = (isGold ? receipt.units : volumeOf(receipt)) * difficultyOf(receipt);
    const work = { ud, udq: ud * (isGold ? exact : record.score) };
    for (const key of keysOf(receipt)) push(groups, key, work);
  }
  return (receipt) => {
    for (const key of keysOf(receipt)) {
      const works = groups.get(key) ?? [];
      const ud = sum(works.map((work) => work.ud));
      if (ud > 0n) return sum(works.map(({ udq }) => udq)) / ud;
    }
    return undefined;
  };
}

function keysOf({ gateway, node, family }: Examined['receipt']): readonly string[] {
  return [`${gateway}:${node}:${family}`, `${gateway}:${node}`];
}

type Paid = {
  readonly examined: Examined;
  readonly units: bigint;
  readonly difficulty: bigint;
  readonly score: bigint;
};

/** Receipts with volume and the score that pays for each: its own when drawn, the carried one when not. */
function paidOf(dataset: Dataset, counted: readonly Examined[], params: Params): readonly Paid[] {
  const difficultyOf = difficulties(counted, params);
  const carryOf = carries(dataset, counted, difficultyOf);
  const carried = new Map<string, bigint | undefined>();
  return counted.flatMap((examined) => {
    const { receipt, record } = examined;
    const units = volumeOf(receipt);
    if (units === 0n) return [];
    const [key = ''] = keysOf(receipt);
    if (!isDrawn(examined) && !carried.has(key)) carried.set(key, carryOf(receipt));
    const score = isDrawn(examined) ? record.score : carried.get(key);
    return score === undefined ? [] : [{ examined, units, difficulty: difficultyOf(receipt), score }];
  });
}

function grouped(paid: readonly Paid[], role: 'node' | 'gateway'): ReadonlyMap<string, readonly Paid[]> {
  const groups = new Map<string, Paid[]>();
  for (const item of paid) push(groups, item.examined.receipt[role], item);
  return groups;
}

function inferenceShares(paid: readonly Paid[]): Share[] {
  return [...grouped(paid, 'node')].map(([account, own]) => {
    const volume = sum(own.map(({ units }) => units));
    const ud = sum(own.map(({ units, difficulty }) => units * difficulty));
    const udq = sum(own.map(({ units, difficulty, score }) => units * difficulty * score));
    return { account, quality: udq / ud, volume, difficulty: ud / volume };
  });
}

function gatewayShares(paid: readonly Paid[]): Share[] {
  return [...grouped(paid, 'gateway')].map(([account, own]) => {
    const drawn = own.filter(({ examined }) => isDrawn(examined));
    const units = sum(drawn.map((item) => item.units));
    const worth = sum(drawn.map((item) => item.units * item.examined.record.score));
    return { account, quality: units === 0n ? 0n : worth / units, volume: sum(own.map((item) => item.units)) };
  });
}

function evaluatorShares(dataset: Dataset, counted: readonly Examined[]): Share[] {
  const volumes = new Map<string, bigint>();
  for (const { evaluator } of counted.flatMap(({ entries }) => entries)) {
    volumes.set(evaluator, (volumes.get(evaluator) ?? 0n) + 1n);
  }
  const told = new Map<string, Told[]>();
  for (const { gateway, truth, entries } of outcomesOf(dataset)) {
    for (const { evaluator, accuracy } of entries)
      if (evaluator !== gateway) push(told, evaluator, { accuracy, truth });
  }
  return [...volumes].map(([account, volume]) => ({
    account,
    quality: evaluatorQuality(told.get(account) ?? []),
    volume,
  }));
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
