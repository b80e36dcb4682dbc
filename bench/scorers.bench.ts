import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

import { createDefaultScorer } from '../gateway/agents/evaluator/scorers/default.ts';
import type { Evaluand } from '../gateway/agents/evaluator/scorers/scorer.ts';
import { consensus } from '../gateway/poq/consensus.ts';
import { formatScore } from '../gateway/poq/dimensions/format.ts';
import { textAccuracy } from '../gateway/poq/dimensions/reference.ts';
import { receiptsOf } from './lib/scorers/receipts.ts';

const HELP = `The scorers without a model on one core: receipts per second of processor time, per kind of request, with
answers of about 500 characters and passages of 1,000; and the consensus of a committee of nine.

Usage: node bench/scorers.bench.ts [options]

  --runs N    samples of every kind (7)
  --ms N      length of a sample (300)
  --json      print the result as JSON and nothing else
  --help      show this text

Processor time and not time on the wall is counted, so that a busy machine changes little.
`;

const option = { type: 'boolean', default: false } as const;
const { values } = parseArgs({
  options: {
    json: option,
    help: option,
    runs: { type: 'string', default: '7' },
    ms: { type: 'string', default: '300' },
  },
});

type Work = { readonly kind: string; readonly once: (index: number) => unknown };
type Rate = { readonly min: number; readonly median: number; readonly max: number };

const scorer = createDefaultScorer({
  // No constraint here holds code of a caller's, so none of them would go to the thread.
  score: async (answer, constraints) => formatScore(answer, constraints, () => undefined),
  close: async () => undefined,
});

function works(): Work[] {
  const evaluations = receiptsOf(200).map(({ kind, evaluands }): Work => {
    return { kind, once: (index) => scorer.score(evaluands[index % evaluands.length] as Evaluand) };
  });
  const open = receiptsOf(200).find(({ kind }) => kind === 'open question');
  const answers = open?.evaluands.map(({ response }) => response) ?? [];
  const nine = Array.from({ length: 9 }, (_, index) => ({ score: 1_000 * index, trust: 250 + 400 * index }));
  return [
    ...evaluations,
    {
      kind: 'with a reference',
      once: (index) =>
        textAccuracy('Who built the old harbour?', answers[index % answers.length] ?? '', ['Tomas Hedin', 'Hedin']),
    },
    { kind: 'consensus of nine', once: () => consensus(nine) },
  ];
}

/** Receipts per second of processor time. */
async function sample({ once }: Work, ms: number): Promise<number> {
  const start = process.cpuUsage();
  const spentMs = (): number => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1_000;
  };
  let count = 0;
  while (spentMs() < ms) {
    for (let index = 0; index < 20; index += 1) await once(count + index);
    count += 20;
  }
  return Math.round((1_000 * count) / spentMs());
}

function summary(samples: readonly number[]): Rate {
  const sorted = samples.toSorted((a, b) => a - b);
  return { min: sorted[0] ?? 0, median: sorted[Math.floor(sorted.length / 2)] ?? 0, max: sorted.at(-1) ?? 0 };
}

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const [runs, ms] = [Number(values.runs), Number(values.ms)];
  if (!(runs >= 5) || !(ms >= 50)) throw new TypeError('--runs must be at least 5 and --ms at least 50');
  const kinds = works();
  for (const work of kinds) await sample(work, ms); // what is not compiled yet is not measured
  const taken = new Map(kinds.map(({ kind }): [string, number[]] => [kind, []]));
  // Kinds take turns, so that a disturbance hits all alike.
  for (let run = 0; run < runs; run += 1) for (const work of kinds) taken.get(work.kind)?.push(await sample(work, ms));
  const perSecond = Object.fromEntries([...taken].map(([kind, samples]) => [kind, summary(samples)]));
  print(perSecond, { runs, ms });
}

function print(
  perSecond: Readonly<Record<string, Rate>>,
  options: { readonly runs: number; readonly ms: number },
): void {
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ cpu: cpus()[0]?.model, ...options, perSecond })}\n`);
    return;
  }
  process.stdout.write('receipts per second of one core: median (min … max)\n');
  for (const [kind, { min, median, max }] of Object.entries(perSecond))
    process.stdout.write(`${kind.padEnd(26)} ${String(median).padStart(9)}  (${min} … ${max})\n`);
}

await main();
