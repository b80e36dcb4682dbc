import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { evalFormat } from '../../../scripts/eval-format.ts';
import { remoteReference } from '../../../scripts/eval/format/remote.ts';

const GROUPS = [
  {
    description: 'types',
    schema: { type: 'integer' },
    tests: [
      { description: 'an integer', data: 1, valid: true },
      { description: 'a text that the suite is wrong about', data: 'x', valid: true },
    ],
  },
  {
    description: 'remote',
    schema: { $ref: 'http://localhost:1234/integer.json' },
    tests: [{ description: 'an integer', data: 1, valid: true }],
  },
];

describe('eval-format', () => {
  let suite = '';
  before(() => {
    suite = mkdtempSync(join(tmpdir(), 'dgrid-suite-'));
    mkdirSync(join(suite, 'draft7/optional'), { recursive: true });
    writeFileSync(join(suite, 'draft7/type.json'), JSON.stringify(GROUPS));
    writeFileSync(join(suite, 'draft7/optional/type.json'), JSON.stringify(GROUPS.slice(0, 1)));
  });
  after(() => rmSync(suite, { recursive: true }));

  async function run(...argv: readonly string[]): Promise<{ code: number; out: string; err: string }> {
    const [out, err]: [string[], string[]] = [[], []];
    const io = { env: {}, stdout: (line: string) => out.push(line), stderr: (line: string) => err.push(line) };
    return { code: await evalFormat(argv, io), out: out.join('\n'), err: err.join('\n') };
  }

  it('returns counts and every exception', async () => {
    const { code, out } = await run('--suite', suite, '--json');
    const { cases, agreed, drafts } = JSON.parse(out);
    assert.deepEqual([code, cases, agreed], [0, 4, 2]);
    assert.deepEqual(drafts[0].disagreements[0], {
      file: 'draft7/optional/type.json',
      group: 'types',
      test: 'a text that the suite is wrong about',
      expected: true,
      found: false,
    });
    assert.equal(drafts[0].remote[0].tests, 1);
    assert.match((await run('--suite', suite)).out, /2 of 4 cases agree/);
  });

  it('rejects a missing option and a folder without drafts', async () => {
    assert.equal((await run()).code, 2);
    assert.equal((await run('--suite', join(suite, 'draft7'))).code, 1);
  });

  it('returns references that lead out of a document only', () => {
    assert.equal(remoteReference({ $ref: '#/a', a: {} }), undefined);
    assert.equal(remoteReference({ $ref: 'http://json-schema.org/draft-07/schema#' }), undefined);
    assert.equal(
      remoteReference({ $id: 'http://a.org/x', items: { $ref: 'y' }, $defs: { y: { $id: 'y' } } }),
      undefined,
    );
    assert.equal(remoteReference({ $id: 'http://a.org/x', items: { $ref: 'y' } }), 'http://a.org/y');
    assert.equal(remoteReference({ enum: [{ $ref: 'http://a.org' }] }), undefined);
  });
});
