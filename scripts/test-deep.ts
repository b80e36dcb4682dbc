import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { ROOT } from './lib/artifacts.ts';
import { Exit, UsageError, defineCommand, runMain } from './lib/command.ts';

type Stage = { readonly name: string; readonly command: readonly string[] };
type Outcome = { readonly name: string; readonly status: number; readonly seconds: number };

const bin = (name: string): string => join(ROOT, 'node_modules/.bin', name);

/** Everything that CI runs, in depth. Every stage runs, whatever the ones before it found. */
export const STAGES: readonly Stage[] = [
  {
    name: 'contracts',
    command: [bin('hardhat'), 'test', 'solidity', '--config', 'scripts/hardhat/deep.config.ts'],
  },
  { name: 'coverage', command: [process.execPath, 'scripts/coverage.ts'] },
  { name: 'gas', command: [process.execPath, 'bench/contracts-gas.ts', '--check'] },
  {
    name: 'unit',
    command: [bin('mocha'), 'test/gateway/**/*.test.ts', 'test/scripts/**/*.test.ts', '--timeout', '1800000'],
  },
  { name: 'integration', command: [bin('mocha'), 'test/integration/**/*.test.ts', '--timeout', '1800000'] },
];

function runStage({ name, command: [program = '', ...args] }: Stage): Outcome {
  const startedAt = performance.now();
  const { status } = spawnSync(program, args, {
    cwd: ROOT,
    env: { ...process.env, DGRID_DEEP: '1' },
    stdio: 'inherit',
  });
  return { name, status: status ?? 1, seconds: Math.round((performance.now() - startedAt) / 1_000) };
}

export const testDeep = defineCommand(
  {
    name: 'test-deep',
    summary: 'All tests with the run counts that are too long for every commit.',
    options: {
      only: { type: 'string', value: 'STAGE', help: `one of ${STAGES.map(({ name }) => name).join(', ')}` },
    },
  },
  async ({ options, io }) => {
    const stages = STAGES.filter(({ name }) => options.only === undefined || name === options.only);
    if (stages.length === 0) throw new UsageError(`no stage is called "${options.only ?? ''}"`);
    const outcomes = stages.map((stage) => {
      io.stdout(`\n=== ${stage.name}: ${stage.command.slice(1).join(' ')}`);
      return runStage(stage);
    });
    io.stdout('\nstage          exit   seconds');
    for (const { name, status, seconds } of outcomes) {
      io.stdout(`${name.padEnd(14)} ${String(status).padStart(4)} ${String(seconds).padStart(9)}`);
    }
    return outcomes.every(({ status }) => status === 0) ? Exit.ok : Exit.failed;
  },
);

if (import.meta.main) await runMain(testDeep);
