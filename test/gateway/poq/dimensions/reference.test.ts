import assert from 'node:assert/strict';

import fc from 'fast-check';

import { accuracyWithReference, textAccuracy } from '../../../../gateway/poq/dimensions/reference.ts';
import type { Reference } from '../../../../gateway/poq/dimensions/reference.ts';
import { check } from '../arbitraries.ts';
import { HOSTILE, anyText } from './texts.ts';

const score = (answer: string, reference: Reference, question = ''): number =>
  accuracyWithReference({ question, answer, reference });

describe('accuracy with a number', () => {
  const reference = { kind: 'number', value: 1234.5 } as const;

  it('returns 10,000 for the right number however it is written', () => {
    for (const answer of [
      '1234.5',
      'The total is $1,234.50.',
      '#### 1234.5',
      '600 + 634.5 = 1,234.5',
      'x = \\boxed{1234.5}',
    ]) {
      assert.equal(score(answer, reference), 10_000, answer);
    }
  });

  it('returns 0 for another, for none, and for a list of guesses', () => {
    for (const answer of [
      '1234',
      '',
      'about a thousand',
      '1 2 3 1234.5 9999',
      'The answer is 12. Check: 1234.5 is not it.',
    ]) {
      assert.equal(score(answer, reference), 0, answer);
    }
  });
});

describe('accuracy with a choice', () => {
  const options = ['positive', 'negative', 'neutral'];
  const reference = { kind: 'choice', value: 'negative', options } as const;

  it('returns 10,000 for the one option that was chosen', () => {
    for (const answer of [
      'negative',
      'Negative.',
      '"negative"',
      'The review is negative in tone.',
      'Label: negative',
    ]) {
      assert.equal(score(answer, reference), 10_000, answer);
    }
    const lettered = { kind: 'choice', value: 'Berlin', options: ['Paris', 'Berlin'] } as const;
    assert.equal(score('(B)', lettered), 10_000);
    assert.equal(score('Answer: B', lettered), 10_000);
  });

  it('returns 0 for another option, none, or all of them', () => {
    for (const answer of ['positive', '', 'I cannot say', 'positive, negative, neutral', 'positive negative']) {
      assert.equal(score(answer, reference), 0, answer);
    }
  });
});

describe('accuracy with JSON', () => {
  const reference = { kind: 'json', value: { name: 'Ada Lovelace', year: 1815, tags: ['maths', 'poetry'] } } as const;

  it('returns the share of equal fields', () => {
    assert.equal(score('{"year":1815,"name":"ada lovelace","tags":["poetry","maths"]}', reference), 10_000);
    assert.equal(
      score('```json\n{"name":"Ada Lovelace","year":1816,"tags":["maths","poetry"]}\n```', reference),
      6_000,
    );
    assert.equal(score('{"name":"Ada Lovelace"}', reference), 2_500);
  });

  it('returns 0 for what is not JSON and less for fields nobody asked for', () => {
    assert.equal(score('name: Ada Lovelace, year: 1815', reference), 0);
    const stuffed = JSON.stringify({ ...reference.value, guess1: 1, guess2: 2, guess3: 3, guess4: 4 });
    assert.equal(score(stuffed, reference), 5_000);
  });
});

describe('accuracy with a text', () => {
  const question = 'Who was the first person to walk on the Moon?';
  const answers = ['Neil Armstrong', 'Neil Alden Armstrong'];

  it('returns much for right answers, short or wordy, and little for wrong ones', () => {
    const terse = textAccuracy(question, 'Neil Armstrong', answers);
    const wordy = textAccuracy(
      question,
      'The first person to set foot on the Moon was the American astronaut Neil Armstrong, commander of Apollo 11, in July 1969.',
      answers,
    );
    const wrong = textAccuracy(question, 'The first person to walk on the Moon was Yuri Gagarin.', answers);
    const refusal = textAccuracy(question, "I'm sorry, I could not find any information about that.", answers);
    assert.ok(terse > 9_000 && wordy > 9_000, `${terse} ${wordy}`);
    assert.ok(Math.abs(terse - wordy) < 500, `${terse} ${wordy}`);
    assert.ok(wrong < 2_500 && refusal < 1_500, `${wrong} ${refusal}`);
  });

  it('returns the same for another case, accents, and punctuation', () => {
    assert.equal(
      textAccuracy('who?', 'WILHELM RÖNTGEN!', ['Wilhelm Rontgen']),
      textAccuracy('who?', 'wilhelm röntgen', ['Wilhelm Rontgen']),
    );
  });

  it('returns less for another year and for a name that only shares a part', () => {
    const year = (answer: string): number => textAccuracy('When was it published?', answer, ['12 May 1969']);
    assert.ok(year('It was published on 12 May 1969.') > year('It was published in 1969.'));
    assert.ok(year('It was published in 1969.') > year('It was published on 12 May 1971.'));
  });

  it('returns little when the reference is buried in a dump or repeated without end', () => {
    const good = textAccuracy(question, 'It was Neil Armstrong.', answers);
    const names = Array.from({ length: 1_500 }, (_, index) => `Candidate${index}`).join(' ');
    assert.ok(textAccuracy(question, `${names} Neil Armstrong`, answers) < good / 3);
    assert.ok(textAccuracy(question, 'Neil Armstrong '.repeat(300), answers) < good / 5);
  });

  it('returns a score for every text without an exception', () => {
    for (const text of HOSTILE) {
      const result = textAccuracy(text, text, [text, 'Neil Armstrong']);
      assert.ok(Number.isInteger(result) && result >= 0 && result <= 10_000);
    }
    check(
      fc.property(anyText, anyText, anyText, (q, answer, reference) => {
        const result = textAccuracy(q, answer, [reference]);
        return Number.isInteger(result) && result >= 0 && result <= 10_000;
      }),
    );
  });
});
