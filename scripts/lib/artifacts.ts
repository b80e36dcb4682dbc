import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { JsonFragment } from 'ethers';

import { CommandError } from './command.ts';

/** What Hardhat compiled: read from disk, and compiled first only when the sources are newer than what is there. */

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The contracts of a deployment and where they come from. */
export const CONTRACT_PATHS = {
  AccessManager: '@openzeppelin/contracts/access/manager/AccessManager.sol:AccessManager',
  DGAIToken: 'contracts/DGAIToken.sol:DGAIToken',
  NodeStaking: 'contracts/NodeStaking.sol:NodeStaking',
  ProofRegistry: 'contracts/ProofRegistry.sol:ProofRegistry',
  RewardDistributor: 'contracts/RewardDistributor.sol:RewardDistributor',
  EvidenceCourt: 'contracts/EvidenceCourt.sol:EvidenceCourt',
  // Last, so that the addresses of all others do not depend on who administers.
  TimelockController: '@openzeppelin/contracts/governance/TimelockController.sol:TimelockController',
} as const;
export type ContractName = keyof typeof CONTRACT_PATHS;
export const CONTRACT_NAMES = Object.keys(CONTRACT_PATHS) as readonly ContractName[];

export type Artifact = { readonly abi: readonly JsonFragment[]; readonly bytecode: string };

const STAMP = 'artifacts/.dgrid-stamp';

const OPENZEPPELIN = '@openzeppelin/contracts/';

function artifactFile(path: string): string {
  const [source = '', contract] = path.split(':');
  if (!source.startsWith(OPENZEPPELIN)) return join(ROOT, 'artifacts', source, `${contract}.json`);
  // The package brings its audited contracts compiled; a copy of ours would be another bytecode.
  const manifest = fileURLToPath(import.meta.resolve(`${OPENZEPPELIN}package.json`));
  return join(dirname(manifest), 'build/contracts', `${contract}.json`);
}

export function readArtifact(path: string): Artifact {
  const file = artifactFile(path);
  if (!existsSync(file)) throw new CommandError(`no artifact for ${path}: run "npx hardhat build" first`);
  const { abi, bytecode } = JSON.parse(readFileSync(file, 'utf8')) as Artifact;
  return { abi, bytecode };
}

/**
 * Makes sure that artifacts belong to the sources on disk. Hardhat takes more than a second to say that nothing changed,
 * so a stamp over sources and artifacts answers the usual case in milliseconds.
 */
export function ensureArtifacts(log: (line: string) => void = () => {}): void {
  if (isCurrent(readIfThere(join(ROOT, STAMP)), stamp())) return;
  log('compiling the contracts (hardhat build)');
  const hardhat = fileURLToPath(import.meta.resolve('hardhat/package.json')).replace(
    /package\.json$/,
    'dist/src/cli.js',
  );
  const build = spawnSync(process.execPath, [hardhat, 'build', '--quiet', '--no-tests'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (build.status !== 0)
    throw new CommandError(`hardhat build failed: ${build.stderr || build.stdout || build.error}`);
  const current = stamp();
  if (current === undefined) throw new CommandError('hardhat build left an artifact out');
  writeFileSync(join(ROOT, STAMP), current);
}

/** A missing stamp is never that of missing artifacts: on a fresh clone there is neither. */
export function isCurrent(written: string | undefined, actual: string | undefined): boolean {
  return actual !== undefined && written === actual;
}

/** Hash over sources, settings and the artifacts made of them; undefined while an artifact is missing. */
function stamp(): string | undefined {
  const hash = createHash('sha256');
  const sources = globSync('contracts/**/*.sol', { cwd: ROOT }).toSorted();
  for (const file of [...sources, 'hardhat.config.ts', 'package-lock.json']) {
    hash.update(`${file}\n`).update(readFileSync(join(ROOT, file)));
  }
  for (const name of CONTRACT_NAMES) {
    const artifact = readIfThere(artifactFile(CONTRACT_PATHS[name]));
    if (artifact === undefined) return undefined;
    hash.update(artifact);
  }
  return hash.digest('hex');
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
