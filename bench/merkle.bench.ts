import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';

import { MerkleTree } from 'merkletreejs';
import { keccak256 } from 'viem';

import { buildBatchTree } from '../gateway/protocol/batch-tree.ts';
import { keccakText } from '../gateway/protocol/keccak.ts';
import type { Hex } from '../gateway/protocol/types.ts';
import { loadOpenZeppelin } from './lib/merkle/openzeppelin.ts';
import { shown, spreadOf } from './lib/spread.ts';
import type { Spread } from './lib/spread.ts';

const HELP = `The tree of a batch beside OpenZeppelin's builder and plain merkletreejs with viem's keccak: same leaves, in turns.

Usage: npm run bench:merkle -- [options]

  --quick        three rounds, 100,000 leaves, 10,000 for the comparison
  --leaves N     leaves of our own tree (1,000,000)
  --compared N   leaves of all three (100,000)
  --rounds N     samples (5)
  --json         print the result as JSON and nothing else
  --help         show this text
`;

type Built = { readonly root: string; readonly proofOf: (index: number) => readonly string[] };
type Builder = { readonly name: string; readonly build: (leaves: readonly Hex[]) => Built };
type Result = {
  readonly name: string;
  readonly leaves: number;
  /** Wall time, and processor time of the whole process, which other work on the machine does not lengthen. */
  readonly buildMs: Spread;
  readonly buildCpuMs: Spread;
  /** Of the proofs that were asked for, by the clock. */
  readonly proofMedianMs: Spread;
  readonly proofP99Ms: Spread;
  readonly proofMaxMs: Spread;
  /** Processor time of all of them together: no single one took more than that, whatever else the machine was doing. */
  readonly proofsCpuMs: Spread;
  readonly proofs: number;
};

const OURS: Builder = { name: 'dgrid', build: buildBatchTree };
const PROOFS = 1_000;

function rivals(): readonly Builder[] {
  const plain: Builder = {
    name: 'merkletreejs + viem',
    build(leaves) {
      const hash = (data: Buffer): Buffer => Buffer.from(keccak256(data, 'bytes'));
      const buffers = leaves.map((leaf) => Buffer.from(leaf.slice(2), 'hex'));
      const tree = new MerkleTree(buffers, hash, { sortPairs: true });
      const proofOf = (index: number): readonly string[] => tree.getHexProof(buffers[index] ?? Buffer.alloc(0), index);
      return { root: tree.getHexRoot(), proofOf };
    },
  };
  const { SimpleMerkleTree } = loadOpenZeppelin();
  return [
    {
      name: 'OpenZeppelin',
      build(leaves) {
        const tree = SimpleMerkleTree.of(leaves, { sortLeaves: false });
        return { root: tree.root, proofOf: (index) => tree.getProof(index) };
      },
    },
    plain,
  ];
}

type Sample = Readonly<Record<Exclude<keyof Result, 'name' | 'leaves' | 'proofs'>, number>>;

function sampleOf({ build }: Builder, leaves: readonly Hex[]): Sample {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const tree = build(leaves);
  const buildMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { buildMs, buildCpuMs: (user + system) / 1_000, ...proofsOf(tree, leaves.length) };
}

function proofsOf({ proofOf }: Built, leaves: number) {
  const cpu = process.threadCpuUsage();
  const times = Float64Array.from({ length: PROOFS }, (_, count) => {
    const from = performance.now();
    proofOf(Math.floor((count * leaves) / PROOFS));
    return performance.now() - from;
  }).toSorted();
  const { user, system } = process.threadCpuUsage(cpu);
  const at = (share: number): number => times[Math.min(PROOFS - 1, Math.floor(share * PROOFS))] ?? NaN;
  return {
    ...{ proofMedianMs: at(0.5), proofP99Ms: at(0.99), proofMaxMs: at(1) },
    proofsCpuMs: (user + system) / 1_000,
  };
}

function measure(builders: readonly Builder[], leaves: readonly Hex[], rounds: number): readonly Result[] {
  const samples = builders.map((): Sample[] => []);
  for (let round = 0; round <= rounds; round += 1) {
    process.stderr.write(round === 0 ? `${leaves.length} leaves: warming up\n` : `round ${round} of ${rounds}\n`);
    builders.forEach((builder, index) => {
      const sample = sampleOf(builder, leaves);
      if (round > 0) samples[index]?.push(sample);
    });
  }
  return builders.map(({ name }, index) => {
    const own = samples[index] ?? [];
    const spread = (field: keyof Sample): Spread => spreadOf(own.map((sample) => sample[field]));
    return {
      ...{ name, leaves: leaves.length, proofs: PROOFS },
      ...{ buildMs: spread('buildMs'), buildCpuMs: spread('buildCpuMs'), proofMedianMs: spread('proofMedianMs') },
      ...{ proofP99Ms: spread('proofP99Ms'), proofMaxMs: spread('proofMaxMs'), proofsCpuMs: spread('proofsCpuMs') },
    };
  });
}

function readOptions() {
  const option = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    options: {
      quick: option,
      json: option,
      help: option,
      leaves: { type: 'string' },
      compared: { type: 'string' },
      rounds: { type: 'string' },
    },
  });
  const { quick } = values;
  const leaves = Number(values.leaves ?? (quick ? 100_000 : 1_000_000));
  const compared = Number(values.compared ?? (quick ? 10_000 : 100_000));
  const rounds = Number(values.rounds ?? (quick ? 3 : 5));
  if (![leaves, compared, rounds].every((value) => Number.isInteger(value) && value >= 1))
    throw new TypeError('--leaves, --compared and --rounds are whole numbers from 1');
  return { ...values, leaves, compared, rounds };
}

const leavesOf = (count: number): readonly Hex[] =>
  Array.from({ length: count }, (_, index) => keccakText(`leaf ${index}`));

function report({ name, leaves, proofs, ...of }: Result): string {
  const { buildMs, buildCpuMs, proofMedianMs, proofP99Ms, proofMaxMs, proofsCpuMs } = of;
  return [
    `${name}, ${leaves} leaves: ${shown(buildMs, 0)} ms, processor time ${shown(buildCpuMs, 0)} ms`,
    `  a proof ${shown(proofMedianMs, 3)} ms, 99 of 100 within ${shown(proofP99Ms, 3)} ms, slowest of ${proofs} ${shown(proofMaxMs, 3)} ms`,
    `  processor time of all ${proofs} together ${shown(proofsCpuMs, 1)} ms`,
  ].join('\n');
}

function main(): void {
  const { help, json, leaves, compared, rounds } = readOptions();
  if (help) return void process.stdout.write(HELP);
  const large = leavesOf(leaves);
  const beforeMb = process.resourceUsage().maxRSS / 1_024;
  const own = measure([OURS], large, rounds);
  const peakMb = process.resourceUsage().maxRSS / 1_024;
  const beside = measure([OURS, ...rivals()], large.slice(0, compared), rounds);
  const [ours] = beside;
  const ratios = beside.slice(1).map(({ name, buildMs, buildCpuMs }) => ({
    to: name,
    wall: buildMs.median / (ours?.buildMs.median ?? NaN),
    cpu: buildCpuMs.median / (ours?.buildCpuMs.median ?? NaN),
  }));
  const conditions = {
    loadAverage: loadavg()[0] ?? NaN,
    node: process.version,
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? '',
    rounds,
  };
  const memory = { nodesMb: (64 * leaves) / 2 ** 20, peakMb, withLeavesOnlyMb: beforeMb };
  if (json) return void process.stdout.write(`${JSON.stringify({ conditions, memory, own, beside, ratios })}\n`);
  for (const result of [...own, ...beside]) console.log(report(result));
  console.log(
    `memory: nodes ${memory.nodesMb.toFixed(0)} MB; process at most ${peakMb.toFixed(0)} MB, ${beforeMb.toFixed(0)} MB of it before the first tree`,
  );
  for (const { to, wall, cpu } of ratios)
    console.log(`${to} takes ${wall.toFixed(1)} times as long, ${cpu.toFixed(1)} times the processor time`);
}

try {
  main();
} catch (error) {
  process.stderr.write(`bench:merkle: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
