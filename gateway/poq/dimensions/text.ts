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

const STOP_WORDS = new Set(
  (
    'a an the of in on at by for to from with and or but as is are was were be been being am do does did has have had it its ' +
    'this that these those there their they them he she his her him i me my we our us you your who whom whose which what ' +
    'when where why how will would can could may might shall should must not no nor so if then than too very s t ' +
    'des du de la le les der die das und el los las un une il lo y e et'
  ).split(' '),
);

/** Lower case, one form per character, no diacritics, no thousands separators. */
export function fold(text: string): string {
  return text
    .slice(0, MAX_COMPARED)
    .toWellFormed()
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/(\d)[,’'\u00a0\u202f](?=\d{3}(?!\d))/gu, '$1');
}

const TOKEN = /\d+(?:\.\d+)?|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|\p{L}+/gu;

/** Words, numbers and, in scripts without spaces, single characters; number words as digits, ordinals as numbers. */
export function tokens(text: string): string[] {
  const found = fold(text).match(TOKEN) ?? [];
  const list: string[] = [];
  found.forEach((token, index) => {
    // the tail of "19th" and of "john's"
    if (/^(?:st|nd|rd|th)$/.test(token) && /^\d/.test(found[index - 1] ?? '')) return;
    list.push(NUMBER_WORDS.get(token) ?? canonicalNumber(token));
  });
  return list;
}

/** "36.0" and "036" are 36; what a double cannot hold exactly stays as it is written. */
function canonicalNumber(token: string): string {
  return /^\d/.test(token) && token.length <= 15 ? String(Number(token)) : token;
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
  if (token.length < 4 || /\d/.test(token)) return token;
  return token
    .replace(/(?:ies|ied)$/, 'y')
    .replace(/(?<=.{3})(?:ing|ed|es|er|ly)$/, '')
    .replace(/(?<=.{2}[^s])s$/, '')
    .replace(/(?<=.{3})e$/, '');
}

/** Character 3-grams of the folded letters and digits, words joined by one space and edged by spaces. */
export function trigrams(words: readonly string[]): Set<string> {
  const text = ` ${words.join(' ')} `;
  const grams = new Set<string>();
  for (let index = 0; index + 3 <= text.length; index += 1) grams.add(text.slice(index, index + 3));
  return grams;
}

/** Share of `wanted` that `given` holds, 0…1. */
export function recall(wanted: ReadonlySet<string>, given: ReadonlySet<string>): number {
  if (wanted.size === 0) return 0;
  let found = 0;
  for (const item of wanted) if (given.has(item)) found += 1;
  return found / wanted.size;
}
