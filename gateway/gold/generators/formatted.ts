import { between, pickOne } from '../random.ts';
import type { RandomInt } from '../random.ts';
import { arithmetic } from './arithmetic.ts';
import type { Draft, Generator } from './draft.ts';
import { reading } from './reading.ts';

/**
 * A task of another generator whose prompt also demands a form, in words that leave no doubt (`constraintsOf` reads every
 * one of them). The content is checked as ever; that the receipt is format-constrained lets golds tell what the dimension
 * format is worth.
 */
export const formatted: Generator = (random): Draft => {
  const draft = pickOne(random, CONTENTS)(random);
  const { demand } = pickOne(random, FORMS)(random);
  return { ...draft, prompt: `${draft.prompt}\n\n${demand}` };
};

/** A demand and an answer that meets it, whatever the content. */
export type Form = { readonly demand: string; readonly meet: (content: string) => string };

/** Labels are left out: a prompt that asks for one word leaves no room for an opening. */
const CONTENTS: readonly Generator[] = [arithmetic, reading];

const OPENINGS = ['Result:', 'Answer:', 'Reply:', 'Here it is:'] as const;
const CLOSINGS = ['Done.', 'That is all.', 'End of answer.', 'Over.'] as const;

export const FORMS: readonly ((random: RandomInt) => Form)[] = [
  () => ({
    demand: 'Write your answer in all capital letters.',
    meet: (content) => `The answer is ${content}.`.toUpperCase(),
  }),
  (random) => ({
    demand: `Use at most ${between(random, 20, 40)} words.`,
    meet: (content) => content,
  }),
  (random) => {
    const opening = pickOne(random, OPENINGS);
    return { demand: `Begin your answer with "${opening}"`, meet: (content) => `${opening} ${content}` };
  },
  (random) => {
    const closing = pickOne(random, CLOSINGS);
    return { demand: `End your answer with "${closing}"`, meet: (content) => `${content}\n${closing}` };
  },
];
