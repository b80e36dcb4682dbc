import assert from 'node:assert/strict';

import { promptConstraints } from '../../../../gateway/poq/dimensions/prompt-constraints.ts';

const DEMANDS: readonly (readonly [prompt: string, kind: string])[] = [
  ['Answer in at most 40 words.', 'count'],
  ['Explain it in under five sentences.', 'count'],
  ['Write at least two paragraphs about tides.', 'count'],
  ['Use exactly 3 lines.', 'count'],
  ['Say it within 200 characters.', 'count'],
  ['Sum it up in two sentences.', 'count'],
  ['Reply with only one word.', 'count'],
  ['Return valid JSON.', 'json'],
  ['Give a numbered list.', 'list'],
  ['Put the reasons in bullet points.', 'list'],
  ['Exactly 4 bullet points.', 'list'],
  ['Please answer in French.', 'language'],
  ['Translate this to Thai', 'language'],
  ['Show it in a code block.', 'codeFence'],
  ['Write in all capitals.', 'case'],
  ['Write in all upper case.', 'case'],
  ['Write in only small letters.', 'case'],
  ['Begin your answer with "Dear".', 'startsWith'],
  ['End your reply with “Yours”.', 'endsWith'],
  ['Mention the word "salt".', 'include'],
  ['Do not use the word "salt".', 'exclude'],
];

describe('promptConstraints', () => {
  for (const [prompt, kind] of DEMANDS)
    it(`returns ${kind} for "${prompt}"`, () => {
      assert.deepEqual(
        promptConstraints(prompt).map((constraint) => constraint.kind),
        [kind],
      );
      // Spaces of any kind, and another spelling, demand the same.
      assert.deepEqual(promptConstraints(prompt.replaceAll(' ', '\n ').toUpperCase()).length, 1);
      // So does a long s, and the same amid much that demands nothing.
      assert.deepEqual(promptConstraints(prompt.replaceAll('s', '\u017f')).length, 1);
      const tale = 'It rained over the old town. ';
      const buried = promptConstraints(`${tale.repeat(90)}${prompt} ${tale.repeat(90)}`);
      assert.deepEqual(buried, promptConstraints(prompt));
    });

  it('returns nothing for a prompt that demands nothing of the form', () => {
    assert.deepEqual(promptConstraints('Why is the sky blue at noon and red at dusk?'), []);
    assert.deepEqual(promptConstraints('How many words does the English language have?'), []);
    assert.deepEqual(promptConstraints(''), []);
  });
});
