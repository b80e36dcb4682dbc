import type { JsonValue } from '../../protocol/canonical-json.ts';
import { toBps } from './bps.ts';
import { choosingFactor } from './choosing.ts';
import { lengthFactor, repetitionFactor } from './guards.ts';
import { findJson, leafAgreement } from './json-text.ts';
import { chance } from './logistic.ts';
import { referenceFeatures } from './reference-features.ts';
import referenceModel from './reference-model.json' with { type: 'json' };
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

/** How surely people would call the answer right that holds so much of its references, less for volume, repetition and hedging. */
export function textAccuracy(question: string, answer: string, references: readonly string[]): number {
  const shown = referenceFeatures(question, answer, references);
  if (shown === undefined) return 0;
  const { features, answerWords, referenceWords } = shown;
  const right = chance(referenceModel, features);
  const guards = lengthFactor(answerWords.length, referenceWords) * repetitionFactor(answerWords);
  return toBps(right * guards * choosingFactor(question, answer, references));
}
