import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { served, startRig } from './lib/pipeline/rig.ts';
import type { Rig } from './lib/pipeline/rig.ts';
import { shown, spreadOf } from './lib/spread.ts';
import type { Spread } from './lib/spread.ts';

const HELP = `From the durable receipt to its anchored record: batch, signatures, tree, anchor, seed, draw, examination, records.
The store is a real file, the chain is in memory and mines every 100 ms, committees answer at once. What it costs to make the
receipts and their attestations is included.

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
  /** Receipts that became durable over the time that took. */
  readonly acceptedPerSecond: number;
  /** From a receipt's handing over until it would survive the process, slowest of a hundred. */
  readonly acceptMs: number;
  /** Receipts recorded over the time from the first anchored record to the last: what the pipeline gets through. */
  readonly recordedPerSecond: number;
  /** From the durable receipt to its anchored record, median of the first and of the second half: a queue would show. */
  readonly lagFirstMs: number;
  readonly lagSecondMs: number;
  /** Most receipts that were durable and not recorded yet. */
  readonly mostWaiting: number;
  readonly cpuUs: number;
  readonly mainThreadCpuUs: number;
  readonly longestStallMs: number;
  readonly peakMb: number;
};

const TICK_MS = 20;
/** As a node's agent signs its answers. */
const ATTESTED_AT_ONCE = 256;

/** What became of each receipt, by serial; none may be recorded twice. */
function createLedger(total: number) {
  const durableAt = new Float64Array(total);
  const recordedAt = new Float64Array(total);
  const acceptMs = new Float64Array(total);
  const done = Promise.withResolvers<undefined>();
  let durable = 0;
  let recorded = 0;
  let mostWaiting = 0;
  return {
    done,
    recorded: () => recorded,
    durable(serial: number, sinceMs: number): void {
      const now = performance.now();
      durableAt[serial] = now;
      acceptMs[serial] = now - sinceMs;
      durable += 1;
      mostWaiting = Math.max(mostWaiting, durable - recorded);
    },
    record: (serials: readonly number[]): void => {
      const now = performance.now();
      for (const serial of serials) {
        if (serial >= total || recordedAt[serial] !== 0)
          done.reject(new Error(`${serial} is recorded twice, or unknown`));
        recordedAt[serial] = now;
      }
      recorded += serials.length;
      if (recorded === total) done.resolve(undefined);
    },
    figures() {
      const lags = recordedAt.map((at, serial) => at - (durableAt[serial] ?? 0));
      const first = recordedAt[0] ?? NaN;
      const inFirst = recordedAt.filter((at) => at === first).length;
      const last = recordedAt.reduce((most, at) => Math.max(most, at), 0);
      const [from, to] = [
        durableAt.reduce((least, at) => Math.min(least, at), Infinity),
        durableAt.reduce((most, at) => Math.max(most, at), 0),
      ];
      return {
        acceptedPerSecond: (1_000 * total) / (to - from),
        acceptMs: quantile(acceptMs, 0.99),
        // A short burst may be one batch: then it is the time from the first durable receipt.
        recordedPerSecond:
          last > first ? (1_000 * (total - inFirst)) / (last - first) : (1_000 * total) / (last - from),
        lagFirstMs: quantile(lags.subarray(0, total / 2), 0.5),
        lagSecondMs: quantile(lags.subarray(total / 2), 0.5),
        mostWaiting,
      };
    },
  };
}

type Ledger = ReturnType<typeof createLedger>;

const quantile = (values: Float64Array, share: number): number =>
  values.toSorted()[Math.min(values.length - 1, Math.floor(share * values.length))] ?? NaN;

/** Hands out receipts at a rate, whether or not those before them are on disk yet. */
async function feed(rig: Rig, { perSecond, seconds }: Load, ledger: Ledger): Promise<void> {
  const total = perSecond * seconds;
  const start = performance.now();
  const unattested: number[] = [];
  const writes: Promise<unknown>[] = [];
  const attested: Promise<void>[] = [];
  const attestSome = (least: number): void => {
    while (unattested.length >= least && unattested.length > 0)
      attested.push(rig.attest(unattested.splice(0, ATTESTED_AT_ONCE)));
  };
  for (let given = 0; given < total; await sleep(TICK_MS)) {
    const due = Math.min(total, Math.ceil(((performance.now() - start) / 1_000) * perSecond));
    const sinceMs = performance.now();
    for (; given < due; given += 1) {
      const number = given;
      const write = rig.receipts.commit(served(number)).then(({ serial }) => {
        ledger.durable(Number(serial), sinceMs);
        unattested.push(number);
      });
      writes.push(write);
    }
    attestSome(ATTESTED_AT_ONCE);
  }
  await Promise.all(writes);
  attestSome(1);
  await Promise.all(attested);
}

function watchStalls() {
  let last = performance.now();
  let longest = 0;
  let peakMb = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - 10);
    peakMb = Math.max(peakMb, process.memoryUsage.rss() / 2 ** 20);
    last = now;
  }, 10);
  return { longest: () => longest, peakMb: () => peakMb, stop: () => clearInterval(timer) };
}

async function sampleOf(load: Load, rateBps: number): Promise<Sample> {
  const failures: unknown[] = [];
  const onError = (error: unknown): void => void failures.push(error);
  const rig = await startRig({ rateBps, batchIntervalMs: 500, maxReceipts: 10_000, blockMs: 100, onError });
  const total = load.perSecond * load.seconds;
  const ledger = createLedger(total);
  rig.onRecorded(ledger.record);
  const stalls = watchStalls();
  const [cpu, mainCpu] = [process.cpuUsage(), process.threadCpuUsage()];
  const late = setTimeout(
    () => ledger.done.reject(new Error(`${ledger.recorded()} of ${total} recorded: ${String(failures[0])}`)),
    300_000,
  );
  try {
    await feed(rig, load, ledger);
    await ledger.done.promise;
    const [all, main] = [process.cpuUsage(cpu), process.threadCpuUsage(mainCpu)];
    return {
      ...ledger.figures(),
      cpuUs: (all.user + all.system) / total,
      mainThreadCpuUs: (main.user + main.system) / total,
      longestStallMs: stalls.longest(),
      peakMb: stalls.peakMb(),
    };
  } finally {
    clearTimeout(late);
    stalls.stop();
    await rig.stop();
  }
}

type Result = { readonly load: Load } & Readonly<Record<keyof Sample, Spread>>;

async function measure(load: Load, rounds: number, rateBps: number): Promise<Result> {
  const samples: Sample[] = [];
  await sampleOf({ ...load, seconds: 1 }, rateBps);
  for (let round = 1; round <= rounds; round += 1) {
    process.stderr.write(`${load.perSecond}/s for ${load.seconds} s: round ${round} of ${rounds}\n`);
    samples.push(await sampleOf(load, rateBps));
  }
  const spread = (field: keyof Sample): Spread => spreadOf(samples.map((sample) => sample[field]));
  return {
    load,
    ...{ acceptedPerSecond: spread('acceptedPerSecond'), acceptMs: spread('acceptMs') },
    ...{ recordedPerSecond: spread('recordedPerSecond'), mostWaiting: spread('mostWaiting') },
    ...{ lagFirstMs: spread('lagFirstMs'), lagSecondMs: spread('lagSecondMs') },
    ...{ cpuUs: spread('cpuUs'), mainThreadCpuUs: spread('mainThreadCpuUs') },
    ...{ longestStallMs: spread('longestStallMs'), peakMb: spread('peakMb') },
  };
}

function report(result: Result): string {
  const { load, acceptedPerSecond, acceptMs, recordedPerSecond, lagFirstMs, lagSecondMs, mostWaiting } = result;
  const { cpuUs, mainThreadCpuUs, longestStallMs, peakMb } = result;
  return [
    `${load.perSecond}/s for ${load.seconds} s, every receipt recorded once:`,
    `  durable at ${shown(acceptedPerSecond, 0)}/s, 99 of 100 within ${shown(acceptMs, 0)} ms`,
    `  recorded at ${shown(recordedPerSecond, 0)}/s, at most ${shown(mostWaiting, 0)} waiting`,
    `  from durable to recorded ${shown(lagFirstMs, 0)} ms in the first half, ${shown(lagSecondMs, 0)} ms in the second`,
    `  processor time ${shown(cpuUs, 0)} µs a receipt, ${shown(mainThreadCpuUs, 0)} µs of it on the event loop`,
    `  longest stall of the event loop ${shown(longestStallMs, 0)} ms, process at most ${shown(peakMb, 0)} MB`,
  ].join('\n');
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
    loadAverage: loadavg()[0] ?? NaN,
    node: process.version,
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? '',
    rounds,
    drawnBps: drawn,
  };
  if (json) return void process.stdout.write(`${JSON.stringify({ conditions, steady, burst: peak })}\n`);
  for (const result of [steady, peak]) console.log(report(result));
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench:pipeline: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
