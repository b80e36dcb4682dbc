import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { readVocabulary } from '../../../gateway/execute/vocabulary.ts';

const rankIn = (list: string, text: string): number => {
  const bytes = Buffer.from(text);
  return readVocabulary(Buffer.from(list)).rankOf(viewOf(bytes), 0, bytes.length);
};

/** With room behind it, which says something else each time. */
const viewOf = (bytes: Buffer): DataView =>
  new DataView(Uint8Array.from([...bytes, ...[1, 2, 3].map((one) => one * bytes.length)]).buffer);

describe('vocabulary', () => {
  it('returns the rank of every token of the list, and none for what is no token', () => {
    const list = readFileSync(fileURLToPath(import.meta.resolve('gpt-tokenizer/data/o200k_base.tiktoken')));
    const vocabulary = readVocabulary(list);
    const lines = list.toString('latin1').trimEnd().split('\n');
    assert.ok(lines.length > 199_000);
    lines.forEach((line, rank) => {
      const token = Buffer.from(line.slice(0, line.indexOf(' ')), 'base64');
      assert.equal(vocabulary.rankOf(viewOf(token), 0, token.length), rank);
    });
    const none = Buffer.from('qzxj qzxj');
    assert.equal(vocabulary.rankOf(viewOf(none), 0, none.length), -1);
  });

  it('returns the same with and without padding and a last line end', () => {
    for (const list of ['YQ== 0\nYmM= 1\n', 'YQ 0\nYmM 1']) assert.equal(rankIn(list, 'bc'), 1);
  });

  it('rejects a list whose lines do not stand in the order of their ranks', () => {
    for (const list of ['YQ== 1\n', 'YQ== 0\nYg==\n', 'YQ== 0\nYg== \n', 'YQ== 0\nYg== x1\n', 'YQ== 0\nYg== 2\n'])
      assert.throws(() => readVocabulary(Buffer.from(list)), RangeError);
  });
});
