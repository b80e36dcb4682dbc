import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { format, resolveConfig } from 'prettier';

import { EVALUATOR_SETTINGS } from '../gateway/agents/evaluator/settings.ts';
import { NODE_SETTINGS } from '../gateway/agents/node/config.ts';
import { GATEWAY_SETTINGS } from '../gateway/config.ts';
import { settingsTable } from '../gateway/lib/settings.ts';
import { ROOT } from './lib/artifacts.ts';
import { CommandError, Exit, defineCommand, runMain } from './lib/command.ts';

const PAGE = join(ROOT, 'docs/configuration.md');
const TABLES = { gateway: GATEWAY_SETTINGS, 'node agent': NODE_SETTINGS, 'evaluator agent': EVALUATOR_SETTINGS };

function withTable(page: string, marker: string, table: string): string {
  const [before, after] = page.split(`<!-- ${marker} -->\n`);
  if (before === undefined || after === undefined) throw new CommandError(`${PAGE} has no marker "${marker}"`);
  const rest = after.replace(/^\s*(?:\|.*\n?)*/, '');
  return `${before}<!-- ${marker} -->\n\n${table}\n\n${rest}`;
}

/** The page as the code wants it, in the repository's own format. */
async function expectedPage(page: string): Promise<string> {
  const filled = Object.entries(TABLES).reduce(
    (text, [name, table]) => withTable(text, name, settingsTable(table)),
    page,
  );
  return format(filled, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
}

export const generateConfiguration = defineCommand(
  {
    name: 'generate-configuration',
    summary: 'Writes the tables of docs/configuration.md from the options of the three servers.',
    options: {
      check: { type: 'boolean', help: 'write nothing; exit 1 when the page is stale' },
    },
  },
  async ({ options, io }) => {
    const page = readFileSync(PAGE, 'utf8');
    const expected = await expectedPage(page);
    const current = page === expected;
    if (!current && options.check) {
      throw new CommandError(`${PAGE} is stale: run npx node scripts/generate-configuration.ts`);
    }
    if (!current) writeFileSync(PAGE, expected);
    io.stdout(`${current ? 'current' : 'wrote'} ${PAGE}`);
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(generateConfiguration);
