import { between, pickOne, pickSome } from '../random.ts';
import type { RandomInt } from '../random.ts';
import { personName, placeName } from '../words.ts';
import type { Draft, Generator } from './draft.ts';

/** Two things of one kind in one passage: whoever does not read to the right name gives the other one's answer. */
type Told = { readonly sentence: string; readonly question: string; readonly answers: readonly string[] };

const THINGS = ['bridge', 'library', 'mill', 'museum', 'school', 'theatre', 'tower', 'windmill'] as const;
const REASONS = [
  'the river had flooded its cellar',
  'its roof had burned in a storm',
  'the railway needed the ground',
  'its walls were sinking into the marsh',
] as const;
const FRAMES: readonly ((passage: string, question: string) => string)[] = [
  (passage, question) => `Passage: ${passage}\n\nQuestion: ${question}`,
  (passage, question) => `Read the text and answer briefly.\n\nText: ${passage}\n\nQuestion: ${question}`,
  (passage, question) => `${passage}\n\n${question}`,
  (passage, question) => `Use only this passage to answer.\n\n"""${passage}"""\n\n${question}`,
];

export const reading: Generator = (random): Draft => {
  const thing = pickOne(random, THINGS);
  const [place, other] = [placeName(random), `New ${placeName(random)}`];
  const told = tell(random, thing, place);
  const rest = tell(random, thing, other);
  const asked = pickOne(random, told);
  const passage = pickSome(random, [...told, ...rest], told.length + rest.length)
    .map(({ sentence }) => sentence)
    .join(' ');
  const prompt = pickOne(random, FRAMES)(passage, asked.question);
  return { family: 'reading', prompt, reference: { kind: 'text', answers: asked.answers } };
};

function tell(random: RandomInt, thing: string, place: string): readonly Told[] {
  const [builder, owner] = [personName(random), personName(random)];
  const [year, metres, reason] = [between(random, 1650, 1990), between(random, 8, 95), pickOne(random, REASONS)];
  return [
    {
      sentence: `The ${thing} of ${place} was built in ${year}.`,
      question: `When was the ${thing} of ${place} built?`,
      answers: [String(year)],
    },
    {
      sentence: `The ${thing} of ${place} was designed by ${builder}.`,
      question: `Who designed the ${thing} of ${place}?`,
      answers: [builder],
    },
    {
      sentence: `The ${thing} of ${place} is ${metres} metres high.`,
      question: `How high is the ${thing} of ${place}?`,
      answers: [`${metres} metres`],
    },
    {
      sentence: `The ${thing} of ${place} was moved because ${reason}.`,
      question: `Why was the ${thing} of ${place} moved?`,
      answers: [`because ${reason}`, reason],
    },
    {
      sentence: `The ${thing} of ${place} now belongs to ${owner}.`,
      question: `Who does the ${thing} of ${place} belong to?`,
      answers: [owner],
    },
  ];
}
