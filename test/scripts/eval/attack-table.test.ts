import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** The table "Every attack and its test" of docs/poq-attacks.md, held against the tests that it names. */
const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

type Row = { readonly attack: string; readonly tests: readonly { readonly file: string; readonly title?: string }[] };

function rowsOf(page: string): Row[] {
  const section = page.split('## Every attack and its test')[1]?.split(/^## /m)[0] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => {
      const cells = line.split('|').map((cell) => cell.trim());
      return { attack: cells[1] ?? '', tests: (cells[4] ?? '').split(';').flatMap(testsOf) };
    });
}

/** A file, or `attacks`, and the titles behind its colon. */
function testsOf(text: string): Row['tests'] {
  const quoted = [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');
  const isShort = text.trim().startsWith('attacks:');
  const file = isShort ? 'test/scripts/eval/attacks.test.ts' : (quoted[0] ?? '');
  const titles = isShort ? quoted : quoted.slice(1);
  return titles.length === 0 ? [{ file }] : titles.map((title) => ({ file, title }));
}

describe('docs/poq-attacks.md', () => {
  const rows = rowsOf(read('docs/poq-attacks.md'));

  it('lists every attack that the design knows', () => {
    const attacks = new Set(rows.map(({ attack }) => attack));
    const known =
      'noise,boost,sabotage,intermittent,collusion,copycat,lazy constant,prompt injection,reference stuffing,model downgrade,' +
      'Sybil split,latency stretching,re-rolled draw,withheld reveal,gateway bias,equivocation,replay,wash traffic,' +
      'fake feedback,schema bomb,constant answers,verbosity,copying,self-traffic';
    for (const name of known.split(',')) assert.ok(attacks.has(name), `no row for ${name}`);
  });

  it('names a test for each that exists', () => {
    for (const { attack, tests } of rows) {
      assert.ok(tests.length > 0, `${attack} has no test`);
      for (const { file, title } of tests) {
        const text = read(file);
        if (title === undefined) continue;
        const found = text.includes(`it('${title}'`) || text.includes(`function ${title}(`);
        assert.ok(found, `${attack}: no test "${title}" in ${file}`);
      }
    }
  });
});
