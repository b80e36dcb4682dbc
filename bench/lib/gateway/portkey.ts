import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Portkey's gateway as npm has it; the overrides are the last versions with which its streams work. */
const VERSION = '1.15.2';
const PACKAGE = {
  name: 'dgrid-bench-portkey',
  private: true,
  dependencies: { '@portkey-ai/gateway': VERSION },
  overrides: { '@hono/node-server': '1.13.5', hono: '4.9.7', '@hono/node-ws': '1.2.0' },
};

/** Installed once into the user's cache, outside this project. @returns the program's file. @throws when npm cannot. */
export function installPortkey(): string {
  const folder = join(homedir(), '.cache', 'dgrid-bench', `portkey-${VERSION}`);
  const file = join(folder, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js');
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(PACKAGE, undefined, 2));
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 300_000,
  });
  if (!existsSync(file)) throw new Error(`npm installed no ${file}`);
  return file;
}
