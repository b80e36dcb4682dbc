import { between, pickOne, pickSome } from '../random.ts';
import type { RandomInt } from '../random.ts';
import { firstName, madeDate, placeName, reference } from '../words.ts';
import type { Draft, Generator } from './draft.ts';

/** Reviews and tickets put together from phrases whose label is certain; half of the moods are turned by a negation. */
export const classification: Generator = (random): Draft => (random(2) === 0 ? review(random) : ticket(random));

const MOODS = ['positive', 'negative'] as const;
const THINGS = ['bed', 'breakfast', 'guide', 'phone', 'radio', 'room', 'service', 'soup', 'staff', 'train'] as const;
const PRAISE = ['comfortable', 'excellent', 'friendly', 'helpful', 'pleasant', 'reliable', 'wonderful'] as const;
const BLAME = ['awful', 'dirty', 'disappointing', 'noisy', 'rude', 'terrible', 'useless'] as const;

function review(random: RandomInt): Draft {
  const mood = pickOne(random, MOODS);
  const said = pickSome(random, THINGS, between(random, 2, 3)).map((thing) => moodSentence(random, thing, mood));
  const filler = `We were in ${placeName(random)} with ${firstName(random)}.`;
  const text = random(2) === 0 ? [filler, ...said] : [...said, filler];
  const ask = pickOne(random, [
    'Classify the sentiment of the review as positive, negative or neutral.',
    'Is the review positive, negative or neutral? Answer with one word.',
  ]);
  return {
    family: 'classification',
    prompt: `${ask}\n\nReview: ${text.join(' ')}`,
    reference: { kind: 'choice', value: mood, options: ['positive', 'negative', 'neutral'] },
  };
}

function moodSentence(random: RandomInt, thing: string, mood: (typeof MOODS)[number]): string {
  const turned = random(2) === 0;
  const good = (mood === 'positive') !== turned;
  const word = pickOne(random, good ? PRAISE : BLAME);
  return `The ${thing} was ${turned ? 'not ' : ''}${word}.`;
}

const TICKETS = {
  billing: [
    'my card was charged twice',
    'the invoice shows the wrong amount',
    'a payment is missing on my bank statement',
  ],
  delivery: [
    'my parcel has not arrived',
    'the courier left the package in the rain',
    'the tracking page shows no shipment',
  ],
  technical: [
    'the app crashes at login',
    'the screen stays black after the update',
    'an error appears when I change my password',
  ],
  returns: [
    'I want to send the shoes back and exchange the size',
    'I need a replacement for the defective lamp',
    'I would like to return the unopened box',
  ],
} as const;

function ticket(random: RandomInt): Draft {
  const labels = pickSome(random, Object.keys(TICKETS) as (keyof typeof TICKETS)[], 4);
  const label = pickOne(random, labels);
  const opening = pickOne(random, [
    `This is ${firstName(random)}.`,
    `Reference ${reference(random)}.`,
    `Written on ${madeDate(random).written}.`,
  ]);
  const ask = pickOne(random, ['Route the ticket to one of', 'Assign one of these labels', 'Choose the category from']);
  return {
    family: 'classification',
    prompt: `${ask}: ${labels.join(', ')}.\n\nTicket: ${opening} Hello, ${pickOne(random, TICKETS[label])}.`,
    reference: { kind: 'choice', value: label, options: labels },
  };
}
