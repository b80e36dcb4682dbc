/** Numbers, money, percentages and dates as people write them. */

export type Quantity = { readonly value: number; readonly text: string; readonly at: number; readonly end: number };

const UNITS =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const SCALES: Readonly<Record<string, number>> = { hundred: 100, thousand: 1_000, million: 1_000_000 };

function smallNumber(word: string): number | undefined {
  const unit = UNITS.indexOf(word);
  if (unit !== -1) return unit;
  const ten = TENS.indexOf(word);
  return ten === -1 ? undefined : 20 + 10 * ten;
}

const WORD_NUMBER = [...UNITS, ...TENS, ...Object.keys(SCALES)].join('|');
const DIGITS = String.raw`(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:\s(?:thousand|million)(?!\p{L}))?`;
const WORDS = String.raw`(?:${WORD_NUMBER})(?:(?:-|\s+and\s+|\s+)(?:${WORD_NUMBER}))*`;
const NUMBER = new RegExp(String.raw`(?<![\p{L}\d.])(?:(${DIGITS})|(${WORDS})(?!\p{L}))`, 'giu');
const DIGITS_ONLY = new RegExp(String.raw`(?<![\p{L}\d.])(?:${DIGITS})`, 'gu');

/** Value of "twenty-four", "three hundred and five"; undefined when the words do not make one number ("two three"). */
export function wordsToNumber(text: string): number | undefined {
  const parts = text
    .toLowerCase()
    .split(/[\s-]+/)
    .filter((part) => part !== 'and' && part !== '');
  let total = 0;
  let group = 0;
  let last = Infinity;
  for (const part of parts) {
    const scale = SCALES[part];
    if (scale !== undefined) {
      group = (group === 0 ? 1 : group) * scale;
      if (scale > 100) [total, group] = [total + group, 0];
      last = Infinity;
      continue;
    }
    const value = smallNumber(part);
    if (value === undefined || !fitsAfter(last, value)) return undefined;
    group += value;
    last = value;
  }
  return total + group;
}

/** "twenty" may be followed by "four", "hundred" by anything below it; "four" by nothing. */
function fitsAfter(last: number, value: number): boolean {
  return last === Infinity || (last >= 20 && value > 0 && value < 10);
}

function parseDigits(text: string): number {
  const [figures = '', scale = ''] = text.replaceAll(',', '').split(/\s/);
  // toFixed: 3.3 million is a whole number, 3.3 × 1,000,000 is not quite.
  return Number((Number(figures) * (SCALES[scale.toLowerCase()] ?? 1)).toFixed(6));
}

/** Every number in reading order. `words: false` sees digits only, as a weak backend does. */
export function findQuantities(text: string, options: { readonly words: boolean } = { words: true }): Quantity[] {
  const found: Quantity[] = [];
  for (const match of text.matchAll(options.words ? NUMBER : DIGITS_ONLY)) {
    const isWord = match[2] !== undefined;
    const value = isWord ? wordsToNumber(match[0]) : parseDigits(match[0]);
    if (value === undefined) continue;
    found.push({ value, text: match[0], at: match.index, end: match.index + match[0].length });
  }
  return found;
}

const MONTHS = 'january february march april may june july august september october november december'.split(' ');
const MONTH = MONTHS.map((month) => `${month}|${month.slice(0, 3)}`).join('|');
const DATE_FORMS = [
  String.raw`(?<y>\d{4})-(?<m>\d{2})-(?<d>\d{2})`,
  String.raw`(?<d>\d{1,2})(?:st|nd|rd|th)?(?: of)? (?<M>${MONTH})\.?,? (?<y>\d{4})`,
  String.raw`(?<M>${MONTH})\.? (?<d>\d{1,2})(?:st|nd|rd|th)?,? (?<y>\d{4})`,
  String.raw`(?<d>\d{1,2})[./](?<m>\d{1,2})[./](?<y>\d{4})`,
].map((form) => new RegExp(String.raw`\b${form}\b`, 'gi'));

export type DateMention = { readonly iso: string; readonly text: string; readonly at: number; readonly end: number };

/** Full dates, as ISO 8601. Day before month where only figures are given. */
export function findDates(text: string): DateMention[] {
  const found: DateMention[] = [];
  for (const form of DATE_FORMS) {
    for (const match of text.matchAll(form)) {
      const { y, m, d, M } = match.groups ?? {};
      const month = M === undefined ? Number(m) : MONTHS.findIndex((name) => name.startsWith(M.toLowerCase())) + 1;
      const day = Number(d);
      if (y === undefined || month < 1 || month > 12 || day < 1 || day > 31) continue;
      const iso = `${y}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
      found.push({ iso, text: match[0], at: match.index, end: match.index + match[0].length });
    }
  }
  return found.toSorted((a, b) => a.at - b.at);
}

/** "7", "7.5", never "7.500000000000001": what arithmetic on floats leaves behind is not part of an answer. */
export function formatNumber(value: number): string {
  return String(Number(value.toFixed(6)));
}
