import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { helpText, readCommandLine, readNamed } from '../../../gateway/lib/program.ts';
import type { Program } from '../../../gateway/lib/program.ts';
import { SettingsError, integer } from '../../../gateway/lib/settings.ts';

const PROGRAM: Program = {
  name: 'mill',
  summary: 'The mill: grinds.',
  path: 'mill.ts',
  commands: { doctor: 'looks at the stones' },
  options: { grain: 'NAME' },
  settings: { port: integer({ env: 'MILL_PORT', doc: 'Port.', min: 0, max: 9, fallback: 1 }) },
};

const problems = (run: () => unknown): readonly string[] => {
  try {
    run();
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
};

describe('a server as a program', () => {
  let folder: string;
  let config: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'dgrid-program-'));
    config = join(folder, 'config.json');
    writeFileSync(config, '{"port":3}');
  });
  after(() => rmSync(folder, { recursive: true }));

  it('returns command, options and the content of the configuration file, in any order', () => {
    const serve = { help: false, command: undefined, file: undefined, values: {} };
    assert.deepEqual(readCommandLine(PROGRAM, []), serve);
    for (const args of [
      ['doctor', '--config', config, '--grain', 'rye'],
      ['--grain=rye', `--config=${config}`, 'doctor'],
    ]) {
      const { command, file, values } = readCommandLine(PROGRAM, args);
      assert.deepEqual([command, file, values['grain']], ['doctor', { port: 3 }, 'rye']);
    }
    assert.equal(readCommandLine(PROGRAM, ['--help', '--config', join(folder, 'none')]).help, true);
  });

  it('rejects what is left over, unknown or without its value, with one line', () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['fly'], /^not understood: fly \(/],
      [['doctor', 'now'], /^not understood: now \(/],
      [['toString'], /^not understood: toString \(/],
      [['--salt', '1'], /^Unknown option '--salt' \(/],
      [['--config'], /argument missing \(/],
      [['--config', '--grain', 'rye'], /'--config' argument is ambiguous/],
    ];
    for (const [args, expected] of cases) {
      const found = problems(() => readCommandLine(PROGRAM, args));
      assert.equal(found.length, 1, args.join(' '));
      assert.match(found[0] ?? '', expected);
      assert.doesNotMatch(found[0] ?? '', /\n/);
    }
  });

  it('rejects a file that cannot be read under the name of its option, and repeats nothing of its content', () => {
    writeFileSync(join(folder, 'broken.json'), '{"signerKey": 0xdeadbeef}');
    const [broken = ''] = problems(() => readCommandLine(PROGRAM, ['--config', join(folder, 'broken.json')]));
    assert.match(broken, /^--config: .*broken\.json: not valid JSON/);
    assert.doesNotMatch(broken, /dead|signerKey/);
    const [missing = ''] = problems(() => readNamed('MILL_KEYS', join(folder, 'none'), String));
    assert.match(missing, /^MILL_KEYS: .*ENOENT/);
  });

  it('returns a help text with summary, usage, options and exit codes', () => {
    const help = helpText(PROGRAM);
    for (const part of [
      'The mill: grinds.',
      'npx node mill.ts [--config FILE] [--grain NAME]',
      'npx node mill.ts doctor [--config FILE] [--grain NAME]',
      'MILL_PORT',
      'Exit codes: 0',
    ])
      assert.ok(help.includes(part), part);
  });
});
