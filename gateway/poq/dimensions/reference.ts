import type { JsonValue } from '../../protocol/canonical-json.ts';
import { toBps } from './bps.ts';
import { isRefusal, lengthFactor, repetitionFactor } from './guards.ts';
import { findJson, leafAgreement } from './json-text.ts';
import { overlap } from './overlap.ts';
import type { Overlap } from './overlap.ts';
import { stem, tokens } from './text.ts';
import { indexText } from './token-match.ts';
import type { IndexedText } from './token-match.ts';
import { chosenOption, finalNumber, sameNumber } from './verifiable.ts';

/** What the right answer is, and how to see it in an answer. */
export type Reference =
  | { readonly kind: 'number'; readonly value: number; readonly tolerance?: number }
  | { readonly kind: 'choice'; readonly value: string; readonly options: readonly string[] }
  | { readonly kind: 'json'; readonly value: JsonValue }
  | { readonly kind: 'text'; readonly answers: readonly string[] };

export type ReferencedAnswer = { readonly question: string; readonly answer: string; readonly reference: Reference };

/** Accuracy of an answer whose right answer is known, 0…10,000. A check that can be executed is, else words are compared. */
export function accuracyWithReference({ question, answer, reference }: ReferencedAnswer): number {
  switch (reference.kind) {
    case 'number': {
      const given = finalNumber(answer);
      return given !== undefined && sameNumber(given, reference.value, reference.tolerance) ? 10_000 : 0;
    }
    case 'choice':
      return chosenOption(answer, reference.options) === reference.value ? 10_000 : 0;
    case 'json': {
      const given = findJson(answer);
      return given === undefined ? 0 : toBps(leafAgreement(given, reference.value));
    }
    case 'text':
      return textAccuracy(question, answer, reference.answers);
  }
}

const MAX_REFERENCES = 24;
const SATISFIED = 0.8;

/** How far the best reference is held by the answer, calibrated to the share of people who would call it correct. */
export function textAccuracy(question: string, answer: string, references: readonly string[]): number {
  const questionStems = new Set(tokens(question).map(stem));
  const indexed = indexText(answer);
  const candidates = references.slice(0, MAX_REFERENCES).flatMap((reference) => {
    const found = overlap(reference, indexed, questionStems);
    return found === undefined ? [] : [{ found, raw: rawOverlap(found), words: tokens(reference).length }];
  });
  const best = candidates.toSorted((a, b) => b.raw - a.raw)[0];
  if (best === undefined || indexed.words.length === 0) return 0;
  const satisfied = candidates.filter(({ raw }) => raw > SATISFIED).length / candidates.length;
  const held = probability(best.found, { satisfied, count: candidates.length, answer, indexed });
  return toBps(held * lengthFactor(indexed.words.length, best.words) * repetitionFactor(indexed.words));
}

function rawOverlap({ grams, words, window, phrase }: Overlap): number {
  return 0.4 * grams + 0.3 * words + 0.3 * window + 0.05 * phrase;
}

type Context = {
  readonly satisfied: number;
  readonly count: number;
  readonly answer: string;
  readonly indexed: IndexedText;
};

/** Logistic model of a person's verdict; weights fitted to human labels, each with the sign its feature should have. */
function probability(found: Overlap, { satisfied, count, answer, indexed }: Context): number {
  const z =
    -4.1 +
    3.93 * found.grams +
    0.19 * found.words +
    0.67 * found.window +
    1.07 * found.phrase +
    1.16 * found.numbers +
    0.33 * found.hasNumbers -
    2 * found.yearConflict -
    3.45 * found.dayConflict +
    0.9 * found.bestWord +
    1.26 * found.novelty +
    1.49 * found.partialDate -
    0.1 * found.position -
    0.36 * found.grams ** 3 -
    0.15 * found.window ** 3 -
    0.06 * Math.log(1 + indexed.words.length) -
    (isRefusal(answer) ? 0.8 : 0) +
    0.82 * satisfied -
    0.34 * Math.log(count);
  return 1 / (1 + Math.exp(-z));
}
