import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../../scripts/lib/artifacts.ts';

type Row = { readonly id: string; readonly cell: string };
type Test = { readonly classes: readonly string[]; readonly title: string };

const CLASSES = Array.from({ length: 38 }, (_, index) => String(index + 1).padStart(2, '0'));

function rows(): readonly Row[] {
  const text = readFileSync(join(ROOT, 'docs/contracts/audit-classes.md'), 'utf8');
  return [...text.matchAll(/^\| (\d\d) +\|[^|]*\|(.*)\|$/gm)].map(([, id = '', cell = '']) => ({ id, cell }));
}

function solidityTests(): readonly Test[] {
  return globSync('test/contracts/**/*.t.sol', { cwd: ROOT }).flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/function ((?:test|invariant)\w*)\(/g)].map(
      ([, title = '']) => ({
        title,
        classes: [...title.matchAll(/_Class(\d\d)(?!\d)/g)].map(([, id = '']) => id),
      }),
    ),
  );
}

function mochaTests(): readonly Test[] {
  return globSync('test/{gateway,scripts}/**/*.test.ts', { cwd: ROOT }).flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/it\('([^']*\(class (\d\d)\))'/g)].map(
      ([, title = '', id = '']) => ({ title, classes: [id] }),
    ),
  );
}

describe('docs/contracts/audit-classes', () => {
  const listed = rows();
  const tests = [...solidityTests(), ...mochaTests()];

  it('lists every class once, in order', () => {
    assert.deepEqual(
      listed.map(({ id }) => id),
      CLASSES,
    );
  });

  it('names only tests that exist and whose title names the class', () => {
    for (const { id, cell } of listed) {
      const named = [...cell.matchAll(/`((?:test|invariant)\w*_\w+)`|"([^"]+)"/g)].map(([, a, b]) => a ?? b ?? '');
      for (const title of named) {
        const test = tests.find((one) => one.title === title);
        assert.ok(test?.classes.includes(id), `class ${id}: ${title}`);
      }
      assert.ok(named.length > 0 || cell.includes('does not apply: '), `class ${id} has neither test nor reason`);
    }
  });

  it('leaves out no test that names a class', () => {
    for (const { title, classes } of tests) {
      for (const id of classes) {
        const row = listed.find((one) => one.id === id);
        assert.ok(row?.cell.includes(title), `class ${id} does not list ${title}`);
      }
    }
  });
});
