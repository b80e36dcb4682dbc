import { join } from 'node:path';

import hardhatConfig from '../hardhat.config.ts';
import { ROOT } from './lib/artifacts.ts';
import { CommandError, Exit, UsageError, defineCommand, runMain } from './lib/command.ts';
import { compileAll, readAll, select } from './mutate/build.ts';
import type { Selection } from './mutate/build.ts';
import { findCandidates } from './mutate/candidates.ts';
import { parse } from './mutate/compile.ts';
import type { FuzzConfig } from './mutate/edr.ts';
import type { Mutant } from './mutate/mutation.ts';
import { WorkerTimeout, createWorker, share } from './mutate/pool.ts';
import type { Worker } from './mutate/pool.ts';
import { describe, reportLines, summarise } from './mutate/report.ts';
import type { Judged } from './mutate/report.ts';
import type { Codes } from './mutate/suites.ts';
import type { Verdict } from './mutate/worker.ts';

/** Unmutated, everything takes seconds; whoever takes this long has changed for the worse. */
const RUN_TIMEOUT_MS = 240_000;
const GOAL_PERCENT = 95;

type Log = (line: string) => void;

function integer(text: string | undefined, fallback: number, name: string): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new UsageError(`--${name} must be a positive integer`);
  return value;
}

function choose(only: string | undefined, count: number, seed: number): Selection {
  const sources = readAll(ROOT);
  const parsed = parse(sources);
  const functions = findCandidates(parsed).filter(({ file }) => only === undefined || file.endsWith(only));
  if (functions.length === 0) throw new UsageError(`no contract file ends in "${only ?? ''}"`);
  return select(sources, parsed, functions, { count, seed });
}

async function load(workers: readonly Worker[], codes: Codes): Promise<void> {
  const solidity = hardhatConfig.test?.solidity as FuzzConfig;
  const config = { fuzz: solidity.fuzz, invariant: solidity.invariant };
  for (const worker of workers) {
    await worker.ask({ kind: 'load', root: ROOT, codes, config }, RUN_TIMEOUT_MS);
  }
  const [first] = workers;
  const { killedBy, tests } = (await first?.ask({ kind: 'run', mutant: 0, file: '' }, RUN_TIMEOUT_MS)) as Verdict;
  if (killedBy.length > 0 || tests === 0) {
    throw new CommandError(`the tests fail with every mutant switched off: ${killedBy.join(', ')}`);
  }
}

async function judge(worker: Worker, mutant: Mutant): Promise<Verdict> {
  try {
    return (await worker.ask({ kind: 'run', mutant: mutant.id, file: mutant.file }, RUN_TIMEOUT_MS)) as Verdict;
  } catch (error) {
    if (!(error instanceof WorkerTimeout)) throw error;
    return { killedBy: [error.message], tests: 0, milliseconds: RUN_TIMEOUT_MS };
  }
}

/** The whole sample, or those of it whose numbers are given: all are compiled, as the numbers depend on it. */
function wanted({ mutants }: Selection, again: string | undefined): readonly Mutant[] {
  if (again === undefined) return mutants;
  const numbers = again.split(',').map((text) => integer(text, 0, 'again'));
  const found = mutants.filter(({ id }) => numbers.includes(id));
  if (found.length < numbers.length)
    throw new UsageError(`--again names a mutant beyond ${mutants.length}, or one twice`);
  return found;
}

async function judgeAll(workers: readonly Worker[], mutants: readonly Mutant[], log: Log): Promise<readonly Judged[]> {
  const sources = readAll(ROOT);
  const lineOf = ({ file, range }: Mutant): number =>
    Buffer.from(sources[file] ?? '')
      .subarray(0, range[0])
      .toString('latin1')
      .split('\n').length;
  let done = 0;
  return share(workers, mutants, async (worker, mutant) => {
    const verdict = await judge(worker, mutant);
    const judged = { mutant, line: lineOf(mutant), verdict };
    done += 1;
    const outcome = verdict.killedBy[0] === undefined ? 'SURVIVED' : `killed by ${verdict.killedBy[0]}`;
    log(`${done}/${mutants.length} ${describe(judged)}: ${outcome} (${verdict.milliseconds} ms)`);
    return judged;
  });
}

const seconds = (since: number): number => Math.round((performance.now() - since) / 1_000);

export const mutateContracts = defineCommand(
  {
    name: 'mutate-contracts',
    summary: 'Changes the contracts in many small ways and counts how many changes the Solidity tests notice.',
    options: {
      seed: { type: 'string', value: 'N', help: 'which mutants are drawn (default 1)' },
      count: { type: 'string', value: 'N', help: 'how many (default 300)' },
      jobs: { type: 'string', value: 'N', help: 'processes that compile and test (default 2)' },
      again: { type: 'string', value: 'NUMBERS', help: 'of the sample only these mutants, e.g. 6,17' },
      only: { type: 'string', value: 'FILE', help: 'a file of contracts/, e.g. SumTree.sol' },
      json: { type: 'boolean', help: 'the result as JSON on standard output, progress on standard error' },
    },
    notes: [`Exits 1 below ${GOAL_PERCENT} % or when a survivor is not explained in scripts/mutate/explained.ts.`],
  },
  async ({ options, io }) => {
    const log = options.json ? io.stderr : io.stdout;
    const startedAt = performance.now();
    const seed = integer(options.seed, 1, 'seed');
    const selection = choose(options.only, integer(options.count, 300, 'count'), seed);
    const { rejected } = selection;
    const mutants = wanted(selection, options.again);
    log(
      `${mutants.length} mutants of seed ${seed}; ${rejected.length} candidates do not compile (${seconds(startedAt)} s)`,
    );
    const workers = Array.from({ length: integer(options.jobs, 2, 'jobs') }, createWorker);
    try {
      await load(workers, await compileAll(workers, selection, join(ROOT, 'cache/mutants')));
      log(`compiled, and all tests pass with every mutant off (${seconds(startedAt)} s)`);
      const judged = await judgeAll(workers, mutants, log);
      const { killedPercent, unexplained } = summarise(judged);
      reportLines(judged).forEach(log);
      log(`${seconds(startedAt)} s in all`);
      if (options.json) io.stdout(JSON.stringify(judged, null, 2));
      return killedPercent >= GOAL_PERCENT && unexplained.length === 0 ? Exit.ok : Exit.failed;
    } finally {
      for (const worker of workers) worker.close();
    }
  },
);

if (import.meta.main) await runMain(mutateContracts);
