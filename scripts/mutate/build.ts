import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { analyse, closureOf, errorsOf, readSources } from './compile.ts';
import type { Diagnostic, Output, Sources } from './compile.ts';
import type { MutableFunction, ParsedSource } from './candidates.ts';
import type { Candidate, Mutant } from './mutation.ts';
import type { Worker } from './pool.ts';
import { share } from './pool.ts';
import { sample } from './sample.ts';
import type { Codes } from './suites.ts';
import { SWITCH_FILE, SWITCH_SOURCE, weave } from './weave.ts';

/** The suites that call the libraries directly are woven too; the actors of the others sign as a wallet would. */
const LIBRARY_SUITES = ['test/contracts/libraries/Libraries.t.sol', 'test/contracts/libraries/Vectors.t.sol'];
const CONTRACTS = ['DGAIToken', 'NodeStaking', 'ProofRegistry', 'RewardDistributor', 'EvidenceCourt'].map(
  (name) => `contracts/${name}.sol`,
);
const COMPILE_TIMEOUT_MS = 900_000;
/** Mutants that do not compile are replaced; each round of that takes two seconds. */
const MAX_ROUNDS = 20;

export type Selection = {
  readonly plain: Sources;
  readonly mutants: readonly Mutant[];
  readonly woven: Sources;
  readonly rejected: readonly Candidate[];
};

function weaveAll(sources: Sources, parsed: readonly ParsedSource[], mutants: readonly Mutant[]): Sources {
  const woven = Object.fromEntries(parsed.map((one) => [one.file, weave(one, mutants)]));
  return { ...sources, ...woven, [SWITCH_FILE]: SWITCH_SOURCE };
}

/** The mutant whose switch stands nearest before an error. */
function culprit(woven: Sources, error: Diagnostic, mutants: readonly Mutant[]): Mutant {
  const { file = '', start = 0 } = error.sourceLocation ?? {};
  const before = Buffer.from(woven[file] ?? '')
    .subarray(0, start + 1)
    .toString();
  const id = [...before.matchAll(/MUTANT\((\d+)\)/g)].at(-1)?.[1];
  const found = mutants.find((one) => one.id === Number(id));
  if (found === undefined) throw new Error(`the woven sources do not compile:\n${error.formattedMessage}`);
  return found;
}

const keyOf = ({ file, range, replacement, kind }: Candidate): string => [file, ...range, kind, replacement].join('|');

/** Draws mutants until all of them compile together. */
export function select(
  sources: Sources,
  parsed: readonly ParsedSource[],
  functions: readonly MutableFunction[],
  { count, seed }: { readonly count: number; readonly seed: number },
): Selection {
  const rejected = new Map<string, Candidate>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const possible = functions.map((one) => ({
      ...one,
      candidates: one.candidates.filter((candidate) => !rejected.has(keyOf(candidate))),
    }));
    const mutants = sample(possible, count, seed).map((candidate, index): Mutant => ({ ...candidate, id: index + 1 }));
    const woven = weaveAll(sources, parsed, mutants);
    const errors = errorsOf(analyse(woven));
    if (errors.length === 0) return { mutants, plain: sources, woven, rejected: [...rejected.values()] };
    for (const error of errors) {
      const found = culprit(woven, error, mutants);
      rejected.set(keyOf(found), found);
    }
  }
  throw new Error(`no set of mutants that compiles after ${MAX_ROUNDS} rounds`);
}

/** What one file compiles to; kept by everything it imports, since compiling takes most of the time. */
async function compileEntry(worker: Worker, sources: Sources, file: string, folder: string): Promise<Codes> {
  const needed = closureOf([file], (name) => sources[name] ?? '');
  const key = createHash('sha256')
    .update(JSON.stringify([file, needed]))
    .digest('hex');
  const kept = join(folder, `${key}.json`);
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, 'utf8')) as Codes;
  const output = (await worker.ask({ kind: 'compile', sources: needed, file }, COMPILE_TIMEOUT_MS)) as Output;
  const [error] = errorsOf(output);
  if (error !== undefined) throw new Error(error.formattedMessage);
  const codes = output.contracts ?? {};
  writeFileSync(kept, JSON.stringify(codes));
  return codes;
}

/** The contracts and the suites of the libraries with all mutants in them, the other suites as they are. */
export async function compileAll(
  workers: readonly Worker[],
  { plain, woven }: { readonly plain: Sources; readonly woven: Sources },
  folder: string,
): Promise<Codes> {
  mkdirSync(folder, { recursive: true });
  const suites = Object.keys(plain).filter((file) => file.endsWith('.t.sol'));
  const entries = [...CONTRACTS, ...suites];
  const codes = await share(workers, entries, (worker, file) =>
    compileEntry(worker, CONTRACTS.includes(file) || LIBRARY_SUITES.includes(file) ? woven : plain, file, folder),
  );
  return Object.assign({}, ...codes) as Codes;
}

export function readAll(root: string): Sources {
  return readSources(root, [...CONTRACTS, ...globSync('test/contracts/**/*.t.sol', { cwd: root }).sort()]);
}
