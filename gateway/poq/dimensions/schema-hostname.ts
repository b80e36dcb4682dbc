import { decodePunycode, encodePunycode } from './schema-punycode.ts';

/** Host names: RFC 1123, and internationalised ones by the rules of IDNA 2008 (RFC 5890–5893). */
const MAX_NAME = 253;
const MAX_LABEL = 63;
const LDH = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i;

/** By RFC 1123 alone. */
export function isPlainHostname(text: string): boolean {
  return text.length <= MAX_NAME && text.split('.').every((label) => label.length <= MAX_LABEL && LDH.test(label));
}

export function isHostname(text: string): boolean {
  return text.length <= MAX_NAME && text.split('.').every(isAsciiLabel) && isBidiName(text.split('.'));
}

export function isIdnHostname(text: string): boolean {
  const labels = text.split(/[.\u3002\uff0e\uff61]/u);
  const ascii = labels.map((label) => (isAscii(label) ? label : `xn--${encodePunycode(label)}`));
  if (ascii.join('.').length > MAX_NAME || ascii.some((label) => label.length > MAX_LABEL)) return false;
  return labels.every((label) => (isAscii(label) ? isAsciiLabel(label) : isULabel(label))) && isBidiName(labels);
}

function isAscii(label: string): boolean {
  return [...label].every((letter) => letter < '\u0080');
}

function isAsciiLabel(label: string): boolean {
  if (label.length > MAX_LABEL || !LDH.test(label)) return false;
  if (label.slice(2, 4) !== '--') return true;
  if (!/^xn--/i.test(label)) return false;
  const decoded = decodePunycode(label.slice(4));
  if (decoded === undefined || decoded === '' || isAscii(decoded)) return false;
  return encodePunycode(decoded) === label.slice(4).toLowerCase() && isULabel(decoded);
}

function isULabel(label: string): boolean {
  if (label !== label.normalize('NFC') || label.startsWith('-') || label.endsWith('-')) return false;
  if (label.slice(2, 4) === '--' || /^\p{M}/u.test(label)) return false;
  const letters = [...label];
  return letters.every((letter, index) => isAllowed(letter, letters, index));
}

const ALWAYS = new Set('ßς۽۾་〇-');
// Fillers, tone marks and the letters that old Hangul is put together from.
const NEVER = /\u302e|\u302f|[\u0640\u07fa\u3031-\u3035\u303b\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]/u;

type Context = (letters: readonly string[], index: number) => boolean;
const VIRAMA =
  /[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca\u0e3a\u0f84\u1039\u103a\u1714\u1734\u17d2\u1a60\u1b44\u1baa\u1bab\ua806\ua8c4\ua953\ua9c0\uaaf6\uabed]/u;
const afterVirama: Context = (letters, index) => VIRAMA.test(letters[index - 1] ?? '');
const before =
  (script: RegExp): Context =>
  (letters, index) =>
    script.test(letters[index - 1] ?? '');
const JOINING = /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Nko}]/u;
const TRANSPARENT = /\p{M}/u;

/** Between two letters that join, marks aside. */
const joins: Context = (letters, index) => {
  const neighbour = (step: 1 | -1): string => {
    let at = index + step;
    while (TRANSPARENT.test(letters[at] ?? '')) at += step;
    return letters[at] ?? '';
  };
  return JOINING.test(neighbour(-1)) && JOINING.test(neighbour(1));
};

const isArabicDigit = (letter: string): boolean => /[\u0660-\u0669]/u.test(letter);
const isExtendedDigit = (letter: string): boolean => /[\u06f0-\u06f9]/u.test(letter);

/** Letters that are allowed in some company only (RFC 5892, appendix A). */
const CONTEXTS: ReadonlyMap<string, Context> = new Map<string, Context>([
  ['\u200c', (letters, index) => afterVirama(letters, index) || joins(letters, index)],
  ['\u200d', afterVirama],
  ['\u00b7', (letters, index) => letters[index - 1] === 'l' && letters[index + 1] === 'l'],
  ['\u0375', (letters, index) => /\p{Script=Greek}/u.test(letters[index + 1] ?? '')],
  ['\u05f3', before(/\p{Script=Hebrew}/u)],
  ['\u05f4', before(/\p{Script=Hebrew}/u)],
  [
    '\u30fb',
    (letters) =>
      letters.some((one) => /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(one) && one !== '\u30fb'),
  ],
]);

function isAllowed(letter: string, letters: readonly string[], index: number): boolean {
  const context = CONTEXTS.get(letter);
  if (context !== undefined) return context(letters, index);
  if (isArabicDigit(letter)) return !letters.some(isExtendedDigit);
  if (isExtendedDigit(letter)) return !letters.some(isArabicDigit);
  if (ALWAYS.has(letter)) return true;
  if (NEVER.test(letter) || !/[\p{Ll}\p{Lo}\p{Lm}\p{Mn}\p{Mc}\p{Nd}]/u.test(letter)) return false;
  // what changes under compatibility folding stands for something else
  return letter.normalize('NFKC').toLowerCase().normalize('NFKC') === letter;
}

const RTL = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const isRtlLetter = (letter: string): boolean => RTL.test(letter) && /\p{L}/u.test(letter);
const isEuropeanDigit = (letter: string): boolean => /[0-9]/.test(letter) || isExtendedDigit(letter);
const isLtrLetter = (letter: string): boolean => /\p{L}/u.test(letter) && !RTL.test(letter);

/** RFC 5893: with any right-to-left label in it, every label of a name must read in one direction. */
function isBidiName(labels: readonly string[]): boolean {
  const decoded = labels.map((label) => {
    return [...(/^xn--/i.test(label) ? (decodePunycode(label.slice(4)) ?? '') : label)];
  });
  const isBidi = decoded.some((letters) => letters.some((letter) => isRtlLetter(letter) || isArabicDigit(letter)));
  return !isBidi || decoded.every(isBidiLabel);
}

function isBidiLabel(letters: readonly string[]): boolean {
  const first = letters[0] ?? '';
  const last = letters.findLast((letter) => !/\p{Mn}/u.test(letter)) ?? '';
  const isRtl = (letter: string): boolean => isRtlLetter(letter) || isArabicDigit(letter);
  const ends = (isLetter: (letter: string) => boolean): boolean => isLetter(last) || isEuropeanDigit(last);
  if (!isRtlLetter(first)) return isLtrLetter(first) && !letters.some(isRtl) && ends(isLtrLetter);
  const mixesDigits = letters.some(isArabicDigit) && letters.some(isEuropeanDigit);
  return !mixesDigits && !letters.some(isLtrLetter) && ends(isRtl);
}
