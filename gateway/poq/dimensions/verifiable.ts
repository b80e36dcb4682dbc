import { fold, tokens } from './text.ts';

/** Reads the definite part out of an answer: its final number, the option it chose. */

const NUMBER = /(?<![\p{L}\d.])[-−]?\d+(?:\.\d+)?(?:\s*\/\s*\d+(?:\.\d+)?)?(?![\d])/gu;
const MARKER = /(?:final answer|answer|result|total|solution|equals?|=|therefore|so)\b[^\d\n-]{0,40}?$/u;
const MAX_NUMBERS = 400;

/** Every number of a text in order; "1,234" is one number and "3/4" is 0.75. */
export function numbersIn(text: string): number[] {
  return numberMatches(fold(text)).map(({ value }) => value);
}

function numberMatches(folded: string): { value: number; at: number }[] {
  const found: { value: number; at: number }[] = [];
  for (const match of folded.matchAll(NUMBER)) {
    const [numerator, denominator] = match[0].replace('−', '-').split('/').map(Number);
    if (numerator === undefined || Number.isNaN(numerator)) continue;
    const value = denominator === undefined || denominator === 0 ? numerator : numerator / denominator;
    found.push({ value, at: match.index });
    if (found.length === MAX_NUMBERS) break;
  }
  return found;
}

/** The number that an answer ends on: boxed or marked ones first (#### 42, "the answer is 42", "= 42"), else the last. */
export function finalNumber(text: string): number | undefined {
  const folded = fold(text.slice(-6_000));
  const boxed = /(?:####|\\boxed\{)\s*\$?\s*(-?\d+(?:\.\d+)?)/u.exec(folded)?.[1];
  if (boxed !== undefined) return Number(boxed);
  const matches = numberMatches(folded);
  const marked = matches.findLast(({ at }) =>
    MARKER.test(folded.slice(Math.max(0, at - 60), at).replace(/[$€£]\s*$/u, '')),
  );
  return (marked ?? matches.at(-1))?.value;
}

/** Equal up to the rounding that an answer with two decimals has. */
export function sameNumber(a: number, b: number, tolerance = 1e-6): boolean {
  return Math.abs(a - b) <= Math.max(tolerance * Math.max(Math.abs(a), Math.abs(b)), 1e-9);
}

/**
 * The one option an answer chose, or undefined when it names none or several: listing every option is no choice.
 * Options are told by their text; when they are lettered (a, b, c, …) also by "(b)", "b." or "answer: b".
 */
export function chosenOption(text: string, options: readonly string[]): string | undefined {
  const words = ` ${tokens(text).join(' ')} `;
  const normal = options.map((option) => ({ option, key: tokens(option).join(' ') })).filter(({ key }) => key !== '');
  const exact = normal.find(({ key }) => words === ` ${key} `);
  if (exact !== undefined) return exact.option;
  const named = normal.filter(({ key }) => words.includes(` ${key} `));
  // "not positive" inside "positive": of two options of which one contains the other, the longer one was named
  const longest = named.filter(
    ({ key }) => !named.some((other) => other.key !== key && ` ${other.key} `.includes(` ${key} `)),
  );
  if (longest.length === 1) return longest[0]?.option;
  const marked = markedOption(fold(text), longest.length === 0 ? normal : longest);
  return marked ?? letterOption(fold(text), options);
}

function markedOption(folded: string, options: readonly { option: string; key: string }[]): string | undefined {
  const at = Math.max(...['answer', 'label', 'category', 'sentiment', 'class'].map((word) => folded.lastIndexOf(word)));
  if (at === -1) return undefined;
  const tail = ` ${tokens(folded.slice(at)).slice(0, 12).join(' ')} `;
  const named = options.filter(({ key }) => tail.includes(` ${key} `));
  return named.length === 1 ? named[0]?.option : undefined;
}

function letterOption(folded: string, options: readonly string[]): string | undefined {
  const letters = folded.match(/(?:^|\banswer(?:\s+is)?\s*:?\s*|\boption\s+)\(?([a-j])(?:[).:,]|\s*$)/u);
  const letter = letters?.[1];
  return letter === undefined ? undefined : options[letter.charCodeAt(0) - 97];
}
