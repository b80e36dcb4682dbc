import { isMonth, isYear } from './dates.ts';
import { recall, stem, isStopWord, trigrams } from './text.ts';
import type { IndexedText, Match } from './token-match.ts';

/** How much of one reference an answer holds; every feature lies in 0…1. */
export type Overlap = {
  /** Recall of the reference's character 3-grams. */
  readonly grams: number;
  /** Recall of its words; words that the question already gives away, and function words, count less. */
  readonly words: number;
  /** The same within one short stretch of the answer: scattered words are not a statement. */
  readonly window: number;
  /** 1 when the answer holds the reference word for word. */
  readonly phrase: number;
  /** Recall of its numbers (1 without numbers), and whether it has any. */
  readonly numbers: number;
  readonly hasNumbers: number;
  /** 1 when its year is missing and the answer names another year. */
  readonly yearConflict: number;
  /** Best match of a single word. */
  readonly bestWord: number;
  /** Share of its words that the question does not already hold. */
  readonly novelty: number;
  /** What a date lacks although its year is there. */
  readonly partialDate: number;
};

const FUNCTION_WORD = 0.15;
const WORD_OF_QUESTION = 0.4;
const MAX_REFERENCE_WORDS = 200;
const MAX_ANCHORS = 80;

type Prepared = { readonly words: readonly string[]; readonly weights: readonly number[]; readonly total: number };

/** @param reference its tokens @param questionStems stems of the words of the question */
export function overlap(
  reference: readonly string[],
  answer: IndexedText,
  questionStems: ReadonlySet<string>,
): Overlap | undefined {
  const words = reference.slice(0, MAX_REFERENCE_WORDS);
  if (words.length === 0) return undefined;
  const weights = words.map((word) => weightOf(word, questionStems));
  const prepared = { words, weights, total: weights.reduce((sum, weight) => sum + weight, 0) };
  const matches = words.map((word) => answer.find(word));
  const best = matches.map((list) => list.reduce((top, { strength }) => Math.max(top, strength), 0));
  const content = words.map((_, index) => index).filter((index) => !isStopWord(words[index] ?? ''));
  return {
    grams: recall(trigrams(words), answer.grams),
    words: weightedMean(best, prepared),
    window: bestStretch(prepared, matches),
    phrase: ` ${answer.words.join(' ')} `.includes(` ${words.join(' ')} `) ? 1 : 0,
    ...numberFeatures(prepared, best, content, answer),
    bestWord: bestWord(prepared, best, content, questionStems),
    novelty:
      content.filter((index) => !questionStems.has(stem(words[index] ?? ''))).length / Math.max(1, content.length),
  };
}

function weightOf(word: string, questionStems: ReadonlySet<string>): number {
  if (isStopWord(word)) return FUNCTION_WORD;
  return questionStems.has(stem(word)) ? WORD_OF_QUESTION : 1;
}

function weightedMean(values: readonly number[], { weights, total }: Prepared): number {
  return values.reduce((sum, value, index) => sum + value * (weights[index] ?? 0), 0) / total;
}

const isNumber = (word: string): boolean => /^\d/.test(word);

function numberFeatures(
  prepared: Prepared,
  best: readonly number[],
  content: readonly number[],
  answer: IndexedText,
): Pick<Overlap, 'numbers' | 'hasNumbers' | 'yearConflict' | 'partialDate'> {
  const wordAt = (index: number): string => prepared.words[index] ?? '';
  const numbers = content.filter((index) => isNumber(wordAt(index)));
  const years = numbers.filter((index) => isYear(wordAt(index)));
  const yearFound = years.some((index) => best[index] === 1);
  const conflict = years.length > 0 && !yearFound && answer.words.some(isYear);
  const isDate = content.some((index) => isMonth(wordAt(index)));
  return {
    numbers: numbers.length === 0 ? 1 : numbers.reduce((sum, index) => sum + (best[index] ?? 0), 0) / numbers.length,
    hasNumbers: numbers.length === 0 ? 0 : 1,
    yearConflict: conflict ? 1 : 0,
    partialDate: isDate && yearFound ? 1 - weightedMean(best, prepared) : 0,
  };
}

function bestWord(
  { words }: Prepared,
  best: readonly number[],
  content: readonly number[],
  questionStems: ReadonlySet<string>,
): number {
  const names = content.filter((index) => !isNumber(words[index] ?? ''));
  if (names.length === 0) return 1;
  return Math.max(
    ...names.map((index) => (best[index] ?? 0) * (questionStems.has(stem(words[index] ?? '')) ? 0.5 : 1)),
  );
}

/** The stretch of about twice the reference's length that holds most of its weight. */
function bestStretch(prepared: Prepared, matches: readonly (readonly Match[])[]): number {
  const span = 2 * prepared.words.length + 4;
  const hits = matches
    .flatMap((list, index) => list.map((match) => ({ ...match, index })))
    .sort((a, b) => a.position - b.position);
  const anchors = hits.filter(({ index }) => (prepared.weights[index] ?? 0) > FUNCTION_WORD).slice(0, MAX_ANCHORS);
  let top = 0;
  let first = 0;
  for (const anchor of anchors) {
    while ((hits[first]?.position ?? anchor.position) < anchor.position) first += 1;
    const best = prepared.words.map(() => 0);
    for (let at = first; at < hits.length; at += 1) {
      const hit = hits[at];
      if (hit === undefined || hit.position >= anchor.position + span) break;
      best[hit.index] = Math.max(best[hit.index] ?? 0, hit.strength);
    }
    top = Math.max(top, weightedMean(best, prepared));
  }
  return top;
}
