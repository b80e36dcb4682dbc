import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { GAS_HELP } from '../bench/gas-options.ts';
import { ROOT } from './lib/artifacts.ts';
import { Exit, defineCommand, runMain } from './lib/command.ts';
import type { Command } from './lib/command.ts';
import { docProblems } from './lib/docs/problems.ts';
import type { Project } from './lib/docs/problems.ts';

/** Made by tools, or not ours. */
const SKIPPED: ReadonlySet<string> = new Set(['node_modules', 'artifacts', 'cache', 'coverage', '.git', '.dgrid']);
/** They have to be started to say what they take. */
const SERVER = /^gateway\/(?:.*\/)?main\.ts$/;
const COMMAND = /^scripts\/[\w-]+\.ts$/;

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (SKIPPED.has(entry.name)) return [];
    return entry.isDirectory() ? filesUnder(path) : [relative(ROOT, path)];
  });
}

/** What a command prints under --help: its options as they are, shared ones included. */
async function helpOf(file: string): Promise<string> {
  const name = /\brunMain\((\w+)\)/.exec(read(file))?.[1] ?? '';
  // This file waits for itself when it is the one that runs.
  const command = name === 'checkDocs' ? checkDocs : (await exportsOf(file))[name];
  if (typeof command !== 'function') throw new TypeError(`${file} exports no command "${name}"`);
  const lines: string[] = [];
  await (command as Command)(['--help'], { env: {}, stdout: (line) => lines.push(line), stderr: () => undefined });
  return lines.join('\n');
}

async function startForHelp(file: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, file), '--help'], { timeout: 60_000 });
  return `${stdout}\n--help`; // which it took, although its text need not say so
}

async function exportsOf(file: string): Promise<Readonly<Record<string, unknown>>> {
  return (await import(pathToFileURL(join(ROOT, file)).href)) as Readonly<Record<string, unknown>>;
}

/** The repository as `docProblems` needs it. */
export async function readProject(): Promise<Project> {
  const files = filesUnder(ROOT);
  const sources = files.filter((file) => /^(?:gateway|scripts)\/.*\.ts$/.test(file)).map(read);
  const quoted = sources.flatMap((source) => source.match(/(?<=')DGRID_[A-Z0-9_]+(?=')/g) ?? []);
  const codes = read('gateway/errors.ts').match(/^ +DGRID_[A-Z0-9_]+(?=:)/gm) ?? [];
  const help = new Map([['bench/contracts-gas.ts', GAS_HELP]]);
  const started = files
    .filter((path) => SERVER.test(path))
    .map(async (file) => [file, await startForHelp(file)] as const);
  for (const [file, text] of await Promise.all(started)) help.set(file, text);
  for (const file of files.filter((path) => COMMAND.test(path))) help.set(file, await helpOf(file));
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  return { files, npmScripts: scripts, names: new Set([...quoted, ...codes.map((code) => code.trim())]), help };
}

export const checkDocs = defineCommand(
  {
    name: 'check-docs',
    summary: 'Finds what the documentation refers to and the repository does not have.',
    options: {},
    notes: ['Checked: links, paths, npm scripts, programs and their options, DGRID_ names.'],
  },
  async ({ io }) => {
    const project = await readProject();
    const pages = project.files.filter((file) => file.endsWith('.md')).map((path) => ({ path, text: read(path) }));
    const problems = docProblems(pages, project);
    problems.forEach(io.stderr);
    io.stdout(`${pages.length} pages, ${problems.length} problems`);
    return problems.length === 0 ? Exit.ok : Exit.failed;
  },
);

if (import.meta.main) await runMain(checkDocs);
