import { readFileSync, writeFileSync } from 'node:fs';

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

const page = readFileSync(path, 'utf8');
const gateway = withTable(page, 'gateway', settingsTable(GATEWAY_SETTINGS));
writeFileSync(path, `${withTable(gateway, 'node agent', settingsTable(NODE_SETTINGS)).trimEnd()}\n`);
