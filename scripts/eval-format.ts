import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { textTable } from './eval/attacks/text-table.ts';
import { DRAFTS, runDraft } from './eval/format/suite.ts';
import type { DraftName, DraftResult } from './eval/format/suite.ts';
import { CommandError, Exit, UsageError, defineCommand, runMain, toJson } from './lib/command.ts';
import { JSON_OPTION } from './lib/session.ts';

export const evalFormat = defineCommand(
  {
    name: 'eval-format',
    summary: 'Holds the format scorer’s JSON Schema check against the cases of the JSON-Schema-Test-Suite.',
    options: {
      suite: { type: 'string', value: 'DIR', help: 'folder with draft4 … draft2020-12 (the suite’s tests/)' },
      ...JSON_OPTION,
    },
    notes: ['Cases that need a document from elsewhere are listed and not counted: nothing is ever fetched.'],
  },
  async ({ options: { suite, json }, io }) => {
    if (suite === undefined) throw new UsageError('--suite is missing');
    const drafts = (Object.keys(DRAFTS) as DraftName[]).filter((draft) => existsSync(join(suite, draft)));
    if (drafts.length === 0)
      throw new CommandError(`${suite} has none of the folders ${Object.keys(DRAFTS).join(', ')}`);
    const results = drafts.map((draft) => runDraft(suite, draft));
    const sum = (value: (result: DraftResult) => number): number => results.reduce((all, one) => all + value(one), 0);
    const [cases, agreed] = [sum((one) => one.cases), sum((one) => one.agreed)];
    if (json) io.stdout(toJson({ cases, agreed, drafts: results }));
    else textReport(results, cases, agreed).forEach(io.stdout);
    return Exit.ok;
  },
);

function textReport(results: readonly DraftResult[], cases: number, agreed: number): string[] {
  const remoteTests = ({ remote }: DraftResult): number => remote.reduce((sum, { tests }) => sum + tests, 0);
  const rows = results.map((result) => [
    result.draft,
    String(result.cases),
    String(result.agreed),
    `${result.optional.agreed} of ${result.optional.cases}`,
    String(remoteTests(result)),
  ]);
  const exceptions = results.flatMap(({ disagreements }) => disagreements);
  return [
    ...textTable(['draft', 'cases', 'agree', 'optional ones among them', 'need a remote document'], rows),
    '',
    `${agreed} of ${cases} cases agree`,
    ...exceptions.map(
      ({ file, group, test, expected, found }) =>
        `  ${file}: ${group} / ${test}: expected ${verdict(expected)}, found ${found === null ? 'no verdict' : verdict(found)}`,
    ),
    '',
    'Groups that need a document from elsewhere, by file',
    ...[...remoteFiles(results)].map(([file, tests]) => `  ${file}: ${tests} cases`),
  ];
}

function remoteFiles(results: readonly DraftResult[]): ReadonlyMap<string, number> {
  const files = new Map<string, number>();
  for (const { file, tests } of results.flatMap(({ remote }) => remote))
    files.set(file, (files.get(file) ?? 0) + tests);
  return files;
}

function verdict(isValid: boolean): string {
  return isValid ? 'valid' : 'invalid';
}

if (import.meta.main) await runMain(evalFormat);
