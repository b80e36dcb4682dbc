import assert from 'node:assert/strict';

import fc from 'fast-check';

import { codeIn, examplesIn } from '../../../../gateway/poq/dimensions/code-examples.ts';
import { check } from '../arbitraries.ts';
import { HOSTILE, anyText } from './texts.ts';

describe('code examples', () => {
  it('returns calls with the value that a request states for them', () => {
    const cases: readonly (readonly [string, string, unknown])[] = [
      ['Write add so that add(1, 2) returns 3.', 'add(1, 2)', 3],
      ['assert fib(10) == 55', 'fib(10)', 55],
      ['`isEven(3)` should be `false`', 'isEven(3)', false],
      ["slug('A b') -> 'a-b'", "slug('A b')", 'a-b'],
      ['evens([1, 2, 4]) → [2, 4], as even numbers stay.', 'evens([1, 2, 4])', [2, 4]],
      ['parse("a=1") gives {"a": 1}.', 'parse("a=1")', { a: 1 }],
      ['half(1) === 0.5', 'half(1)', 0.5],
    ];
    for (const [prompt, call, expected] of cases) assert.deepEqual(examplesIn(prompt), [{ call, expected }], prompt);
  });

  it('returns several of one line', () => {
    const found = examplesIn('add(1, 2) returns 3, and add(-1, 1) returns 0.');
    assert.deepEqual(
      found.map(({ expected }) => expected),
      [3, 0],
    );
  });

  it('returns none from prose, from calls without a value, and from values that are no literal', () => {
    for (const prompt of [
      'Explain what print(x) returns in Python.',
      'Why does main() return an integer?',
      'sum(a, b) returns a + b',
      'obj.add(1, 2) returns 3',
      'f(1) returns 3apples',
    ])
      assert.deepEqual(examplesIn(prompt), [], prompt);
  });

  it('returns the first fenced block, or all of an answer without one', () => {
    assert.deepEqual(codeIn('Sure:\n```JavaScript\nlet a;\n```\n```\nx\n```'), {
      language: 'javascript',
      code: 'let a;',
    });
    assert.deepEqual(codeIn('let a;'), { language: '', code: 'let a;' });
  });

  it('returns something for every text', () => {
    for (const text of HOSTILE) assert.ok(examplesIn(text).length <= 16 && typeof codeIn(text).code === 'string');
    check(fc.property(anyText, (text) => examplesIn(text).length <= 16 && codeIn(text).code.length <= text.length));
  });
});
