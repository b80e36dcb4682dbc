import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { ROOT } from './lib/artifacts.ts';
import { CommandError, Exit, defineCommand, runMain } from './lib/command.ts';
import { compileTrees, readSources } from './mutate/compile.ts';

/** Pinned: another version finds other things. */
const VERSION = '0.11.6';
const VENV = join(ROOT, 'cache/slither', VERSION);
const EXCEPTIONS = join(ROOT, 'scripts/slither/exceptions.json');
const CONTRACTS = ['DGAIToken', 'NodeStaking', 'ProofRegistry', 'RewardDistributor', 'EvidenceCourt'];

type Detector = { readonly check: string; readonly impact: string; readonly description: string };
type Report = { readonly success: boolean; readonly results?: { readonly detectors?: readonly Detector[] } };
/** A finding that is none: which rule, about what, and why. */
type Exception = { readonly check: string; readonly subject: string; readonly why: string };
export type Finding = { readonly check: string; readonly impact: string; readonly subject: string };

function run(
  program: string,
  args: readonly string[],
  cwd: string,
): { readonly status: number; readonly stdout: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (error !== undefined) throw new CommandError(`${program}: ${error.message}`, Exit.unavailable);
  if (status === null) throw new CommandError(`${program} was ended: ${stderr}`);
  return { status, stdout };
}

/** Slither in a Python environment of its own, outside the project's dependencies. */
function install(log: (line: string) => void): string {
  const slither = join(VENV, 'bin/slither');
  if (existsSync(slither)) return slither;
  log(`installing slither-analyzer ${VERSION}`);
  mkdirSync(dirname(VENV), { recursive: true });
  run('python3', ['-m', 'venv', VENV], ROOT);
  const { status } = run(join(VENV, 'bin/pip'), ['install', '--quiet', `slither-analyzer==${VERSION}`], ROOT);
  if (status !== 0) {
    rmSync(VENV, { recursive: true, force: true });
    throw new CommandError(
      'slither-analyzer cannot be installed: is the Python package index reachable?',
      Exit.unavailable,
    );
  }
  return slither;
}

/** A folder in the form in which older Hardhats leave their compilations, which Slither reads without a compiler. */
function prepare(folder: string): void {
  const sources = readSources(
    ROOT,
    CONTRACTS.map((name) => `contracts/${name}.sol`),
  );
  const info = join(folder, 'artifacts/build-info');
  mkdirSync(info, { recursive: true });
  writeFileSync(join(folder, 'hardhat.config.js'), 'module.exports = {};\n');
  symlinkSync(join(ROOT, 'contracts'), join(folder, 'contracts'));
  symlinkSync(join(ROOT, 'node_modules/@openzeppelin'), join(folder, '@openzeppelin'));
  const { input, output } = compileTrees(sources);
  const build = { _format: 'hh-sol-build-info-1', id: 'dgrid', solcVersion: '0.8.37', solcLongVersion: '0.8.37' };
  writeFileSync(join(info, 'dgrid.json'), JSON.stringify({ ...build, input, output }));
}

/** `Reentrancy in A.b(uint256) (contracts/A.sol#1-2): …` → `A.b(uint256)`; undefined for what is not ours. */
export function findingOf({ check, impact, description }: Detector): Finding | undefined {
  const [, subject] =
    /^(?:Reentrancy in )?(\S+(?:\[\d+\])?) \((?:\S*\/)?contracts\/(?!mocks\/)\w[^)]*\)/.exec(description) ?? [];
  return subject === undefined || description.includes('(@openzeppelin') ? undefined : { check, impact, subject };
}

function analyse(slither: string, folder: string): readonly Finding[] {
  const args = ['.', '--compile-force-framework', 'hardhat', '--ignore-compile', '--json', '-'];
  const { stdout } = run(slither, args, folder);
  const report = JSON.parse(stdout) as Report;
  if (!report.success) throw new CommandError('Slither failed');
  const found = (report.results?.detectors ?? []).flatMap((one) => findingOf(one) ?? []);
  return found.filter(({ impact }) => impact === 'High' || impact === 'Medium');
}

/** Findings without a reason, and reasons without a finding. */
export function compare(
  findings: readonly Finding[],
  exceptions: readonly Exception[],
): { readonly open: readonly Finding[]; readonly stale: readonly Exception[] } {
  const same = (finding: Finding, exception: Exception): boolean =>
    finding.check === exception.check && finding.subject === exception.subject;
  return {
    open: findings.filter((finding) => !exceptions.some((one) => same(finding, one))),
    stale: exceptions.filter((one) => !findings.some((finding) => same(finding, one))),
  };
}

export const slither = defineCommand(
  {
    name: 'slither',
    summary: 'Static analysis of the contracts; every high or medium finding needs a reason to be left alone.',
    options: {},
    notes: ['Needs Python 3 and its package index; exits 3 without. Reasons: scripts/slither/exceptions.json.'],
  },
  async ({ io }) => {
    const program = install(io.stderr);
    const folder = mkdtempSync(join(tmpdir(), 'dgrid-slither-'));
    try {
      prepare(folder);
      const findings = analyse(program, folder);
      const exceptions = JSON.parse(readFileSync(EXCEPTIONS, 'utf8')) as readonly Exception[];
      const { open, stale } = compare(findings, exceptions);
      for (const { impact, check, subject } of open) io.stdout(`${impact}: ${check}: ${subject}`);
      for (const { check, subject } of stale) io.stdout(`no longer found: ${check}: ${subject}`);
      io.stdout(`${findings.length} high or medium findings, ${open.length} without a reason`);
      return open.length + stale.length === 0 ? Exit.ok : Exit.failed;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

if (import.meta.main) await runMain(slither);
