import type { Constraint } from './constraint.ts';

/** Checks of marks that a text carries: separators, brackets, capitals, quotation marks. Each in time linear in the text. */

type Of<K extends Constraint['kind']> = Extract<Constraint, { kind: K }>;

export function within(value: number, min = 0, max = Number.POSITIVE_INFINITY): boolean {
  return value >= min && value <= max;
}

const countMatches = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

export function meetsLetter(text: string, { letter, min, max }: Of<'letter'>): boolean {
  return within(text.toLowerCase().split(letter.toLowerCase()).length - 1, min, max);
}

/** Parts between separators; a separator before the first or after the last part separates nothing. */
export function meetsParts(text: string, { separator, count, distinct }: Of<'parts'>): boolean {
  const mark = RegExp.escape(separator);
  const edge = RegExp.escape(separator.slice(0, 1));
  const parts = text
    .split(new RegExp(`(?<!${edge})${mark}(?!${edge})`, 'u'))
    .map((part) => part.trim())
    .filter((part, index, all) => part !== '' || (index > 0 && index < all.length - 1));
  if (parts.length !== count || parts.includes('')) return false;
  return distinct !== true || new Set(parts).size === count;
}

const DIVIDER = /^[\s*_=#-]*$/u;

/** What blank lines separate; a line of asterisks or dashes is no paragraph. */
export function paragraphsOf(text: string): string[] {
  return text.split(/\n\s*\n/u).filter((part) => !DIVIDER.test(part));
}

export function meetsParagraphStart(text: string, { index, text: start }: Of<'paragraphStart'>): boolean {
  const paragraph = paragraphsOf(text).at(index > 0 ? index - 1 : index);
  const first = /[\p{L}\p{N}][^\s]*/u.exec(paragraph?.slice(0, 1_000) ?? '')?.[0] ?? '';
  return plainWord(first) === plainWord(start);
}

const plainWord = (word: string): string => word.toLowerCase().replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');

export function meetsPlaceholders(text: string, { min, max }: Of<'placeholders'>): boolean {
  return within(countMatches(text, /\[[^[\]\n]{1,200}\](?!\()/gu), min, max);
}

export function meetsPostscript(text: string, { marker }: Of<'postscript'>): boolean {
  const letters = [...marker.toLowerCase()]
    .filter((letter) => /\p{L}/u.test(letter))
    .map((letter) => RegExp.escape(letter));
  return new RegExp(`(?:^|\\n)[^\\p{L}\\p{N}\\n]{0,8}${letters.join('\\.?[ \\t]?')}(?![\\p{L}\\p{N}])`, 'iu').test(
    text,
  );
}

const HIGHLIGHT = /\*\*[^\n*]{1,400}\*\*|(?<![*\p{L}\p{N}])\*[^\s*][^\n*]{0,400}\*(?![*\p{L}\p{N}])/gu;

export function meetsHighlights(text: string, { min, max }: Of<'highlights'>): boolean {
  return within(countMatches(text, HIGHLIGHT), min, max);
}

/** Lines that begin with the marker and a number or letter: "SECTION 1". */
export function meetsSections(text: string, { marker, min, max }: Of<'sections'>): boolean {
  const name = RegExp.escape(marker);
  const heading = new RegExp(
    `(?:^|\\n)[^\\p{L}\\p{N}\\n]{0,8}${name}[ \\t]+[\\p{L}\\p{N}]{1,8}(?![\\p{L}\\p{N}])`,
    'giu',
  );
  return within(countMatches(text, heading), min, max);
}

export const meetsTitle = (text: string): boolean => /<<[^\n<>]{0,200}[^\s<>][^\n<>]{0,200}>>/u.test(text);

const CAPITALS = /(?<![\p{L}\p{N}])\p{Lu}[\p{Lu}\p{N}'’-]+(?![\p{L}\p{N}])/gu;

/** Words of two letters and more: "I" and "A" shout nothing. */
export function meetsCapitalWords(text: string, { min, max }: Of<'capitalWords'>): boolean {
  return within(countMatches(text, CAPITALS), min, max);
}

export function meetsQuoted(text: string): boolean {
  const bare = text.trim();
  return bare.length > 2 && /^["“„«]/u.test(bare) && /["”“»]$/u.test(bare);
}

const MAX_REPEATED = 20_000;

export function meetsRepeat(text: string, { text: wanted }: Of<'repeat'>): boolean {
  return spaced(text).startsWith(spaced(wanted));
}

const spaced = (text: string): string => text.slice(0, MAX_REPEATED).replace(/\s+/gu, ' ').trim().toLowerCase();
