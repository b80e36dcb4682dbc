import assert from 'node:assert/strict';

import fc from 'fast-check';

import { FAMILIES } from '../../../gateway/protocol/constants.ts';
import { profileTask, readTask } from '../../../gateway/route/task-profile.ts';

const of = (content: string, extra: object = {}) =>
  profileTask({ model: 'm', messages: [{ role: 'user', content }], ...extra });
const family = (content: string, extra: object = {}): string => FAMILIES[of(content, extra).family] ?? '';

describe('the task profile', () => {
  const tasks: readonly (readonly [string, string])[] = [
    ['Hello there, how are you?', 'chat'],
    ['Write a Python function that reverses a list and add unit tests.', 'code'],
    ['Anna has 12 apples and buys 7 more. How many apples does she have? Calculate 12 + 7.', 'maths'],
    ['Passage: The river rises in the hills.\n\nQuestion: where does it rise? Answer from the passage.', 'reading'],
    ['Summarize the following article in two sentences: …', 'summary'],
    ['Extract the name and the date from this text as JSON with the keys name and date.', 'extraction'],
    ['Classify the sentiment of this review as positive or negative: great!', 'classification'],
    ['Translate into French: good morning', 'translation'],
    ['Write a short poem about autumn.', 'creative'],
    ['Who discovered penicillin?', 'knowledge'],
  ];
  for (const [text, name] of tasks)
    it(`returns ${name} for "${text.slice(0, 40)}"`, () => assert.equal(family(text), name));

  it('returns the family the caller states', () => assert.equal(family('Hello', { task: 'code' }), 'code'));

  it('returns more complexity for more to work out, within its range', () => {
    const hard = 'Find the residue of exp(z)/(z^2 - 1) at z = 1 and use it to evaluate the contour integral.';
    assert.ok(of('Hello there!').complexity + 1_000 < of(hard).complexity);
    assert.ok(
      of(hard).complexity < of(`${hard}\n${'Take this remark into account as well. '.repeat(2_000)}`).complexity,
    );
  });

  it('returns the length of answer that is asked for, up to the cap', () => {
    const tokens = (text: string, extra: object = {}): number => of(text, extra).expectedTokens;
    assert.equal(tokens('Write a poem about autumn in 50 words.'), 70);
    assert.equal(tokens('Write a poem about autumn in 50 words.', { max_tokens: 30 }), 30);
    assert.ok(tokens('Write a poem about autumn.') > 300);
    assert.equal(tokens('Is this review positive or negative? Answer with one word. "Great!"'), 8);
    // Two lines of the problem are none of its answer.
    assert.ok(tokens('Two lines meet at 40 degrees. Calculate the other angles of the triangle.') > 100);
  });

  it('returns the language where it is plain', () => {
    assert.equal(of('Wie heißt die Hauptstadt von Norwegen?').language, 'de');
    assert.ok(!('language' in of('12 + 7')));
  });

  it('reads the task in a system message, and what a short follow-up follows', () => {
    const chat = (...messages: readonly (readonly [string, string])[]): string =>
      FAMILIES[profileTask({ messages: messages.map(([role, content]) => ({ role, content })) }).family] ?? '';
    const system =
      'You classify reviews.\nLabel each review: positive, negative or neutral. Answer with the label only.';
    assert.equal(chat(['system', system], ['user', 'The battery lasts two days.']), 'classification');
    assert.equal(
      chat(['user', 'Translate "good morning" into French.'], ['assistant', 'Bonjour'], ['user', 'and German?']),
      'translation',
    );
  });

  it('returns no more buckets than there are characters in the window to make them', () => {
    const words = Array.from({ length: 400_000 }, (_, index) => index.toString(36)).join(' ');
    const { features } = readTask({ messages: [{ role: 'user', content: words }] });
    assert.ok(features.size > 1_000 && features.size < 5 * 4_098);
  });

  it('returns integers in range for any body', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary', maxLength: 200 }), (messages, text) => {
        for (const body of [{ messages }, { messages: [{ role: 'user', content: text }] }] as const) {
          const { family: number, complexity, promptTokens, expectedTokens } = profileTask(body);
          for (const value of [number, complexity, promptTokens, expectedTokens])
            assert.ok(Number.isInteger(value) && value >= 0);
          assert.ok(number < FAMILIES.length && complexity <= 10_000);
        }
      }),
    );
  });

  for (const [name, text] of [
    ['one character', 'a'.repeat(10_000_000)],
    ['digits', '1 '.repeat(5_000_000)],
    ['nested brackets', '['.repeat(10_000_000)],
    ['quotes and spaces', '" '.repeat(5_000_000)],
  ] as const) {
    it(`reads no more than the ends of ten megabytes of ${name}`, () => {
      // The middle decides nothing: whatever stands there, the profile is that of the ends and of the length.
      const other = `${text.slice(0, 4_096)}${'\nTranslate "ok" into French.'.padEnd(text.length - 8_192, 'x')}${text.slice(-4_096)}`;
      assert.equal(other.length, text.length);
      assert.deepEqual(of(text), of(other));
    });
  }
});
