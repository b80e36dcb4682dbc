import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { ROOT } from './artifacts.ts';

/** Hardhat's command line in a process of its own, started without npx. */

const CLI = fileURLToPath(import.meta.resolve('hardhat/package.json')).replace(/package\.json$/, 'dist/src/cli.js');

export type Finished = { readonly status: number; readonly output: string };

/** Runs to the end; `onText` sees standard output and error as they come. */
export function runHardhat(args: readonly string[], onText: (text: string) => void): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      onText(chunk.toString());
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    child.on('close', (status) => resolve({ status: status ?? 1, output }));
  });
}
