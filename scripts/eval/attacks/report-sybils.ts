import { weightOf } from '../../../gateway/poq/fold.ts';
import type { Share } from '../../../gateway/poq/fold.ts';
import type { Address } from '../../../gateway/protocol/types.ts';
import { LIVE } from '../../lib/deploy/config.ts';
import { honest, padded } from './cheats.ts';
import { generateTasks, runMarket } from './market.ts';
import type { MarketNode } from './market.ts';
import { mean } from './rules.ts';
import { nodeOutcomes } from './report-nodes.ts';
import { textTable } from './text-table.ts';

/** What more accounts, slower ones, longer answers and traffic of one's own bring. */
const REQUESTS = 400;
const GOLDS = 52;
const MARKET = ['careful', 'careful', 'middling', 'careless'] as const;

const account = (index: number): Address => `0x${(0xd00 + index).toString(16).padStart(40, '0')}`;
const market: readonly MarketNode[] = MARKET.map((level, index) => ({
  account: account(index),
  family: `family ${index}`,
  answer: honest[level],
}));

function totalWeight(shares: readonly Share[], accounts: readonly Address[]): number {
  return Number(
    shares.filter((share) => accounts.includes(share.account)).reduce((sum, share) => sum + weightOf(share), 0n),
  );
}

/** Careless answers, and accounts of the same operator that confirm them when a request is replayed to them. */
export function confirmedQuality(seed: string, confirmers: number, sameFamily: boolean): number {
  const tasks = generateTasks(seed, REQUESTS);
  const crowd: readonly MarketNode[] = Array.from({ length: confirmers }, (_, index) => ({
    account: account(10 + index),
    family: sameFamily ? 'crowd' : `crowd ${index}`,
    answer: honest.careless,
  }));
  const suspect: MarketNode = {
    account: account(9),
    family: sameFamily ? 'crowd' : 'suspect',
    answer: honest.careless,
  };
  const shares = runMarket({ seed, tasks, golds: GOLDS, nodes: [...market, suspect, ...crowd] });
  return shares.find((share) => share.account === account(9))?.quality ?? 0;
}

/** Weight of the same careful work under `parts` accounts with their part of the requests each, over that of one. */
export function splitWeight(seed: string, parts: number, requests = REQUESTS): number {
  const weightIn = (count: number): number => {
    const accounts = Array.from({ length: count }, (_, index) => account(20 + index));
    return accounts.reduce((sum, own, index) => {
      const tasks = generateTasks(`${seed} part`, requests).filter((_, at) => at % count === index);
      const nodes = [...market, { account: own, family: 'split', answer: honest.careful }];
      return sum + totalWeight(runMarket({ seed, tasks, golds: Math.ceil(tasks.length / 8), nodes }), [own]);
    }, 0);
  };
  return weightIn(parts) / weightIn(1);
}

/** Largest change (in weight) that one account thirty times slower than the rest makes to the pay of the others. */
export function stretchingEffect(seed: string): number {
  const tasks = generateTasks(seed, 200);
  const run = (slowness: number): readonly Share[] =>
    runMarket({
      seed,
      tasks,
      golds: 20,
      nodes: [...market, { account: account(9), family: 'slow', answer: honest.careful, slowness }],
    });
  const [before, after] = [run(1), run(30)];
  return Math.max(
    ...market.map(({ account: own }) => Math.abs(totalWeight(after, [own]) / totalWeight(before, [own]) - 1)),
  );
}

/** DGAI per epoch that work units bring to somebody who serves himself, over the fee that is burned for them. */
const POT = (Number(LIVE.rewards.reserve) * LIVE.rewards.emissionPpm) / 1_000_000;
const FEE_PER_UNIT = Number(LIVE.anchoring.feePerUnit);
/** The cap of a unit's reward: that of the live preset, and the eightfold one that washing was measured with first. */
const CAPS = {
  live: Number(LIVE.rewards.maxRewardPerUnit),
  eightfold: 8 * Number(LIVE.rewards.maxRewardPerUnit),
} as const;
/** Inference and gateway pools: evaluators are drawn, and cannot be one's own on purpose. */
const OWN_POOLS = 0.8;

export function washRatio(unitsOfNetwork: number, cap: keyof typeof CAPS = 'live'): number {
  const pot = Math.min(POT, unitsOfNetwork * CAPS[cap]);
  return (OWN_POOLS * pot) / unitsOfNetwork / FEE_PER_UNIT;
}

const SEEDS = ['s1', 's2', 's3'];
const over = (value: (seed: string) => number): number => mean(SEEDS.map(value));

export function sybilReport(seed: string): string[] {
  const confirmed = [0, 1, 2, 4, 8].map((count) => [
    `${count} accounts confirm careless answers`,
    String(Math.round(over((one) => confirmedQuality(seed + one, count, false)))),
    String(Math.round(over((one) => confirmedQuality(seed + one, count, true)))),
  ]);
  const paddings = [0, 1, 2, 3, 5, 10].map((times) => {
    const all = SEEDS.flatMap((one) => nodeOutcomes(seed + one, { padded: { answer: padded(honest.careful, times) } }));
    const of = (value: (outcome: (typeof all)[number]) => number): string => mean(all.map(value)).toFixed(2);
    return [
      `${times} sentences in front`,
      of(({ volume }) => volume),
      of(({ pay }) => pay),
      of((one) => one.payPerUnit),
    ];
  });
  const washes = [1e6, 1e8, 2.25e8, 5e8, 1e9, 1.8e9, 4e9].map((units) => [
    `${units.toExponential(2)} units`,
    washRatio(units).toFixed(2),
    washRatio(units, 'eightfold').toFixed(2),
  ]);
  return [
    'Accounts that confirm each other: quality paid on',
    ...textTable(['careless node', 'other families claimed', 'one family'], confirmed),
    '',
    'Verbosity: careful answers with padding, pay over that of the bare answer',
    ...textTable(['padding', 'volume', 'pay', 'pay per unit'], paddings),
    '',
    'Sybil split: weight of the same work under several accounts',
    ...textTable(
      ['accounts', 'weight over one account'],
      [2, 4].map((parts) => [String(parts), over((one) => splitWeight(seed + one, parts)).toFixed(3)]),
    ),
    `Latency stretching: pay of the others changes by at most ${stretchingEffect(seed)} when one account is 30 times slower`,
    '',
    'Traffic of one’s own: reward per unit over the fee burned for it',
    ...textTable(['the network’s units in the epoch', 'live preset', 'cap eight times as high'], washes),
  ];
}
