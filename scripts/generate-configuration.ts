import { readFileSync, writeFileSync } from 'node:fs';

import { EVALUATOR_SETTINGS } from '../gateway/agents/evaluator/settings.ts';
import { NODE_SETTINGS } from '../gateway/agents/node/config.ts';
import { GATEWAY_SETTINGS } from '../gateway/config.ts';
import { settingsTable } from '../gateway/lib/settings.ts';

/** Writes the tables of docs/configuration.md from the options of the servers. Format the file afterwards. */
const path = new URL('../docs/configuration.md', import.meta.url);

function withTable(page: string, marker: string, table: string): string {
  const [before, after] = page.split(`<!-- ${marker} -->\n`);
  if (before === undefined || after === undefined) throw new Error(`docs/configuration.md has no marker "${marker}"`);
  const rest = after.replace(/^\s*(?:\|.*\n?)*/, '');
  return `${before}<!-- ${marker} -->\n\n${table}\n\n${rest}`;
}

let page = readFileSync(path, 'utf8');
page = withTable(page, 'gateway', settingsTable(GATEWAY_SETTINGS));
page = withTable(page, 'node agent', settingsTable(NODE_SETTINGS));
page = withTable(page, 'evaluator agent', settingsTable(EVALUATOR_SETTINGS));
writeFileSync(path, `${page.trimEnd()}\n`);
