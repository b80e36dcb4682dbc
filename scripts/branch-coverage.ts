import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ROOT } from './lib/artifacts.ts';
import { CommandError, Exit, defineCommand, runMain } from './lib/command.ts';

const FORGE = '@foundry-rs/forge-linux-amd64';
const VERSION = '1.7.1';
const INSTALLED = join(ROOT, 'cache/forge', VERSION);

/** Forge wants a program called solc; this one is the compiler of the lock file. */
const SOLC = `#!${process.execPath}
const solc = require(${JSON.stringify(join(ROOT, 'node_modules/solc'))});
if (process.argv.includes('--version')) {
  const version = solc.version().replace('Emscripten.clang', 'Linux.g++');
  console.log('solc, the solidity compiler commandline interface\\nVersion: ' + version);
} else {
  process.stdout.write(solc.compile(require('node:fs').readFileSync(0, 'utf8')));
}
`;

const settings = (solc: string): string => `[profile.default]
src = "contracts"
test = "test/contracts"
libs = ["node_modules"]
remappings = ["@openzeppelin/=node_modules/@openzeppelin/"]
solc = "${solc}"
evm_version = "prague"
via_ir = true
optimizer = true
offline = true
memory_limit = 1073741824
gas_limit = 9223372036854775807
fs_permissions = [{ access = "read", path = "./test/vectors" }]
[fuzz]
runs = 64
[invariant]
runs = 8
depth = 64
`;

function install(log: (line: string) => void): string {
  const forge = join(INSTALLED, 'node_modules', FORGE, 'bin/forge');
  if (existsSync(forge)) return forge;
  log(`installing ${FORGE}@${VERSION}`);
  mkdirSync(INSTALLED, { recursive: true });
  const args = ['install', '--no-save', '--silent', '--prefix', INSTALLED, `${FORGE}@${VERSION}`];
  const { status } = spawnSync('npm', args, { cwd: INSTALLED, stdio: ['ignore', 2, 2] });
  if (status !== 0 || !existsSync(forge)) {
    throw new CommandError('Forge cannot be installed: is the npm registry reachable?', Exit.unavailable);
  }
  return forge;
}

/**
 * A copy of contracts and tests. Forge takes functions whose names begin with `table` for tests, and contracts that have
 * one for test contracts, which it leaves out of the report; so they get another name in the copy.
 */
function prepare(folder: string): void {
  for (const path of ['contracts', 'test/contracts', 'test/vectors']) {
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  for (const file of globSync('{contracts,test}/**/*.sol', { cwd: folder })) {
    const path = join(folder, file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(/\btable(Of|Leaf|)(?=\(|, \()/g, 'lookedUp$1'));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const solc = join(folder, 'solc');
  writeFileSync(solc, SOLC, { mode: 0o755 });
  writeFileSync(join(folder, 'foundry.toml'), settings(solc));
}

export type FileBranches = { readonly file: string; readonly taken: number; readonly missing: readonly number[] };

/** Branches by contract file out of an lcov report; `missing` holds their lines. */
export function branchesOf(lcov: string): readonly FileBranches[] {
  return lcov.split('end_of_record').flatMap((record) => {
    const file = /^SF:(contracts\/.+)$/m.exec(record)?.[1];
    if (file === undefined || file.startsWith('contracts/mocks/')) return [];
    const branches = [...record.matchAll(/^BRDA:(\d+),\d+,\d+,(\d+|-)$/gm)];
    const missing = branches.filter(([, , hits]) => hits === '0' || hits === '-').map(([, line]) => Number(line));
    return [{ file, taken: branches.length - missing.length, missing }];
  });
}

function measure(forge: string, folder: string): string {
  const report = join(folder, 'lcov.info');
  const args = ['coverage', '--ir-minimum', '--report', 'lcov', '--report-file', report];
  const { status } = spawnSync(forge, args, { cwd: folder, stdio: ['ignore', 2, 2] });
  if (status !== 0 || !existsSync(report)) throw new CommandError('the tests fail under Forge');
  return readFileSync(report, 'utf8');
}

export const branchCoverage = defineCommand(
  {
    name: 'branch-coverage',
    summary: 'Runs the Solidity tests under Forge; every branch of the contracts must be taken.',
    options: {},
    notes: ['Linux on x64 only; needs the npm registry the first time and exits 3 without. Takes minutes.'],
  },
  async ({ io }) => {
    const forge = install(io.stderr);
    const folder = mkdtempSync(join(tmpdir(), 'dgrid-forge-'));
    try {
      prepare(folder);
      const files = branchesOf(measure(forge, folder));
      for (const { file, taken, missing } of files) {
        const rest = missing.length === 0 ? '' : `; never taken: lines ${missing.join(', ')}`;
        io.stdout(`${file.padEnd(40)} ${taken} of ${taken + missing.length} branches${rest}`);
      }
      const open = files.filter(({ missing }) => missing.length > 0);
      const absent = globSync('contracts/{*,libraries/*}.sol', { cwd: ROOT }).filter(
        (path) => !files.some(({ file }) => file === path),
      );
      for (const file of absent) io.stdout(`${file}: not in the report`);
      return open.length + absent.length === 0 ? Exit.ok : Exit.failed;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

if (import.meta.main) await runMain(branchCoverage);
