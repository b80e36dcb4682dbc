import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';

import { createField } from './lib/route/field.ts';
import type { BenchField } from './lib/route/field.ts';
import { measure } from './lib/route/measure.ts';
import type { Samples } from './lib/route/measure.ts';

const HELP = `A routing decision, from a request's body to the order of nodes and the record that is hashed, with the gateway's own
books of live conditions and quality behind it, at several numbers of candidates.

Usage: npm run bench:route -- [options]

  --candidates LIST  sizes (10,100,1000,10000)
  --runs N           runs of every kind, which take turns (7; at least 5)
  --decisions N      decisions per run; a fifth of it at 10,000 candidates (2000)
  --json             print the result as JSON and nothing else
  --help             show this text

  decide     eligibility, weights, draw, order, record of the first five: 99 of 100 requests
  plan       the same with the task profile of a short prompt before it
  complete   the same as decide with every candidate in the record: one of 100 requests, and POST /v1/route

p50 and p99 are on the wall; on a busy machine p99 is mostly the time in which other programs ran. "processor" is time of the
process, collection of garbage and two clock readings (about 1 µs) included: its mean, and its p99 over single decisions.
The baseline is a draw in proportion to fixed weights over the same candidates, without conditions, reasons or record.
`;

const option = { type: 'boolean', default: false } as const;
const { values } = parseArgs({
  options: {
    json: option,
    help: option,
    candidates: { type: 'string', default: '10,100,1000,10000' },
    runs: { type: 'string', default: '7' },
    decisions: { type: 'string', default: '2000' },
  },
});

type Spread = { readonly median: number; readonly min: number; readonly max: number };

const KINDS = ['decide', 'plan', 'complete', 'baseline'] as const;
type Kind = (typeof KINDS)[number];

type Row = {
  readonly candidates: number;
  /** Microseconds. */
  readonly kinds: Readonly<Record<Kind, Readonly<Record<keyof Samples, Spread>>>>;
  /** Bytes of the heap after the last run over those after the first, both after a collection. */
  readonly heapGrowth: number;
  readonly ratioToBaseline: number;
};

function spread(list: readonly number[]): Spread {
  const sorted = list.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 };
}

const workOf = (field: BenchField, kind: Kind): ((turn: number) => unknown) => field[kind];

function bench(size: number, runs: number, decisions: number): Row {
  const field = createField(size);
  const count = Math.max(200, size >= 10_000 ? Math.floor(decisions / 5) : decisions);
  const taken = new Map<Kind, Samples[]>(KINDS.map((kind) => [kind, []]));
  for (const kind of KINDS) measure(workOf(field, kind), count); // what is not compiled yet is not measured
  const heaps: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    for (const kind of KINDS) taken.get(kind)?.push(measure(workOf(field, kind), count));
    global.gc?.();
    heaps.push(process.memoryUsage().heapUsed);
  }
  const kinds = Object.fromEntries(
    KINDS.map((kind) => {
      const of = (figure: keyof Samples): Spread => spread((taken.get(kind) ?? []).map((samples) => samples[figure]));
      return [kind, { p50: of('p50'), p99: of('p99'), cpu: of('cpu'), cpuP99: of('cpuP99') }];
    }),
  ) as Row['kinds'];
  return {
    candidates: size,
    kinds,
    heapGrowth: (heaps.at(-1) ?? 0) - (heaps[0] ?? 0),
    ratioToBaseline: kinds.decide.p50.median / Math.max(0.01, kinds.baseline.p50.median),
  };
}

function main(): void {
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const [runs, decisions] = [Number(values.runs), Number(values.decisions)];
  const sizes = values.candidates.split(',').map(Number);
  if (!(runs >= 5) || !(decisions >= 200) || !sizes.every((size) => Number.isSafeInteger(size) && size > 0))
    throw new TypeError('--runs must be at least 5, --decisions at least 200, --candidates whole numbers');
  const conditions = { cpu: cpus()[0]?.model, load: loadavg()[0], node: process.version, runs, decisions };
  const rows = sizes.map((size) => bench(size, runs, decisions));
  if (values.json) process.stdout.write(`${JSON.stringify({ ...conditions, rows })}\n`);
  else print(rows);
}

const shown = ({ median, min, max }: Spread): string => `${median.toFixed(1)} (${min.toFixed(1)} … ${max.toFixed(1)})`;

function print(rows: readonly Row[]): void {
  const out = (line: string): boolean => process.stdout.write(`${line}\n`);
  out('µs per decision: median (min … max) over the runs');
  for (const { candidates, kinds, heapGrowth, ratioToBaseline } of rows) {
    out(`\n${candidates} candidates`);
    for (const kind of KINDS) {
      const { p50, p99, cpu, cpuP99 } = kinds[kind];
      out(`  ${kind.padEnd(9)} p50 ${shown(p50).padEnd(26)} p99 ${shown(p99)}`);
      out(`  ${''.padEnd(9)} processor, mean ${shown(cpu).padEnd(26)} p99 ${shown(cpuP99)}`);
    }
    const heap = global.gc === undefined ? 'not measured (node --expose-gc)' : `${(heapGrowth / 1_024).toFixed(0)} KiB`;
    out(`  ${ratioToBaseline.toFixed(1)} times the baseline; heap growth over all runs: ${heap}`);
  }
}

main();
