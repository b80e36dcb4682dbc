import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { EVALUATOR_SETTINGS } from '../../gateway/agents/evaluator/settings.ts';
import { NODE_SETTINGS } from '../../gateway/agents/node/config.ts';
import { GATEWAY_SETTINGS } from '../../gateway/config.ts';
import { settingsTable } from '../../gateway/lib/settings.ts';
import type { Settings } from '../../gateway/lib/settings.ts';

const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

/** Rows without the padding that the formatter puts in. */
const rows = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `DGRID_'))
    .map((line) => line.replaceAll(/ +/g, ' ').trim());

describe('docs/configuration.md', () => {
  const tables: readonly (readonly [string, Settings])[] = [
    ['gateway', GATEWAY_SETTINGS],
    ['node agent', NODE_SETTINGS],
    ['evaluator agent', EVALUATOR_SETTINGS],
  ];

  it('lists every option of every server as the code has it, and no other', () => {
    assert.deepEqual(
      rows(page),
      tables.flatMap(([, settings]) => rows(settingsTable(settings))),
    );
  });

  it('gives no two options one name', () => {
    const names = tables.flatMap(([, settings]) => Object.values(settings).map(({ env }) => env));
    assert.deepEqual(names, [...new Set(names)]);
  });

  it('spells what all three servers have the same way', () => {
    const spelled = tables.map(([, settings]) =>
      Object.fromEntries(
        Object.entries(settings).map(([key, { env }]) => [key, env.replace(/^DGRID_(NODE_|EVALUATOR_)?/, '')]),
      ),
    );
    const shared = {
      account: 'ACCOUNT',
      signerKey: 'SIGNER_KEY',
      signerKeystore: 'SIGNER_KEYSTORE',
      signerPassword: 'SIGNER_PASSWORD',
      deploymentFile: 'DEPLOYMENT',
      dataDir: 'DATA_DIR',
      host: 'HOST',
      port: 'PORT',
      bodyLimitBytes: 'BODY_LIMIT_BYTES',
    };
    for (const settings of spelled) assert.deepEqual({ ...settings, ...shared }, settings);
  });
});
