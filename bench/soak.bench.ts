import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { canPin } from './lib/gateway/child.ts';
import type { Child, Usage } from './lib/gateway/child.ts';
import type { Load, LoadResult } from './lib/gateway/load.ts';
import { slopeOf, tally } from './lib/gateway/soak.ts';
import type { Sample, Slope } from './lib/gateway/soak.ts';
import { startRig } from './lib/gateway/systems.ts';
import type { System } from './lib/gateway/systems.ts';

const HELP = `Ten minutes of mixed load on the whole gateway: does its memory grow, does it leave anything open?

Usage: npm run bench:soak -- [options]

  --minutes N      length (10); memory counts from minute 3 on, or from a third of a shorter run
  --out FILE       write the samples as JSON
  --help           show this text

Exit code 1 when memory, resident or in use after a collection, grows by more than 1 MB per minute and noise does not
explain it, when sockets, timers or threads
are left over, or when an answer was wrong.
`;

const LEG_MS = 5_000;
const MAX_SLOPE_MB = 1;
/** What every caller's connection, and every connection to a node, is held by. */
const SETTLE_MS = 15_000;

/** One leg after the other, over and over: plain and streamed, small and large, few callers and many. */
const LEGS: readonly Pick<Load, 'stream' | 'bodyBytes' | 'connections'>[] = [
  { stream: false, bodyBytes: 500, connections: 32 },
  { stream: true, bodyBytes: 500, connections: 32 },
  { stream: false, bodyBytes: 10_000, connections: 8 },
  { stream: true, bodyBytes: 10_000, connections: 128 },
  { stream: false, bodyBytes: 100_000, connections: 4 },
  { stream: false, bodyBytes: 500, connections: 1 },
];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function leg(load: Child, system: System, turn: number): Promise<LoadResult> {
  const kind = LEGS[turn % LEGS.length] ?? { stream: false, bodyBytes: 500, connections: 1 };
  const target = { port: system.port, path: '/v1/chat/completions', headers: system.headers, model: 'bench-model' };
  return load.ask<LoadResult>({ load: { ...target, ...kind, ms: LEG_MS } satisfies Load }, 'result');
}

async function measured(child: Child): Promise<Usage> {
  await child.ask('collect', 'collected');
  return child.usage();
}

async function soak(minutes: number): Promise<{ samples: Sample[]; left: readonly string[]; errors: number }> {
  const cores = canPin() ? { tested: 0, rest: 1 } : { tested: undefined, rest: undefined };
  const rig = await startRig(new Set(['dgrid']), cores);
  process.once('SIGINT', () => void rig.stop().finally(() => process.exit(130)));
  try {
    const system = rig.systems.find(({ name }) => name === 'dgrid');
    if (system === undefined || rig.missing.dgrid !== undefined) throw new Error(`no gateway: ${rig.missing.dgrid}`);
    const before = tally((await measured(system.child)).handles);
    const samples: Sample[] = [];
    let errors = 0;
    const startedMs = Date.now();
    for (let turn = 0; Date.now() - startedMs < minutes * 60_000; turn += 1) {
      const result = await leg(rig.load, system, turn);
      errors += result.errors;
      if (result.firstError !== undefined) process.stderr.write(`wrong: ${result.firstError}\n`);
      if (turn % LEGS.length !== LEGS.length - 1) continue; // memory is compared after whole turns of the legs
      const { rssBytes, heapBytes } = await measured(system.child);
      const sample = {
        minute: (Date.now() - startedMs) / 60_000,
        rssMb: rssBytes / 2 ** 20,
        heapMb: heapBytes / 2 ** 20,
      };
      samples.push(sample);
      const figures = [sample.minute, sample.rssMb, sample.heapMb].map((figure) => figure.toFixed(1));
      process.stdout.write(`minute ${figures[0]}: ${figures[1]} MB resident, ${figures[2]} MB in use\n`);
    }
    await pause(SETTLE_MS);
    const after = tally((await measured(system.child)).handles);
    const left = [...after].flatMap(([name, count]) => {
      const more = count - (before.get(name) ?? 0);
      return more > 0 ? [`${more} × ${name}`] : [];
    });
    return { samples, left, errors };
  } finally {
    await rig.stop();
  }
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes >= 0.5 && minutes <= 10_000)) throw new TypeError('--minutes must be from 0.5 to 10000');
  return { ...values, minutes };
}

/** Resident memory goes up and down by tens of MB with every collection: only a slope that this does not explain counts. */
const grows = ({ perMinute, error }: Slope): boolean => perMinute - 2 * error > MAX_SLOPE_MB;

async function main(): Promise<void> {
  const { minutes, out, help } = readOptions();
  if (help) return void process.stdout.write(HELP);
  const { samples, left, errors } = await soak(minutes);
  const from = Math.min(3, minutes / 3);
  const settled = samples.filter(({ minute }) => minute >= from);
  const slopes = { rss: slopeOf(settled, 'rssMb'), heap: slopeOf(settled, 'heapMb') };
  const peakMb = Math.max(...samples.map(({ rssMb }) => rssMb));
  if (out !== undefined) writeFileSync(out, JSON.stringify({ samples, slopes, peakMb, left, errors }, undefined, 2));
  const shown = ({ perMinute, error }: Slope): string => `${perMinute.toFixed(2)} ± ${error.toFixed(2)} MB per minute`;
  process.stdout.write(
    `from minute ${from.toFixed(1)} on: resident ${shown(slopes.rss)}, in use ${shown(slopes.heap)}; ` +
      `peak ${peakMb.toFixed(0)} MB; wrong answers: ${errors}; left open: ${left.join(', ') || 'nothing'}\n`,
  );
  if (grows(slopes.heap) || grows(slopes.rss) || left.length > 0 || errors > 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench:soak: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
