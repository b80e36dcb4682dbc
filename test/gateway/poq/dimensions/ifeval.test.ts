import assert from 'node:assert/strict';

import { constraintsOf } from '../../../../gateway/poq/dimensions/constraints-of.ts';
import type { Constraint } from '../../../../gateway/poq/dimensions/constraint.ts';
import { formatScore } from '../../../../gateway/poq/dimensions/format.ts';
import { promptConstraints } from '../../../../gateway/poq/dimensions/prompt-constraints.ts';
import { readRequest } from '../../../../gateway/poq/dimensions/request-view.ts';
import { HOSTILE } from './texts.ts';

type Case = {
  readonly type: string;
  readonly prompt: string;
  readonly finds: readonly Constraint['kind'][];
  readonly good: string;
  readonly bad: string;
};

const FIVE = 'One is here. Two is here. Three is here. Four is here. Five is here.';

/** The 25 types of verifiable instructions of IFEval: what is read out of a prompt, an answer that obeys, one that does not. */
const TYPES: readonly Case[] = [
  {
    type: 'keywords:existence',
    prompt: "Write a story. Include the keywords 'harbour' and 'lamp' in the response.",
    finds: ['include', 'include'],
    good: 'The lamp stood at the harbour.',
    bad: 'The lampoon stood at the Harbours.',
  },
  {
    type: 'keywords:frequency',
    prompt: "In your response, the word 'tide' should appear at least 2 times.",
    finds: ['include'],
    good: 'The tide rises. The tide falls.',
    bad: 'The tide rises, untidely.',
  },
  {
    type: 'keywords:forbidden_words',
    prompt: 'Do not include the keywords "red", "blue" in the response.',
    finds: ['exclude', 'exclude'],
    good: 'A reddish flag.',
    bad: 'A red flag.',
  },
  {
    type: 'keywords:letter_frequency',
    prompt: 'In your response, the letter z should appear at least 3 times.',
    finds: ['letter'],
    good: 'Zoos puzzle me.',
    bad: 'Zoos amaze me.',
  },
  {
    type: 'language:response_language',
    prompt: 'Your ENTIRE response should be in German language, no other language is allowed.',
    finds: ['language'],
    good: 'Das ist der Hafen und die Stadt ist nicht sehr alt.',
    bad: 'This is the harbour and the town is not very old.',
  },
  {
    type: 'length_constraints:number_sentences',
    prompt: 'Your response should contain at least 5 sentences.',
    finds: ['count'],
    good: FIVE,
    bad: 'One. Two.',
  },
  {
    type: 'length_constraints:number_paragraphs',
    prompt: 'There should be 2 paragraphs. Paragraphs are separated with the markdown divider: ***',
    finds: ['parts'],
    good: 'First.\n***\nSecond.',
    bad: 'First.\n\nSecond.',
  },
  {
    type: 'length_constraints:number_words',
    prompt: 'Answer with less than 6 words.',
    finds: ['count'],
    good: 'Because of the moon.',
    bad: 'Because of the moon and the sun.',
  },
  {
    type: 'length_constraints:nth_paragraph_first_word',
    prompt: 'There should be 2 paragraphs. Paragraph 2 must start with the word however.',
    finds: ['count', 'paragraphStart'],
    good: 'It rains.\n\nHowever, it stops.',
    bad: 'However, it rains.\n\nIt stops.\n\nHowever.',
  },
  {
    type: 'detectable_content:number_placeholders',
    prompt: 'The response must contain at least 2 placeholders represented by square brackets, such as [address].',
    finds: ['placeholders'],
    good: 'Dear [name], come to [place].',
    bad: 'Dear [name], come to [this](http://a.example).',
  },
  {
    type: 'detectable_content:postscript',
    prompt: 'At the end of your response, please explicitly add a postscript starting with P.P.S',
    finds: ['postscript'],
    good: 'Yours.\n\nP.P.S. Bring tea.',
    bad: 'Yours.\n\nP.S. Bring tea.',
  },
  {
    type: 'detectable_format:number_bullet_lists',
    prompt: 'Your answer must contain exactly 2 bullet points. Use markdown: * This is a point.',
    finds: ['list'],
    good: '* one\n* two',
    bad: '* one\n* two\n* three',
  },
  {
    type: 'detectable_format:constrained_response',
    prompt: "Answer with one of the following options: 'My answer is yes.', 'My answer is no.', 'My answer is maybe.'",
    finds: ['choice'],
    good: 'My answer is maybe.',
    bad: 'Perhaps.',
  },
  {
    type: 'detectable_format:number_highlighted_sections',
    prompt: 'Highlight at least 2 sections in your answer with markdown, i.e. *highlighted section*.',
    finds: ['highlights'],
    good: 'The *tide* and the **moon**.',
    bad: '* one\n* two\nthe *tide* and 3*4*5',
  },
  {
    type: 'detectable_format:multiple_sections',
    prompt: 'Your response must have 2 sections. Mark the beginning of each section with SECTION X, such as: SECTION 1',
    finds: ['sections'],
    good: 'SECTION 1\nTea.\n\nSECTION 2\nMilk.',
    bad: 'SECTION 1\nTea. See SECTION 2.',
  },
  {
    type: 'detectable_format:json_format',
    prompt: 'Entire output should be wrapped in JSON format.',
    finds: ['json'],
    good: '```json\n{"a": 1}\n```',
    bad: 'a: 1',
  },
  {
    type: 'detectable_format:title',
    prompt: 'Your answer must contain a title, wrapped in double angular brackets, such as <<poem of joy>>.',
    finds: ['title'],
    good: '<<Tides>>\nThey rise.',
    bad: '<< >> Tides',
  },
  {
    type: 'combination:repeat_prompt',
    prompt: 'Name three rivers of Peru. First repeat the request word for word without change, then give your answer.',
    finds: ['repeat'],
    good: 'Name three rivers of Peru.\n\nThe Ucayali, the Marañón, the Urubamba.',
    bad: 'The Ucayali, the Marañón, the Urubamba.',
  },
  {
    type: 'combination:two_responses',
    prompt: 'Give two different responses. Responses should be separated by 6 asterisk symbols: ******.',
    finds: ['parts'],
    good: 'Tea.\n******\nMilk.',
    bad: 'Tea.\n******\nTea.',
  },
  {
    type: 'startend:end_checker',
    prompt: 'Finish your response with this exact phrase "Is there more?". No other words should follow.',
    finds: ['endsWith'],
    good: 'Tea. Is there more?',
    bad: 'Is there more? Yes.',
  },
  {
    type: 'startend:quotation',
    prompt: 'Wrap your entire response with double quotation marks.',
    finds: ['quoted'],
    good: '"Tea."',
    bad: '"Tea." she said',
  },
  {
    type: 'change_case:capital_word_frequency',
    prompt: 'In your response, words with all capital letters should appear at least 2 times.',
    finds: ['capitalWords'],
    good: 'NASA and ESA flew.',
    bad: 'I saw A NASA van.',
  },
  {
    type: 'change_case:english_capital',
    prompt: 'Your entire response should be in English, and in all capital letters.',
    finds: ['language', 'case'],
    good: 'THE TIDE IS HIGH AND THAT IS FOR THE BEST.',
    bad: 'The tide is high and that is for the best.',
  },
  {
    type: 'change_case:english_lowercase',
    prompt: 'Your entire response should be in English, and in all lowercase letters. No capital letters are allowed.',
    finds: ['language', 'case'],
    good: 'the tide is high and that is for the best.',
    bad: 'The tide is high and that is for the best.',
  },
  {
    type: 'punctuation:no_comma',
    prompt: 'In your entire response, refrain from the use of any commas.',
    finds: ['without'],
    good: 'Tea and milk.',
    bad: 'Tea, milk.',
  },
];

const NOTHING_DEMANDED = [
  'What is the title of the book with double meanings?',
  'How many sections does the treaty have?',
  'The letter arrived four times; why?',
  'Explain when commas are needed.',
  'Why do people repeat the question?',
  'Which two different responses did the minister give?',
  'Write the title in all capital letters and tell the story.',
  'Do not write in all capital letters.',
  "Explain Newton's and Kepler's words about the moon's orbit.",
  'Is a postscript polite?',
];

const NO_SCHEMAS = () => undefined;

describe('the instruction types of IFEval', () => {
  it('returns 25 of them, each once', () => assert.equal(new Set(TYPES.map(({ type }) => type)).size, 25));

  for (const { type, prompt, finds, good, bad } of TYPES)
    it(`returns who obeys ${type}`, () => {
      const constraints = promptConstraints(prompt);
      assert.deepEqual(constraints.map(({ kind }) => kind).toSorted(), finds.toSorted());
      assert.equal(formatScore(good, constraints, NO_SCHEMAS), 10_000);
      assert.ok(formatScore(bad, constraints, NO_SCHEMAS) < 10_000);
      const stated = readRequest(
        JSON.stringify({ messages: [{ role: 'user', content: '?' }], dgrid: { format: constraints } }),
      );
      const read = constraintsOf(stated).map(({ kind }) => kind);
      assert.deepEqual(read.toSorted(), finds.toSorted());
      for (const text of HOSTILE) assert.ok(formatScore(text, constraints, NO_SCHEMAS) >= 0);
    });

  for (const prompt of NOTHING_DEMANDED)
    it(`returns nothing for "${prompt}"`, () => assert.deepEqual(promptConstraints(prompt), []));
});
