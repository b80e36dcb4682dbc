import { keccakText } from '../../../protocol/keccak.ts';
import type { DimensionName, Evaluand, Scorer, Scores } from './scorer.ts';

/**
 * Evaluators that do not say what they found: for demonstrations and tests of what their lies cost them. Each is a
 * scorer around the honest one; nothing else in the agent knows of them.
 */
export const BEHAVIOURS = [
  'honest',
  'liar:noise',
  'liar:boost',
  'liar:sabotage',
  'liar:inverted',
  'liar:constant',
  'liar:intermittent',
] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

const SHIFT = 4_000;
const CONSTANT = 7_000;
const INTERMITTENT_SHARE = 3; // of ten receipts

type Distortion = (score: number, random: number) => number;

const DISTORTIONS: Readonly<Record<Behaviour, Distortion>> = {
  honest: (score) => score,
  'liar:noise': (_, random) => random % 10_001,
  'liar:boost': (score) => score + SHIFT,
  'liar:sabotage': (score) => score - SHIFT,
  'liar:inverted': (score) => 10_000 - score,
  'liar:constant': () => CONSTANT,
  'liar:intermittent': (score, random) => (random % 10 < INTERMITTENT_SHARE ? score - SHIFT : score),
};

export function withBehaviour(behaviour: Behaviour, honest: Scorer): Scorer {
  if (behaviour === 'honest') return honest;
  return {
    id: keccakText(`dgrid.behaviour:${behaviour}:${honest.id}`),
    async score(evaluand) {
      const scores = await honest.score(evaluand);
      return {
        accuracy: distorted(behaviour, evaluand, scores, 'accuracy'),
        consistency: distorted(behaviour, evaluand, scores, 'consistency'),
        format: distorted(behaviour, evaluand, scores, 'format'),
      };
    },
  };
}

function distorted(behaviour: Behaviour, evaluand: Evaluand, scores: Scores, name: DimensionName): number {
  // Drawn from the receipt, so that a liar asked twice lies the same way.
  const random = Number.parseInt(keccakText(`${evaluand.receiptLeaf}${evaluand.seed}${name}`).slice(2, 14), 16);
  return Math.min(10_000, Math.max(0, DISTORTIONS[behaviour](scores[name], random)));
}
