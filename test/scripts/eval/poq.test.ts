import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { evalPoq } from '../../../scripts/eval-poq.ts';
import { run } from '../support/run.ts';

const ROWS = [
  ['What is the capital of France?', 'Paris', 'The capital of France is Paris.', 'It is Lyon.'],
  ['Who wrote Hamlet?', 'Shakespeare', 'Hamlet was written by Shakespeare.', 'Marlowe wrote it.'],
  ['What is the largest planet?', 'Jupiter', 'Jupiter is the largest planet.', 'That would be Saturn.'],
].map(([question = '', golden = '', right = '', wrong = '']) => ({
  question,
  golden,
  answers: { good: { text: right, correct: true }, bad: { text: wrong, correct: false } },
}));

describe('scripts/eval-poq', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dgrid-eval-'));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  after(() => rmSync(folder, { recursive: true }));

  it('ranks the system that people call right before the other', async () => {
    const data = file('rows.jsonl', `${ROWS.map((row) => JSON.stringify(row)).join('\n')}\n`);
    const outcome = await run(evalPoq, ['--data', data, '--json']);
    assert.equal(outcome.code, 0, outcome.err);
    const { rows, ranking, scorers } = outcome.json() as {
      rows: number;
      ranking: { human: string[]; poq: string[] };
      scorers: { id: string; auc: number }[];
    };
    assert.equal(rows, 3);
    assert.deepEqual(ranking, { human: ['good', 'bad'], poq: ['good', 'bad'] });
    assert.equal(scorers.find(({ id }) => id === 'accuracy')?.auc, 1);
    assert.match((await run(evalPoq, ['--data', data])).out, /^3 questions; default scorer 0x[0-9a-f]{64}\n/);
  });

  it('rejects missing, unreadable and empty data', async () => {
    assert.equal((await run(evalPoq, [])).code, 2);
    assert.equal((await run(evalPoq, ['--data', join(folder, 'nothing')])).code, 2);
    assert.equal((await run(evalPoq, ['--data', file('empty.jsonl', '\n')])).code, 1);
  });
});
