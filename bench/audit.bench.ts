import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { createDatasetFiles } from '../gateway/store/dataset-files.ts';
import { makeEpoch } from './lib/audit/made-epoch.ts';

/** Time and memory of the audit by the size of the epoch: `node bench/audit.bench.ts [--sizes 1000,10000] [--json]`. */
const { values } = parseArgs({
  options: { sizes: { type: 'string', default: '2000,20000' }, json: { type: 'boolean', default: false } },
});
const AUDIT = fileURLToPath(new URL('../scripts/audit.ts', import.meta.url));
const MEASURE = fileURLToPath(new URL('./lib/audit/peak.mjs', import.meta.url));

type Figure = {
  readonly receipts: number;
  readonly fileMb: number;
  readonly seconds: number;
  /** Of all threads together. */
  readonly cpuSeconds: number;
  readonly peakMb: number;
  readonly perReceiptUs: number;
};

async function measure(receipts: number): Promise<Figure> {
  const folder = mkdtempSync(join(tmpdir(), 'dgrid-audit-bench-'));
  try {
    const files = await createDatasetFiles(folder);
    const shape = { batchSize: 10_000, nodes: 20, evaluators: 12, rateBps: 200 };
    const { dataHash, tableDataHash } = await makeEpoch({ files, receipts, ...shape });
    const pathOf = (hash: string): string => join(folder, `${hash.slice(2)}.jsonl.gz`);
    const started = performance.now();
    const child = spawn(
      process.execPath,
      ['--import', MEASURE, AUDIT, pathOf(dataHash), '--previous', pathOf(tableDataHash), '--json'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let [out, err] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (out += text.toString()));
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    const [code] = (await once(child, 'close')) as [number];
    const seconds = (performance.now() - started) / 1_000;
    if (code !== 0 || (JSON.parse(out) as { verified: boolean }).verified !== true) throw new Error(err);
    const peakMb = Number(/peak (\d+) kB/.exec(err)?.[1] ?? 0) / 1_024;
    const cpuSeconds = Number(/cpu (\d+) us/.exec(err)?.[1] ?? 0) / 1e6;
    const fileMb = statSync(pathOf(dataHash)).size / 2 ** 20;
    return { receipts, fileMb, seconds, cpuSeconds, peakMb, perReceiptUs: (cpuSeconds * 1e6) / receipts };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const figures: Figure[] = [];
for (const size of values.sizes.split(',').map(Number)) {
  const figure = await measure(size);
  figures.push(figure);
  if (values.json) continue;
  const { receipts, fileMb, seconds, cpuSeconds, peakMb, perReceiptUs } = figure;
  console.log(
    `${receipts} receipts (${fileMb.toFixed(1)} MB packed): ${seconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} s of processor, ` +
      `${perReceiptUs.toFixed(0)} µs each, ${peakMb.toFixed(0)} MB at most`,
  );
}
const [first, last] = [figures[0], figures.at(-1)];
if (first !== undefined && last !== undefined && last.receipts > first.receipts) {
  const more = last.receipts - first.receipts;
  const slope = {
    us: ((last.cpuSeconds - first.cpuSeconds) * 1e6) / more,
    bytes: ((last.peakMb - first.peakMb) * 2 ** 20) / more,
  };
  const million = {
    cpuMinutes: (last.cpuSeconds + ((1e6 - last.receipts) * slope.us) / 1e6) / 60,
    peakMb: last.peakMb + ((1e6 - last.receipts) * slope.bytes) / 2 ** 20,
  };
  if (values.json) console.log(JSON.stringify({ figures, slope, million }));
  else
    console.log(
      `each further receipt ${slope.us.toFixed(0)} µs and ${slope.bytes.toFixed(0)} bytes: ` +
        `a million in ${million.cpuMinutes.toFixed(1)} min of processor and ${million.peakMb.toFixed(0)} MB`,
    );
} else if (values.json) console.log(JSON.stringify({ figures }));
