import type { Evaluand } from '../../../gateway/agents/evaluator/scorers/scorer.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';

/** Receipts as an evaluator sees them, of several kinds, with answers of about 500 characters that all differ. */
export type Receipts = { readonly kind: string; readonly evaluands: readonly Evaluand[] };

const WORDS =
  'harbour granite keeper lantern northern village archive letter engineer survey winter council bridge measured stone ' +
  'fishing vessel route chart signal tower opened rebuilt storm century museum record visitors island cliff steady light';
const NAMES = 'Hedin Marlow Castell Verla Oduya Lindqvist Moreau Tanaka Brandt Ferreira';
const ANSWER_CHARS = 500;
const PASSAGE_CHARS = 1_000;

/** A small generator with a fixed seed: the same texts in every run. */
function generator(seed: number): Draw {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state % below;
  };
}

type Draw = (below: number) => number;
type Kind = {
  readonly kind: string;
  readonly prompt: () => string;
  readonly answer: () => string;
  readonly peers?: number;
};

export function receiptsOf(count: number): Receipts[] {
  return kindsOf(generator(11)).map(({ kind, prompt, answer, peers = 0 }) => ({
    kind,
    evaluands: Array.from({ length: count }, () => ({
      receiptLeaf: ZERO_HASH,
      seed: ZERO_HASH,
      request: JSON.stringify({ messages: [{ role: 'user', content: prompt() }] }),
      response: response(answer()),
      peers: Array.from({ length: peers }, (_, other) => {
        return { account: `0x${other}`, family: `f${other}`, response: response(answer()) };
      }),
    })),
  }));
}

function kindsOf(draw: Draw): Kind[] {
  const of = (list: string): string => list.split(' ')[draw(list.split(' ').length)] ?? '';
  const text = (chars = ANSWER_CHARS): string => {
    let made = '';
    while (made.length < chars) {
      const middle = Array.from({ length: 9 }, () => of(WORDS)).join(' ');
      made += `In ${1700 + draw(300)} ${of(NAMES)} saw the ${middle} of ${of(NAMES)}. `;
    }
    return made.slice(0, chars);
  };
  const passage = (): string => text(PASSAGE_CHARS);
  const open = (): string => `Who built the ${of(WORDS)} of ${of(NAMES)}?`;
  return [
    { kind: 'open question', prompt: open, answer: text },
    { kind: 'with two other answers', prompt: open, answer: text, peers: 2 },
    {
      kind: 'passage',
      prompt: () => `Passage: ${passage()}\n\nQuestion: When did ${of(NAMES)} see the ${of(WORDS)}?`,
      answer: text,
    },
    { kind: 'summary', prompt: () => `Summarise this text in at most 100 words.\n\nText: ${passage()}`, answer: text },
    { kind: 'word problem', prompt: () => story(draw), answer: () => working(draw, ANSWER_CHARS) },
    {
      kind: 'extraction',
      prompt: () => `Return name and year as a JSON object.\n\nText: ${passage()}`,
      answer: () => JSON.stringify({ name: of(NAMES), year: 1700 + draw(300), note: text(ANSWER_CHARS - 60) }),
    },
    {
      kind: 'choice',
      prompt: () => `Classify the review as positive, negative or neutral.\n\nReview: ${text(400)}`,
      answer: () => `${text(ANSWER_CHARS - 20)} positive`,
    },
  ];
}

function response(content: string): string {
  return JSON.stringify({ choices: [{ message: { role: 'assistant', content } }] });
}

function story(draw: Draw): string {
  const [trays, each, price, boxes] = [3 + draw(9), 4 + draw(20), 2 + draw(7), 2 + draw(5)];
  return `A baker fills ${trays} trays with ${each} rolls each, in ${boxes} boxes. She sells all for ${price} dollars per roll. How many dollars does she earn in total?`;
}

function working(draw: Draw, chars: number): string {
  let made = '';
  while (made.length < chars - 40) {
    const [a, b] = [2 + draw(40), 2 + draw(40)];
    made += `First we multiply, so ${a} × ${b} = ${a * b} rolls are sold by then. `;
  }
  return `${made}The answer is ${20 + draw(900)}.`;
}
