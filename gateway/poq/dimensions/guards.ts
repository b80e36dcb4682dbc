import { fold } from './text.ts';

/** What keeps a scorer from paying for volume: factors 0…1 that an answer's credit is multiplied by. */

const REPEAT_WORDS = 24;
const LEAST_DISTINCT = 0.5;
/** Its fourth power is still an exact integer. */
const MAX_BASE = 9_000;

/** Below 1 when an answer of some length keeps repeating its own 4-word sequences. */
export function repetitionFactor(words: readonly string[]): number {
  if (words.length < REPEAT_WORDS) return 1;
  const numbers = new Map<string, number>();
  const ids = words.map((word) => {
    const id = numbers.get(word) ?? numbers.size;
    numbers.set(word, id);
    return id;
  });
  const base = numbers.size;
  // So many different words that four of them have no exact number repeat nothing.
  if (base > MAX_BASE) return 1;
  const sequences = new Set<number>();
  for (let at = 3; at < ids.length; at += 1) {
    const [a = 0, b = 0, c = 0, d = 0] = [ids[at - 3], ids[at - 2], ids[at - 1], ids[at]];
    sequences.add(((a * base + b) * base + c) * base + d);
  }
  return Math.min(1, sequences.size / (words.length - 3) / LEAST_DISTINCT);
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
