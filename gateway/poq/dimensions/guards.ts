import { fold } from './text.ts';

/** What keeps a scorer from paying for volume: factors 0…1 that an answer's credit is multiplied by. */

const REPEAT_WORDS = 24;
const LEAST_DISTINCT = 0.5;

/** Below 1 when an answer of some length keeps repeating its own 4-word sequences. */
export function repetitionFactor(words: readonly string[]): number {
  if (words.length < REPEAT_WORDS) return 1;
  const sequences = words.slice(3).map((_, index) => words.slice(index, index + 4).join(' '));
  const distinct = new Set(sequences).size / sequences.length;
  return Math.min(1, distinct / LEAST_DISTINCT);
}

const WORDS_PER_REFERENCE_WORD = 12;
const FREE_WORDS = 320;

/** Below 1 when an answer is so long that it would hold any reference by chance. An ordinary explanation is free. */
export function lengthFactor(answerWords: number, referenceWords: number): number {
  return Math.min(1, (WORDS_PER_REFERENCE_WORD * referenceWords + FREE_WORDS) / Math.max(1, answerWords));
}

const REFUSAL = new RegExp(
  "\\b(?:i'?m sorry|i am sorry|(?:could|can)(?:not|n't| not) (?:find|provide|determine|answer|help)|no (?:definitive |specific )?information|" +
    "(?:don'?t|do not) (?:have|know)|unable to|not aware|not (?:clear|sure|certain|specified|mentioned)|unclear|unknown|there is no)\\b",
);

/** Whether the beginning of the answer declines to answer. */
export function isRefusal(text: string): boolean {
  return REFUSAL.test(fold(text.slice(0, 400)));
}
