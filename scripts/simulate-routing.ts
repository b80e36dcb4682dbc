import { textTable } from './eval/attacks/text-table.ts';
import { createOurs } from './eval/routing-simulation/ours.ts';
import {
  createCheapest,
  createLowestLatency,
  createOracle,
  createRoundRobin,
  createThompson,
} from './eval/routing-simulation/policies.ts';
import type { Policy } from './eval/routing-simulation/policies.ts';
import { run } from './eval/routing-simulation/run.ts';
import type { Outcome } from './eval/routing-simulation/run.ts';
import { WISHES } from './eval/routing-simulation/utility.ts';
import type { Wish } from './eval/routing-simulation/utility.ts';
import { createWorld } from './eval/routing-simulation/world.ts';
import type { World } from './eval/routing-simulation/world.ts';
import { Exit, UsageError, defineCommand, runMain, toJson } from './lib/command.ts';
import { JSON_OPTION } from './lib/session.ts';
import { mean } from './lib/statistics.ts';

const OPTIONS = {
  nodes: { type: 'string', value: 'LIST', help: 'how many nodes, several sizes with commas (10,100,1000)' },
  requests: { type: 'string', value: 'N', help: 'requests per run (100000)' },
  seeds: { type: 'string', value: 'LIST', help: 'one world per seed (1)' },
  wishes: { type: 'string', value: 'LIST', help: 'balanced, quality, cheap, fast, pay (all)' },
  explore: { type: 'string', value: 'BPS', help: 'share of requests that explore (700)' },
  ...JSON_OPTION,
} as const;

type Row = {
  readonly nodes: number;
  readonly seed: number;
  readonly wish: string;
  readonly policy: string;
  /** Mean utility that the oracle had and this policy had not, per request, in quality (0…1). */
  readonly regret: number;
} & Omit<Outcome, 'utility'>;

type Settings = { readonly requests: number; readonly exploreBps: number; readonly wishes: readonly Wish[] };

export const simulateRouting = defineCommand(
  {
    name: 'simulate-routing',
    summary: 'Regret of the router in a changing network, beside simpler ways to choose, against an oracle.',
    options: OPTIONS,
    notes: [
      'Nodes drop in quality, go down, slow down, change prices and join late; every policy has the same breaker.',
    ],
  },
  ({ options, io }) => {
    const settings: Settings = {
      requests: countOf('requests', options.requests ?? '100000'),
      exploreBps: countOf('explore', options.explore ?? '700'),
      wishes: wishesOf(options.wishes),
    };
    const rows: Row[] = [];
    for (const nodes of listOf('nodes', options.nodes ?? '10,100,1000'))
      for (const seed of listOf('seeds', options.seeds ?? '1')) {
        io.stderr(`${nodes} nodes, seed ${seed}`);
        rows.push(...simulate(createWorld({ nodes, requests: settings.requests, seed }), nodes, settings));
      }
    if (options.json) io.stdout(toJson({ ...summaryOf(rows), rows }));
    else for (const line of tableOf(rows)) io.stdout(line);
    return Promise.resolve(Exit.ok);
  },
);

/** What does not depend on the wish runs once and is judged by all of them. */
function simulate(world: World, nodes: number, { wishes, exploreBps }: Settings): Row[] {
  const rivals: readonly (() => Policy)[] = [
    createRoundRobin,
    () => createCheapest(world),
    () => createLowestLatency(world),
    () => createThompson(world),
  ];
  const runs = rivals.map((make) => {
    const policy = make();
    return { name: policy.name, outcome: run(world, () => policy, wishes) };
  });
  return wishes.flatMap((wish) => {
    const oracle = run(world, () => createOracle(world, wish), [wish]);
    const ours = run(world, (deps) => createOurs({ world, wish, exploreBps, ...deps }), [wish]);
    return [{ name: OURS, outcome: ours }, ...runs].map(({ name, outcome }): Row => {
      const { utility, ...rest } = outcome;
      const regret = (oracle.utility[wish.name] ?? 0) - (utility[wish.name] ?? 0);
      return { nodes, seed: world.seed, wish: wish.name, policy: name, regret, ...rest };
    });
  });
}

const OURS = 'DGrid';

type Group = { readonly nodes: number; readonly wish: string; readonly regrets: Readonly<Record<string, number>> };

/** Regret by size and wish over all seeds, and in how many of the worlds nobody had less than we. */
function summaryOf(rows: readonly Row[]) {
  const sizes = [...new Set(rows.map(({ nodes }) => nodes))];
  const wishes = [...new Set(rows.map(({ wish }) => wish))];
  const policies = [...new Set(rows.map(({ policy }) => policy))];
  const groups = sizes.flatMap((nodes) =>
    wishes.map((wish): Group => {
      const here = rows.filter((row) => row.nodes === nodes && row.wish === wish);
      const regretOf = (name: string): number =>
        mean(here.filter(({ policy }) => policy === name).map(({ regret }) => regret));
      return { nodes, wish, regrets: Object.fromEntries(policies.map((name) => [name, regretOf(name)])) };
    }),
  );
  const ours = rows.filter(({ policy }) => policy === OURS);
  const won = ours.filter(({ nodes, seed, wish, regret }) =>
    rows.every(
      (row) =>
        row.nodes !== nodes || row.seed !== seed || row.wish !== wish || row.policy === OURS || row.regret > regret,
    ),
  );
  return { groups, worlds: ours.length, lowest: won.length };
}

function tableOf(rows: readonly Row[]): string[] {
  const { groups, worlds, lowest } = summaryOf(rows);
  const policies = Object.keys(groups[0]?.regrets ?? {});
  const cells = groups.map(({ nodes, wish, regrets }) => [
    `${nodes} nodes, ${wish}`,
    ...policies.map((policy) => (regrets[policy] ?? 0).toFixed(4)),
  ]);
  const means = policies.map((policy) => {
    const own = rows.filter((row) => row.policy === policy);
    const of = (value: (row: Row) => number): number => mean(own.map(value));
    const [cost, latency] = [of((row) => row.costMicroUsd).toFixed(0), of((row) => row.latencyMs).toFixed(0)];
    return [
      policy,
      of((row) => row.quality).toFixed(3),
      cost,
      latency,
      `${(100 * of((row) => row.failed)).toFixed(2)} %`,
    ];
  });
  return [
    'regret per request against an oracle, in quality (0…1):',
    ...textTable(['', ...policies], cells),
    '',
    'what was got, mean over all runs:',
    ...textTable(['', 'quality', 'µUSD', 'ms', 'unanswered'], means),
    '',
    `lowest regret of all: ${lowest} of ${worlds}`,
  ];
}

function countOf(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new UsageError(`--${name} takes a whole number`);
}

const listOf = (name: string, text: string): number[] => text.split(',').map((part) => countOf(name, part));

function wishesOf(text: string | undefined): readonly Wish[] {
  if (text === undefined) return WISHES;
  return text.split(',').map((name) => {
    const wish = WISHES.find((known) => known.name === name);
    if (wish !== undefined) return wish;
    throw new UsageError(`there is no wish "${name}"; there are ${WISHES.map((known) => known.name).join(', ')}`);
  });
}

if (import.meta.main) await runMain(simulateRouting);
