import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

import { canPin } from './lib/gateway/child.ts';
import { ratiosOf, sample, summarise } from './lib/gateway/measure.ts';
import type { Case, Figures, Run } from './lib/gateway/measure.ts';
import { startRig } from './lib/gateway/systems.ts';
import type { Rig, SystemName } from './lib/gateway/systems.ts';

const HELP = `This gateway beside a direct call, a bare Fastify and undici proxy, and Portkey's gateway: same upstream,
same load, one run. Systems take turns within a round, so that whatever else the machine does hits all alike.

Usage: npm run bench:gateway -- [options]

  --quick          three rounds of the 0.5 KB cases at 1 and 32 connections (about one minute)
  --rounds N       samples of every case and system (5)
  --ms N           length of a sample (1000)
  --connections LIST  of how many connections (1,32,128; with --quick 1,32)
  --only LIST      systems to run besides direct: bare, portkey, dgrid
  --json           print the result as JSON and nothing else
  --out FILE       write that JSON to a file as well
  --help           show this text
`;

const option = { type: 'boolean', default: false } as const;

function readOptions() {
  const { values } = parseArgs({
    options: {
      quick: option,
      json: option,
      help: option,
      rounds: { type: 'string' },
      ms: { type: 'string', default: '1000' },
      only: { type: 'string', default: 'bare,portkey,dgrid' },
      out: { type: 'string' },
      connections: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 3 : 5));
  const ms = Number(values.ms);
  if (!(rounds >= 1) || !(ms >= 100)) throw new TypeError('--rounds must be at least 1 and --ms at least 100');
  const connections = (values.connections ?? (values.quick ? '1,32' : '1,32,128')).split(',').map(Number);
  if (!connections.every((count) => Number.isInteger(count) && count >= 1))
    throw new TypeError('--connections must be a list of whole numbers');
  return { ...values, rounds, ms, connections };
}

const casesOf = (quick: boolean, counts: readonly number[]): readonly Case[] =>
  (['plain', 'stream'] as const).flatMap((kind) =>
    (quick ? [0.5] : [0.5, 10, 100]).flatMap((bodyKb) => counts.map((connections) => ({ kind, bodyKb, connections }))),
  );

const keyOf = (system: SystemName, { kind, bodyKb, connections }: Case): string =>
  `${system}/${kind}/${bodyKb}/${connections}`;

async function measureAll(
  rig: Rig,
  { rounds, ms, cases }: { readonly rounds: number; readonly ms: number; readonly cases: readonly Case[] },
): Promise<readonly Run[]> {
  const found = new Map<string, Figures[]>();
  for (let round = 0; round <= rounds; round += 1) {
    process.stderr.write(round === 0 ? 'warming up\n' : `round ${round} of ${rounds}\n`);
    for (const one of cases) {
      for (const system of rig.systems) {
        const figures = await sample(rig, system, one, round === 0 ? Math.min(ms, 1_000) : ms);
        if (round === 0) continue; // compilers and caches settle
        const key = keyOf(system.name, one);
        found.set(key, [...(found.get(key) ?? []), figures]);
      }
    }
  }
  return cases.flatMap((one) => rig.systems.map(({ name }) => summarise(name, one, found.get(keyOf(name, one)) ?? [])));
}

const cell = (run: Run, metric: 'rps' | 'p50Ms' | 'p99Ms' | 'ttftP50Ms' | 'cpuUsPerRequest' | 'rssMb'): string => {
  const digits = metric === 'rps' || metric === 'rssMb' || metric === 'cpuUsPerRequest' ? 0 : 2;
  const [least, most] = run.range[metric];
  return `${run[metric].toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
};

function table(runs: readonly Run[]): string {
  const head = ['case', 'system', 'requests/s', 'p50 ms', 'p99 ms', 'first token p50 ms', 'CPU µs/request', 'RSS MB'];
  const rows = runs.map((run) => [
    `${run.case} ${run.bodyKb} KB × ${run.connections}`,
    run.system,
    cell(run, 'rps'),
    cell(run, 'p50Ms'),
    cell(run, 'p99Ms'),
    cell(run, 'ttftP50Ms'),
    run.system === 'direct' ? '–' : cell(run, 'cpuUsPerRequest'),
    run.system === 'direct' ? '–' : cell(run, 'rssMb'),
  ]);
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  return lines.join('\n');
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) return void process.stdout.write(HELP);
  const pinned = canPin() && cpus().length >= 2;
  const only = new Set(options.only.split(',')) as ReadonlySet<SystemName>;
  const rig = await startRig(only, pinned ? { tested: 0, rest: 1 } : { tested: undefined, rest: undefined });
  process.once('SIGINT', () => void rig.stop().finally(() => process.exit(130)));
  try {
    for (const [name, reason] of Object.entries(rig.missing))
      process.stderr.write(`${name} is missing from this run: ${reason}\n`);
    const runs = await measureAll(rig, { ...options, cases: casesOf(options.quick, options.connections) });
    const conditions = { node: process.version, cores: cpus().length, cpu: cpus()[0]?.model ?? '', pinned };
    const result = { conditions, missing: rig.missing, runs, ratios: ratiosOf(runs) };
    if (options.out !== undefined) writeFileSync(options.out, JSON.stringify(result, undefined, 2));
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else {
      process.stdout.write(`${table(runs)}\n\n`);
      console.table(result.ratios);
    }
  } finally {
    await rig.stop();
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench:gateway: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
