import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { served, startRig } from './lib/pipeline/rig.ts';
import type { Rig } from './lib/pipeline/rig.ts';
import { shown, spreadOf } from './lib/spread.ts';
import type { Spread } from './lib/spread.ts';

const HELP = `From the durable receipt to its anchored record: batch, signatures, tree, anchor, seed, draw, examination, records.
The store is a real file, the chain is in memory and mines every 100 ms, committees answer at once.

Usage: npm run bench:pipeline -- [options]

  --quick       two rounds of four seconds
  --rounds N    samples (5)
  --seconds N   length of the steady load (10)
  --rate N      receipts per second of the steady load (2000)
  --burst N     receipts per second of the burst, for two seconds (5000)
  --drawn BPS   share of receipts that is examined, in basis points (500)
  --json        print the result as JSON and nothing else
  --help        show this text
`;

type Load = { readonly perSecond: number; readonly seconds: number };
type Sample = {
  readonly receipts: number;
  /** Receipts over the time from the first that was durable to the last whose record stood on chain. */
  readonly perSecond: number;
  /** From the last durable receipt to the last record. */
  readonly tailMs: number;
  readonly cpuUsPerReceipt: number;
  readonly longestStallMs: number;
};

const TICK_MS = 20;
/** As a node's agent signs its answers. */
const ATTESTED_AT_ONCE = 500;

/** Hands out receipts at a rate, or as fast as the disk takes them when the rate cannot be kept. */
async function feed(rig: Rig, { perSecond, seconds }: Load, onDurable: () => void): Promise<void> {
  const total = perSecond * seconds;
  const start = performance.now();
  const unattested: number[] = [];
  let given = 0;
  const attestSome = async (least: number): Promise<void> => {
    while (unattested.length >= least && unattested.length > 0)
      await rig.attest(unattested.splice(0, ATTESTED_AT_ONCE));
  };
  while (given < total) {
    const due = Math.min(total, Math.ceil(((performance.now() - start) / 1_000) * perSecond));
    const writes: Promise<unknown>[] = [];
    for (; given < due; given += 1) {
      writes.push(rig.receipts.commit(served(given)));
      unattested.push(given);
    }
    await Promise.all(writes);
    if (writes.length > 0) onDurable();
    await attestSome(ATTESTED_AT_ONCE);
    await sleep(TICK_MS);
  }
  await attestSome(1);
}

function watchStalls() {
  let last = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - 10);
    last = now;
  }, 10);
  return { longest: () => longest, stop: () => clearInterval(timer) };
}

async function sampleOf(load: Load, rateBps: number): Promise<Sample> {
  const failures: unknown[] = [];
  const onError = (error: unknown): void => void failures.push(error);
  const rig = await startRig({ rateBps, batchIntervalMs: 500, maxReceipts: 10_000, blockMs: 100, onError });
  const total = load.perSecond * load.seconds;
  const done = Promise.withResolvers<undefined>();
  let recorded = 0;
  rig.onRecorded((count) => {
    recorded += count;
    if (recorded === total) done.resolve(undefined);
  });
  const stalls = watchStalls();
  const cpu = process.cpuUsage();
  let firstAt: number | undefined;
  let lastAt = 0;
  try {
    await feed(rig, load, () => {
      lastAt = performance.now();
      firstAt ??= lastAt;
    });
    const late = AbortSignal.timeout(300_000);
    late.addEventListener('abort', () =>
      done.reject(new Error(`${recorded} of ${total} recorded: ${String(failures[0])}`)),
    );
    await done.promise;
    const now = performance.now();
    const { user, system } = process.cpuUsage(cpu);
    return {
      receipts: total,
      perSecond: (1_000 * total) / (now - (firstAt ?? now)),
      tailMs: now - lastAt,
      cpuUsPerReceipt: (user + system) / total,
      longestStallMs: stalls.longest(),
    };
  } finally {
    stalls.stop();
    await rig.stop();
  }
}

type Result = { readonly load: Load } & Readonly<Record<Exclude<keyof Sample, 'receipts'>, Spread>>;

async function measure(load: Load, rounds: number, rateBps: number): Promise<Result> {
  const samples: Sample[] = [];
  await sampleOf({ ...load, seconds: 1 }, rateBps);
  for (let round = 1; round <= rounds; round += 1) {
    process.stderr.write(`${load.perSecond}/s for ${load.seconds} s: round ${round} of ${rounds}\n`);
    samples.push(await sampleOf(load, rateBps));
  }
  const spread = (field: keyof Sample): Spread => spreadOf(samples.map((sample) => sample[field]));
  return {
    ...{ load, perSecond: spread('perSecond'), tailMs: spread('tailMs') },
    ...{ cpuUsPerReceipt: spread('cpuUsPerReceipt'), longestStallMs: spread('longestStallMs') },
  };
}

function readOptions() {
  const option = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    options: {
      ...{ quick: option, json: option, help: option },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      rate: { type: 'string', default: '2000' },
      burst: { type: 'string', default: '5000' },
      drawn: { type: 'string', default: '500' },
    },
  });
  const numbers = {
    rounds: Number(values.rounds ?? (values.quick ? 2 : 5)),
    seconds: Number(values.seconds ?? (values.quick ? 4 : 10)),
    ...{ rate: Number(values.rate), burst: Number(values.burst), drawn: Number(values.drawn) },
  };
  if (!Object.values(numbers).every((value) => Number.isInteger(value) && value >= 1))
    throw new TypeError('--rounds, --seconds, --rate, --burst and --drawn are whole numbers from 1');
  return { json: values.json, help: values.help, ...numbers };
}

async function main(): Promise<void> {
  const { json, help, rounds, seconds, rate, burst, drawn } = readOptions();
  if (help) return void process.stdout.write(HELP);
  const steady = await measure({ perSecond: rate, seconds }, rounds, drawn);
  const peak = await measure({ perSecond: burst, seconds: 2 }, rounds, drawn);
  const conditions = {
    node: process.version,
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? '',
    rounds,
    drawnBps: drawn,
  };
  if (json) return void process.stdout.write(`${JSON.stringify({ conditions, steady, burst: peak })}\n`);
  for (const { load, perSecond, tailMs, cpuUsPerReceipt, longestStallMs } of [steady, peak])
    console.log(
      `${load.perSecond}/s for ${load.seconds} s: recorded ${shown(perSecond, 0)}/s, the last ${shown(tailMs, 0)} ms after its receipt, ` +
        `CPU ${shown(cpuUsPerReceipt, 0)} µs a receipt, longest stall of the loop ${shown(longestStallMs, 0)} ms`,
    );
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench:pipeline: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
