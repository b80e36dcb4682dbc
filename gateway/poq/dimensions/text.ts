import { respell } from './spelling.ts';

/**
 * Text as the scorers see it. Everything here is total: any string gives a result, and the work is bounded by the
 * length limits, not by the sender.
 */

/** Longest part of a text that is compared; what comes after it is not read. */
export const MAX_COMPARED = 20_000;

const NUMBER_WORDS: ReadonlyMap<string, string> = new Map(
  [
    ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'],
    [
      '',
      'first',
      'second',
      'third',
      'fourth',
      'fifth',
      'sixth',
      'seventh',
      'eighth',
      'ninth',
      'tenth',
      'eleventh',
      'twelfth',
    ],
  ]
    .flatMap((words) => words.map((word, value): [string, string] => [word, String(value)]))
    .concat([
      ['thirteen', '13'],
      ['fourteen', '14'],
      ['fifteen', '15'],
      ['sixteen', '16'],
      ['seventeen', '17'],
      ['eighteen', '18'],
      ['nineteen', '19'],
      ['twenty', '20'],
      ['thirty', '30'],
      ['forty', '40'],
      ['fifty', '50'],
      ['sixty', '60'],
      ['seventy', '70'],
      ['eighty', '80'],
      ['ninety', '90'],
      ['twice', '2'],
      ['once', '1'],
    ])
    .filter(([word]) => word !== ''),
);

const TENS = new Set(['twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety']);
const UNITS: ReadonlyMap<string, number> = new Map(
  [...NUMBER_WORDS].flatMap(([word, digits]): [string, number][] =>
    digits.length === 1 && digits !== '0' && word !== 'once' && word !== 'twice' ? [[word, Number(digits)]] : [],
  ),
);
/** The tail of "19th". */
const ORDINAL_ENDS = new Set(['st', 'nd', 'rd', 'th']);

const STOP_WORDS = new Set(
  (
    'a an the of in on at by for to from with and or but as is are was were be been being am do does did has have had it its ' +
    'this that these those there their they them he she his her him i me my we our us you your who whom whose which what ' +
    'when where why how will would can could may might shall should must not no nor so if then than too very s t ' +
    'des du de la le les der die das und el los las un une il lo y e et'
  ).split(' '),
);

const BEYOND_ASCII = /[\u0080-\uffff]/;

/** Lower case, one form per character, no diacritics, no thousands separators. */
export function fold(text: string): string {
  const start = text.length > MAX_COMPARED ? text.slice(0, MAX_COMPARED) : text;
  const plain = BEYOND_ASCII.test(start) ? withoutMarks(start) : start;
  return plain.toLowerCase().replace(/(\d)[,’'\u00a0\u202f](?=\d{3}(?!\d))/g, '$1');
}

function withoutMarks(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '');
}

const TOKEN = /\d+(?:\.\d+)?|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|\p{L}+/gu;

const ASCII_TOKEN = /\d+(?:\.\d+)?|[a-z]+/g;

/**
 * Words, numbers and, in scripts without spaces, single characters; number words as digits, ordinals as numbers,
 * "twenty-seven" as one of them.
 */
export function tokens(text: string): readonly string[] {
  if (text.length < LEAST_KEPT) return split(text);
  const known = kept.get(text);
  if (known !== undefined) return known;
  if (kept.size >= MAX_KEPT) kept.clear();
  const list = split(text);
  kept.set(text, list);
  return list;
}

/** An answer is looked at from several sides within one score: its words are split once. Never more than a few texts. */
const kept = new Map<string, readonly string[]>();
const MAX_KEPT = 12;
const LEAST_KEPT = 100;

function split(text: string): string[] {
  const folded = fold(respell(text.slice(0, MAX_COMPARED)));
  const found = folded.match(BEYOND_ASCII.test(folded) ? TOKEN : ASCII_TOKEN) ?? [];
  const list: string[] = [];
  for (let index = 0; index < found.length; index += 1) {
    const token = found[index] ?? '';
    const unit = TENS.has(token) ? UNITS.get(found[index + 1] ?? '') : undefined;
    if (unit !== undefined) {
      list.push(tensAnd(token, unit));
      index += 1;
    } else if (!ORDINAL_ENDS.has(token) || !startsWithDigit(found[index - 1])) list.push(numberForm(token));
  }
  return list;
}

function startsWithDigit(token = ''): boolean {
  const first = token.charCodeAt(0);
  return first >= 48 && first <= 57;
}

function tensAnd(tens: string, unit: number): string {
  return String(Number(NUMBER_WORDS.get(tens)) + unit);
}

/** "seven" is 7, "36.0" and "036" are 36; what a double cannot hold exactly stays as it is written. */
function numberForm(token: string): string {
  if (!startsWithDigit(token)) return NUMBER_WORDS.get(token) ?? token;
  return token.length <= 15 ? String(Number(token)) : token;
}

export function isStopWord(token: string): boolean {
  return STOP_WORDS.has(token);
}

/** Tokens that carry meaning. */
export function contentTokens(text: string): string[] {
  return tokens(text).filter((token) => !STOP_WORDS.has(token));
}

/** A crude stem: enough to make plural and tense meet, too little to merge different words. */
export function stem(token: string): string {
  const known = stems.get(token);
  if (known !== undefined) return known;
  if (stems.size >= MAX_STEMS) stems.clear();
  const found = stemOf(token);
  stems.set(token, found);
  return found;
}

/** Most words of a text are words of the last one. */
const stems = new Map<string, string>();
const MAX_STEMS = 20_000;

function stemOf(token: string): string {
  if (token.length < 4 || /\d/.test(token)) return token;
  const word = withoutEnding(/(?:ies|ied)$/.test(token) ? `${token.slice(0, -3)}y` : token);
  const singular = word.length >= 4 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
  return singular.length >= 4 && singular.endsWith('e') ? singular.slice(0, -1) : singular;
}

function withoutEnding(word: string): string {
  const ending = word.endsWith('ing') ? 3 : ENDINGS.has(word.slice(-2)) ? 2 : 0;
  return word.length >= 3 + ending ? word.slice(0, word.length - ending) : word;
}

const ENDINGS = new Set(['ed', 'es', 'er', 'ly']);

/**
 * Character 3-grams of the folded letters and digits, words joined by one space and edged by spaces; each as a number that
 * only it has.
 */
export function trigrams(words: readonly string[]): Set<number> {
  const text = ` ${words.join(' ')} `;
  const grams = new Set<number>();
  let [first, second] = [text.charCodeAt(0), text.charCodeAt(1)];
  for (let index = 2; index < text.length; index += 1) {
    const third = text.charCodeAt(index);
    // Small integers are quick to find again. No text begins a gram below a space, so the ranges never meet.
    if ((first | second | third) < 128) grams.add((first << 14) | (second << 7) | third);
    else grams.add((first * 65_536 + second) * 65_536 + third);
    [first, second] = [second, third];
  }
  return grams;
}

/** Share of `wanted` that `given` holds, 0…1. */
export function recall<T>(wanted: ReadonlySet<T>, given: ReadonlySet<T>): number {
  if (wanted.size === 0) return 0;
  let found = 0;
  for (const item of wanted) if (given.has(item)) found += 1;
  return found / wanted.size;
}
