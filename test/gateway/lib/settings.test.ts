import assert from 'node:assert/strict';

import {
  ADDRESS,
  SettingsError,
  choice,
  flag,
  integer,
  list,
  readSettings,
  settingsTable,
  text,
} from '../../../gateway/lib/settings.ts';

const SETTINGS = {
  port: integer({ env: 'T_PORT', doc: 'Port.', min: 0, max: 65_535, fallback: 80 }),
  account: text({ env: 'T_ACCOUNT', doc: 'Account.', ...ADDRESS }),
  secret: text({ env: 'T_SECRET', doc: 'Secret.', secret: true, pattern: /^s+$/, fallback: 's' }),
  on: flag({ env: 'T_ON', doc: 'Switch.', fallback: false }),
  level: choice({ env: 'T_LEVEL', doc: 'Level.', options: ['low', 'high'], fallback: 'low' }),
  names: list({ env: 'T_NAMES', doc: 'Names.', fallback: [] }),
};
const account = `0x${'0a'.repeat(20)}`;

const problems = (env: Record<string, string>, file?: unknown): readonly string[] => {
  try {
    readSettings(SETTINGS, { env, file });
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
};

describe('settings', () => {
  it('returns values from the environment before the file before the defaults, frozen', () => {
    const values = readSettings(SETTINGS, {
      env: { T_PORT: '8080', T_NAMES: 'a, b,', T_ON: 'true' },
      file: { account, port: 1, level: 'high' },
    });
    assert.deepEqual(values, { port: 8_080, account, secret: 's', on: true, level: 'high', names: ['a', 'b'] });
    assert.ok(Object.isFrozen(values));
  });

  it('rejects with every problem at once, one line each, naming the option', () => {
    const found = problems({ T_PORT: '99999', T_ON: 'maybe', T_LEVEL: 'mid' }, { nmaes: [] });
    assert.deepEqual(
      found.map((line) => line.split(':')[0]),
      ['nmaes', 'T_PORT', 'T_ACCOUNT', 'T_ON', 'T_LEVEL'],
    );
    assert.ok(found.every((line) => !line.includes('\n')));
  });

  it('rejects numbers that are none', () => {
    for (const bad of ['x', '1.5', '1e3', '-1', '0x10', ' '])
      assert.equal(problems({ T_ACCOUNT: account, T_PORT: bad }).length, 1, bad);
  });

  it('rejects a wrong secret without repeating it', () => {
    const [line] = problems({ T_ACCOUNT: account, T_SECRET: 'hunter2' });
    assert.match(line ?? '', /^T_SECRET: must/);
    assert.ok(!line?.includes('hunter2'));
  });

  it('rejects a file that is no object', () => {
    for (const file of [[], 'x', null]) assert.ok(problems({ T_ACCOUNT: account }, file).length > 0);
  });

  it('returns a table with one row per option', () => {
    const rows = settingsTable(SETTINGS).split('\n');
    assert.equal(rows.length, 2 + Object.keys(SETTINGS).length);
    assert.ok(rows.some((row) => row.includes('`T_ACCOUNT`') && row.includes('**required**')));
  });
});
