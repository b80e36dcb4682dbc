import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { Interface } from 'ethers';
import type { JsonFragment } from 'ethers';

import { CONTRACT_NAMES, CONTRACT_PATHS, ROOT, ensureArtifacts, readArtifact } from './lib/artifacts.ts';
import { CommandError, Exit, defineCommand, runMain } from './lib/command.ts';

type GeneratedFile = { readonly path: string; readonly text: string };

const HEADER = '// Written by scripts/generate-abi.ts from the compiled contract. Do not edit.';

/** `NodeStaking` → `node-staking` */
function kebab(name: string): string {
  return name
    .replace(/^DGAI/, 'dgai-')
    .replace(/(?<=[a-z])(?=[A-Z])/g, '-')
    .toLowerCase();
}

/** `node-staking` → `nodeStaking` */
function camel(text: string): string {
  return text.replace(/-(\w)/g, (_match, letter: string) => letter.toUpperCase());
}

/** viem infers argument types from a literal, so the gateway gets TypeScript: one ABI item a line. */
function typeScript(name: string, abi: readonly JsonFragment[]): GeneratedFile {
  const items = abi.filter(({ type }) => type !== 'constructor').map((item) => `  ${JSON.stringify(item)},`);
  const text = [HEADER, `export const ${camel(kebab(name))}Abi = [`, ...items, '] as const;', ''].join('\n');
  return { path: `gateway/chain/abi/${kebab(name)}.ts`, text };
}

/** Everybody else gets signatures a person can read; ethers takes them as they are. */
function signatures(name: string, abi: readonly JsonFragment[]): GeneratedFile {
  const lines = new Interface(abi).format(false);
  return { path: `deployments/abi/${name}.json`, text: `${JSON.stringify(lines, null, 2)}\n` };
}

/** All generated files with the content they should have. */
export function abiFiles(): readonly GeneratedFile[] {
  return CONTRACT_NAMES.flatMap((name) => {
    const { abi } = readArtifact(CONTRACT_PATHS[name]);
    // The gateway never administrates anything.
    const ofGateway = CONTRACT_PATHS[name].startsWith('contracts/');
    return ofGateway ? [typeScript(name, abi), signatures(name, abi)] : [signatures(name, abi)];
  });
}

export const generateAbi = defineCommand(
  {
    name: 'generate-abi',
    summary: 'Writes the ABIs that gateway and scripts use, from what Hardhat compiled.',
    options: {
      check: { type: 'boolean', help: 'write nothing; exit 1 when a file is stale' },
    },
  },
  async ({ options, io }) => {
    ensureArtifacts(io.stderr);
    for (const { path, text } of abiFiles()) {
      const file = join(ROOT, path);
      const current = existsSync(file) && readFileSync(file, 'utf8') === text;
      if (!current && options.check) throw new CommandError(`${path} is stale: run npx node scripts/generate-abi.ts`);
      if (!current) {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text);
      }
      io.stdout(`${current ? 'current' : 'wrote'} ${path}`);
    }
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(generateAbi);
