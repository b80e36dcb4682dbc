import { weightOf } from '../../../gateway/poq/fold.ts';
import type { Share } from '../../../gateway/poq/fold.ts';
import type { Address } from '../../../gateway/protocol/types.ts';
import { cheats, honest, padded, paddedWhereFree } from './cheats.ts';
import type { Answering } from './cheats.ts';
import { generateTasks, runMarket } from './market.ts';
import type { MarketNode, Prompted } from './market.ts';
import { textTable } from './text-table.ts';
import { nodeAccounts } from './world.ts';

/** Cheating nodes in a market of four others, of which two work carefully, one so-so and one carelessly. */
const REQUESTS = 400;
/** One in so many is a gold. */
const GOLD_SHARE = 8;

export type NodeOutcome = {
  readonly name: string;
  readonly quality: number;
  readonly volume: number;
  /** Weight in the reward tree over that of a careful node with the same requests. */
  readonly pay: number;
  /** The same per work unit: what is left when callers pay for every unit. */
  readonly payPerUnit: number;
};

const account = (index: number): Address => nodeAccounts[index] ?? '0x';
const others: readonly MarketNode[] = [
  { account: account(0), family: 'a', answer: honest.careful },
  { account: account(1), family: 'b', answer: honest.careful },
  { account: account(2), family: 'c', answer: honest.middling },
  { account: account(3), family: 'd', answer: honest.careless },
];

export type Suspect = { readonly answer: Answering; readonly slowness?: number };

export function nodeOutcomes(
  seed: string,
  suspects: Readonly<Record<string, Suspect>>,
  requests = REQUESTS,
): NodeOutcome[] {
  const tasks = generateTasks(seed, requests);
  const run = (suspect: Suspect): Share | undefined => shareOf(seed, tasks, suspect);
  const reference = run({ answer: honest.careful });
  const weight = (share: Share | undefined): number => (share === undefined ? 0 : Number(weightOf(share)));
  const units = (share: Share | undefined): number => Number(share?.volume ?? 0n);
  return Object.entries(suspects).map(([name, suspect]) => {
    const share = run(suspect);
    const pay = weight(share) / weight(reference);
    return {
      name,
      quality: share?.quality ?? 0,
      volume: units(share) / units(reference),
      pay,
      payPerUnit: (pay * units(reference)) / Math.max(1, units(share)),
    };
  });
}

function shareOf(seed: string, tasks: readonly Prompted[], suspect: Suspect): Share | undefined {
  const nodes = [...others, { account: account(4), family: 'e', ...suspect }];
  return runMarket({ seed, tasks, golds: Math.ceil(tasks.length / GOLD_SHARE), nodes }).find(
    (share) => share.account === account(4),
  );
}

function paddings(
  name: string,
  pad: (answering: Answering, times: number) => Answering,
  answering: Answering,
  times: readonly number[],
): Record<string, Suspect> {
  return Object.fromEntries(times.map((count) => [`${name}, ${count} × padding`, { answer: pad(answering, count) }]));
}

export const SUSPECTS: Readonly<Record<string, Suspect>> = {
  'careful work': { answer: honest.careful },
  'middling work': { answer: honest.middling },
  'careless work': { answer: honest.careless },
  'constant answer': { answer: cheats.constant },
  'orders to the judge': { answer: cheats.injection },
  'first label on offer': { answer: cheats['first label'] },
  'echo of the prompt': { answer: cheats.echo },
  'reference stuffing': { answer: cheats.stuffing },
  'every name and number': { answer: cheats['every name and number'] },
  'middling + every name': { answer: cheats['names and numbers behind an answer'] },
  'middling + stuffing': { answer: cheats['stuffing behind an answer'] },
  ...paddings('careful', padded, honest.careful, [1, 2, 3, 5, 10]),
  ...paddings('careful, where it is free', paddedWhereFree, honest.careful, [1, 3, 10]),
  ...paddings('middling', padded, honest.middling, [1, 3, 10]),
  'careful, 3 × slower': { answer: honest.careful, slowness: 3 },
  'careful, 30 × slower': { answer: honest.careful, slowness: 30 },
};

export function nodeReport(seed: string): string[] {
  const rows = nodeOutcomes(seed, SUSPECTS).map(({ name, quality, volume, pay, payPerUnit }) => [
    name,
    String(quality),
    volume.toFixed(2),
    pay.toFixed(2),
    payPerUnit.toFixed(2),
  ]);
  return [
    `Cheating nodes: real answers to ${REQUESTS} generated tasks, default scorer, pay over that of careful work`,
    ...textTable(['node', 'quality paid on', 'volume', 'pay', 'pay per unit'], rows),
  ];
}
