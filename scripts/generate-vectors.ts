import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { CommandError, Exit, defineCommand, runMain } from './lib/command.ts';
import { vectorFiles } from './lib/vectors/files.ts';

const FOLDER = fileURLToPath(new URL('../test/vectors/', import.meta.url));

/** Writes test/vectors/*.json: what viem, ethers and Solidity must all reproduce. */
export const generateVectors = defineCommand(
  {
    name: 'generate-vectors',
    summary: 'Writes the golden vectors: encodings computed with ethers only, consensus by its definition.',
    options: {
      out: { type: 'string', value: 'FOLDER', help: 'where to write (default: test/vectors)' },
      check: { type: 'boolean', help: 'write nothing; exit 1 when a file differs from what would be written' },
    },
  },
  async ({ options, io }) => {
    const folder = options.out ?? FOLDER;
    for (const { name, text: write } of vectorFiles()) {
      const path = join(folder, name);
      const text = write();
      if (options.check) {
        if (readText(path) !== text) throw new CommandError(`${path} is not what generate-vectors writes`);
      } else {
        mkdirSync(folder, { recursive: true });
        writeFileSync(path, text);
      }
      io.stdout(`${options.check ? 'current' : 'wrote'} ${path} (${text.length} bytes)`);
    }
    return Exit.ok;
  },
);

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

if (import.meta.main) await runMain(generateVectors);
