import { Char, classOf } from './characters.ts';

/** What can be counted in a text without understanding a word of it. Shares are of the characters in the window. */
export const SURFACE_FEATURES = [
  'length',
  'words',
  'wordLength',
  'lines',
  'upper',
  'digits',
  'numbers',
  'foreign',
  'ideographs',
  'commas',
  'periods',
  'questions',
  'colons',
  'quotes',
  'dashes',
  'brackets',
  'operators',
  'backslashes',
  'dollars',
  'underscores',
  'backticks',
  'semicolons',
  'options',
  'optionLength',
  'startsUpper',
  'startsSymbol',
  'endsQuestion',
  'endsPeriod',
  'endsColon',
  'endsWord',
  'longestLine',
  'tailLine',
] as const;
export type SurfaceFeature = (typeof SURFACE_FEATURES)[number];

const AT = Object.fromEntries(SURFACE_FEATURES.map((name, index) => [name, index])) as Record<SurfaceFeature, number>;

/** Which count a symbol goes to. */
const SYMBOLS: readonly (readonly [SurfaceFeature, string])[] = [
  ['commas', ',،、，'],
  ['periods', '.。'],
  ['questions', '?？؟'],
  ['colons', ':：'],
  ['quotes', '"\'“”„«»‘’'],
  ['dashes', '-–—•*'],
  ['brackets', '()[]{}'],
  ['operators', '+=<>/^%|&×÷±√'],
  ['backslashes', '\\'],
  ['dollars', '$€£'],
  ['underscores', '_'],
  ['backticks', '`'],
  ['semicolons', ';'],
];
const COUNT_OF = new Map(
  SYMBOLS.flatMap(([name, symbols]) => Array.from(symbols, (symbol) => [symbol.charCodeAt(0), AT[name]] as const)),
);
const ASCII_COUNT = Int8Array.from({ length: 128 }, (_, code) => COUNT_OF.get(code) ?? -1);

const NEWLINE = 0x0a;
const isUpper = (code: number): boolean => code >= 0x41 && code <= 0x5a;
const countOf = (code: number): number => (code < 128 ? (ASCII_COUNT[code] ?? -1) : (COUNT_OF.get(code) ?? -1));

export type SurfaceCounter = {
  /** @param characters length of the whole text, of which `text` may be the ends only. */
  readonly count: (text: string, characters: number, into: Float64Array) => void;
};

export function createSurfaceCounter(): SurfaceCounter {
  const sums = new Float64Array(SURFACE_FEATURES.length);
  return {
    count(text, characters, into) {
      sums.fill(0);
      countCharacters(text, sums);
      countLines(text, sums);
      const length = Math.max(1, text.length);
      for (let at = 0; at < sums.length; at += 1) into[at] = Math.sqrt((sums[at] ?? 0) / length);
      setSizes(sums, into, characters, length);
      markEnds(text, into);
    },
  };
}

const bump = (sums: Float64Array, at: number, by = 1): void => {
  sums[at] = (sums[at] ?? 0) + by;
};

function countCharacters(text: string, sums: Float64Array): void {
  let before: number = Char.space;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const kind = classOf(code);
    const starts = kind !== before;
    before = kind;
    if (kind === Char.letter) countLetter(code, starts, sums);
    else if (kind === Char.symbol) {
      const to = countOf(code);
      if (to >= 0) bump(sums, to);
    } else if (kind === Char.digit) {
      bump(sums, AT.digits);
      if (starts) bump(sums, AT.numbers);
    } else if (kind === Char.ideograph) bump(sums, AT.ideographs);
  }
}

function countLetter(code: number, starts: boolean, sums: Float64Array): void {
  if (starts) bump(sums, AT.words);
  if (isUpper(code)) bump(sums, AT.upper);
  if (code > 127) bump(sums, AT.foreign);
}

function countLines(text: string, sums: Float64Array): void {
  let [start, longest, lines] = [0, 0, 1];
  for (let end = text.indexOf('\n'); ; end = text.indexOf('\n', start)) {
    const stop = end === -1 ? text.length : end;
    longest = Math.max(longest, stop - start);
    if (isOption(text, start)) {
      bump(sums, AT.options);
      bump(sums, AT.optionLength, stop - start);
    }
    if (end === -1) break;
    // Blank lines are a matter of taste.
    if (stop > start) lines += 1;
    start = end + 1;
  }
  sums[AT.lines] = lines;
  sums[AT.longestLine] = longest;
  sums[AT.tailLine] = text.length - start;
}

/** Sizes go by their logarithm: twice as long is the same step everywhere. */
function setSizes(sums: Float64Array, into: Float64Array, characters: number, length: number): void {
  const sumOf = (name: SurfaceFeature): number => sums[AT[name]] ?? 0;
  into[AT.length] = Math.log2(1 + characters);
  into[AT.words] = Math.log2(1 + sumOf('words'));
  into[AT.wordLength] = Math.min(20, length / Math.max(1, sumOf('words')));
  into[AT.lines] = Math.log2(sumOf('lines'));
  into[AT.longestLine] = Math.log2(1 + sumOf('longestLine'));
  into[AT.tailLine] = Math.log2(1 + sumOf('tailLine'));
  into[AT.options] = Math.min(12, sumOf('options'));
  into[AT.optionLength] = Math.log2(1 + sumOf('optionLength') / Math.max(1, sumOf('options')));
}

/** A line such as `A. 42`, `b) red` or `(C) none`: a choice between given answers. */
function isOption(text: string, start: number): boolean {
  const at = text.charCodeAt(start) === 0x28 ? start + 1 : start;
  const letter = text.charCodeAt(at) | 0x20;
  const mark = text.charCodeAt(at + 1);
  return letter >= 0x61 && letter <= 0x6a && (mark === 0x2e || mark === 0x29 || mark === 0x3a);
}

/** Blank tails are short or absurd; either way a bounded look is enough. */
const BLANK_TAIL = 16;

function markEnds(text: string, into: Float64Array): void {
  const end = text.slice(-BLANK_TAIL).trimEnd();
  const last = end.charCodeAt(end.length - 1);
  const first = text.charCodeAt(0);
  const mark = (name: SurfaceFeature, holds: boolean): void => {
    into[AT[name]] = holds ? 1 : 0;
  };
  mark('startsUpper', isUpper(first));
  mark('startsSymbol', classOf(first) === Char.symbol || first === NEWLINE);
  mark('endsQuestion', countOf(last) === AT.questions);
  mark('endsPeriod', countOf(last) === AT.periods);
  mark('endsColon', countOf(last) === AT.colons);
  mark('endsWord', classOf(last) === Char.letter);
}
