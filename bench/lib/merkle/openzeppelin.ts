import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What the bench uses of OpenZeppelin's builder. */
export type OpenZeppelinTree = { readonly root: string; readonly getProof: (index: number) => readonly string[] };
export type OpenZeppelin = {
  readonly SimpleMerkleTree: {
    readonly of: (leaves: readonly string[], options: { readonly sortLeaves: boolean }) => OpenZeppelinTree;
  };
};

const NAME = '@openzeppelin/merkle-tree';
const VERSION = '1.0.8';

/** Installed once into the user's cache, outside this project. @throws when npm cannot. */
export function loadOpenZeppelin(): OpenZeppelin {
  const folder = join(homedir(), '.cache', 'dgrid-bench', `openzeppelin-merkle-tree-${VERSION}`);
  const file = join(folder, 'package.json');
  if (!existsSync(join(folder, 'node_modules', NAME))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      file,
      JSON.stringify({ name: 'dgrid-bench-merkle', private: true, dependencies: { [NAME]: VERSION } }),
    );
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 300_000,
    });
  }
  return createRequire(file)(NAME) as OpenZeppelin;
}
