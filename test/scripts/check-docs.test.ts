import assert from 'node:assert/strict';

import { checkDocs } from '../../scripts/check-docs.ts';
import { docProblems } from '../../scripts/lib/docs/problems.ts';
import type { Project } from '../../scripts/lib/docs/problems.ts';
import { run } from './support/run.ts';

const PROJECT: Project = {
  files: [
    'README.md',
    'docs/a.md',
    'gateway/poq/score.ts',
    'scripts/go.ts',
    'scripts/sub/x.json',
    'deployments/1.json',
  ],
  npmScripts: { go: 'node scripts/go.ts', lint: 'eslint .' },
  names: new Set(['DGRID_RPC_URL', 'DGRID_INTERNAL']),
  help: new Map([
    ['scripts/go.ts', '  --fast  quickly\n  --fast-lane  on the left'],
    ['scripts/other.ts', '  --slow'],
  ]),
};

const problems = (text: string, path = 'docs/a.md'): string[] =>
  docProblems([{ path, text }], PROJECT).map((line) => line.replace(`${path}: `, ''));

describe('scripts/lib/docs', () => {
  it('returns nothing for what exists', () => {
    const page = [
      '[readme](../README.md) [below](#part) [readme part](../README.md#part) [folder](../scripts/) [web](https://x.org/y)',
      '`score.ts` `gateway/poq/` `poq/` `gateway/*/score.ts` `deployments/<chainId>.json` `config.json` `/v1/models/`',
      '`DGRID_RPC_URL`, DGRID_INTERNAL, `DGRID_NODE_…` and `DGRID_*`; `npm run go -- --fast`, `npm run lint -- --fix-not-ours`',
      '`--slow`, `input/output`, `npx node scripts/go.ts --fast-lane`',
    ];
    assert.deepEqual(problems(page.join('\n')), ['option --fix-not-ours']);
  });

  it('returns links and paths that lead nowhere', () => {
    assert.deepEqual(
      problems('[x](../b.md) [y](README.md) [z](../../README.md)\n`gone.ts` `gateway/gone` `poq/gone.ts` `q/`'),
      [
        'link to ../b.md',
        'link to README.md',
        'link to ../../README.md',
        'path gone.ts',
        'path gateway/gone',
        'path poq/gone.ts',
        'path q/',
      ],
    );
  });

  it('returns names, scripts, programs and options that are unknown', () => {
    assert.deepEqual(problems('`DGRID_GONE` and `npm run gone`, `npx node scripts/gone.ts`, `--gone`, `--fas`'), [
      'DGRID_GONE',
      'npm run gone',
      'program scripts/gone.ts',
      'option --gone',
      'option --fas',
    ]);
  });

  it('rejects an option that only another program has', () => {
    assert.deepEqual(problems('`npx node scripts/go.ts --slow`, `npm run go -- --slow`'), ['scripts/go.ts --slow']);
  });

  it('reads shell blocks by whole commands and leaves other blocks and comments alone', () => {
    const block = [
      '```sh',
      'npx node scripts/go.ts a \\',
      '  --slow  # or --later',
      '# --never',
      '```',
      '',
      '```ts',
      'x --y;',
      '```',
    ];
    assert.deepEqual(problems(block.join('\n')), ['scripts/go.ts --slow']);
  });
});

describe('scripts/check-docs', () => {
  it('finds nothing wrong in the documentation', async () => {
    const outcome = await run(checkDocs, []);
    assert.equal(outcome.code, 0, outcome.err);
    assert.match(outcome.out, /^[1-9]\d+ pages, 0 problems$/);
  }).timeout(60_000);
});
