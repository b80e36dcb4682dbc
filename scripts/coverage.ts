import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { ROOT } from './lib/artifacts.ts';
import { CommandError, Exit, defineCommand, runMain } from './lib/command.ts';
import { runHardhat } from './lib/hardhat.ts';

type Row = { readonly file: string; readonly lines: number; readonly statements: number; readonly missing: string };

const ROW = /^[|│║]\s*(contracts\/\S+\.sol)\s*[|│║]\s*([\d.]+)\s*[|│║]\s*([\d.]+)\s*[|│║]\s*(.*?)\s*[|│║]/;
const REPORT = 'coverage';

/** The rows of Hardhat's table that speak of contracts; test doubles are none. */
export function coverageRows(output: string): readonly Row[] {
  return stripVTControlCharacters(output)
    .split('\n')
    .flatMap((line) => {
      const [, file, lines, statements, missing = ''] = ROW.exec(line) ?? [];
      if (file === undefined || file.startsWith('contracts/mocks/')) return [];
      return [{ file, lines: Number(lines), statements: Number(statements), missing }];
    });
}

/** What keeps the contracts from being covered in full; empty if nothing does. */
export function coverageGaps(rows: readonly Row[], withCode: readonly string[]): readonly string[] {
  const absent = withCode.filter((file) => !rows.some((row) => row.file === file));
  return [
    ...absent.map((file) => `${file}: not in the report`),
    ...rows
      .filter(({ lines, statements }) => lines < 100 || statements < 100)
      .map(
        ({ file, lines, statements, missing }) => `${file}: lines ${lines} %, statements ${statements} %; ${missing}`,
      ),
  ];
}

function tableOf(rows: readonly Row[]): readonly string[] {
  const width = Math.max(...rows.map(({ file }) => file.length));
  const cell = (value: number): string => value.toFixed(2).padStart(10);
  return [
    `${'file'.padEnd(width)} ${'lines %'.padStart(10)} ${'stmts %'.padStart(10)}`,
    ...rows.map(({ file, lines, statements }) => `${file.padEnd(width)} ${cell(lines)} ${cell(statements)}`),
  ];
}

export const coverage = defineCommand(
  {
    name: 'coverage',
    summary: 'Runs the Solidity tests over instrumented contracts; every line and statement must be reached.',
    options: { verbose: { type: 'boolean', help: 'show what Hardhat says while it works' } },
  },
  async ({ options, io }) => {
    const startedAt = performance.now();
    rmSync(join(ROOT, REPORT), { recursive: true, force: true });
    const { status, output } = await runHardhat(
      ['test', 'solidity', '--coverage', '--config', 'scripts/hardhat/coverage.config.ts'],
      (text) => {
        if (options.verbose) io.stderr(text.trimEnd());
      },
    );
    if (status !== 0) throw new CommandError(`the tests fail:\n${output}`);
    const rows = coverageRows(output);
    tableOf(rows).forEach(io.stdout);
    const gaps = coverageGaps(rows, globSync('contracts/{*,libraries/*}.sol', { cwd: ROOT }));
    gaps.forEach(io.stderr);
    io.stdout(`${Math.round((performance.now() - startedAt) / 1_000)} s`);
    return gaps.length === 0 && rows.length > 0 ? Exit.ok : Exit.failed;
  },
);

if (import.meta.main) await runMain(coverage);
