import type { IndexedText } from './token-match.ts';

/** Years and days of the month, as they stand in tokens. */

const MONTH = /^(?:january|february|march|april|may|june|july|august|september|october|november|december)$/;

export const isMonth = (word: string): boolean => MONTH.test(word);
export const isYear = (word: string): boolean => /^(?:1\d|20)\d\d$/.test(word);
export const isDay = (word: string): boolean => /^(?:[1-9]|[12]\d|3[01])$/.test(word);

/** Days that stand beside a month of the answer for which `holds`. */
function daysBeside(answer: IndexedText, holds: (month: string) => boolean): string[] {
  return answer.words
    .flatMap((word, at) =>
      isMonth(word) && holds(word) ? [answer.words[at - 1] ?? '', answer.words[at + 1] ?? ''] : [],
    )
    .filter(isDay);
}

const ANOTHER_DAY = 1;
const ANOTHER_MONTH = 0.5;

/** How surely the answer names another date than the reference, in the reference's own year: 0 for no or no such date. */
export function dateConflict(reference: readonly string[], answer: IndexedText): number {
  const month = reference.find(isMonth);
  const year = reference.find(isYear);
  if (month === undefined || (year !== undefined && !answer.words.includes(year))) return 0;
  const named = answer.words.filter(isMonth);
  const day = reference.find(isDay);
  if (day === undefined) return named.length > 0 && !named.includes(month) ? ANOTHER_MONTH : 0;
  return dayConflict(day, month, named, answer);
}

function dayConflict(day: string, month: string, named: readonly string[], answer: IndexedText): number {
  const days = daysBeside(answer, (name) => name === month);
  if (days.length > 0) return days.includes(day) ? 0 : ANOTHER_DAY;
  return !named.includes(month) && daysBeside(answer, () => true).length > 0 ? ANOTHER_DAY : 0;
}

const CENTURY = /^centur/;

/** The reference's year, said less exactly: its decade, its century, or the year beside it. */
export function roughYear(reference: readonly string[], answer: IndexedText, text: string): number {
  const year = reference.find(isYear);
  if (year === undefined || answer.words.includes(year)) return 0;
  const decade = `${year.slice(0, 3)}0`;
  if (text.includes(`${decade}s`)) return 1;
  const century = String(Number(year.slice(0, 2)) + 1);
  if (answer.words.some((word, at) => word === century && CENTURY.test(answer.words[at + 1] ?? ''))) return 0.6;
  return answer.words.some((word) => isYear(word) && Math.abs(Number(word) - Number(year)) === 1) ? 0.3 : 0;
}
