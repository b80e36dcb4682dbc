/**
 * How o200k cuts a text into pieces before it looks for tokens in each. The definition is an expression over characters:
 *
 * ```
 * [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'d|'m|'t|'ll|'ve|'re)?
 * [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'d|'m|'t|'ll|'ve|'re)?
 * \p{N}{1,3}
 *  ?[^\s\p{L}\p{N}]+[\r\n/]*
 * \s*[\r\n]+
 * \s+(?!\S)
 * \s+
 * ```
 *
 * Texts are cut by hand to the same result, out of their UTF-8 bytes: ASCII byte by byte, all else by code points.
 */
const OTHER = 1;
const UPPER = 2; // Lu, Lt
const LOWER = 3; // Ll
const EITHER = 4; // Lm, Lo: letters of either case
const MARK = 5; // M: as letters of either case, and as signs
const DIGIT = 6;
const SPACE = 7;
const NEWLINE = 8;
const WIDE = 9; // a byte of a character beyond ASCII
const END = 10;

/** Stands after the last byte of a text; no UTF-8 has it. */
export const END_BYTE = 0xff;

const NAMES: readonly (readonly [kind: number, pattern: RegExp])[] = [
  [NEWLINE, /[\r\n]/u],
  [SPACE, /\s/u],
  [LOWER, /\p{Ll}/u],
  [UPPER, /[\p{Lu}\p{Lt}]/u],
  [EITHER, /[\p{Lm}\p{Lo}]/u],
  [MARK, /\p{M}/u],
  [DIGIT, /\p{N}/u],
];

const kindOf = (point: number): number =>
  NAMES.find(([, pattern]) => pattern.test(String.fromCodePoint(point)))?.[0] ?? OTHER;

/** By first byte. */
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => (byte < 128 ? kindOf(byte) : WIDE));
KINDS[END_BYTE] = END;

/** By code point, each found out when it is first met: of the pages behind it few are ever touched. */
const WIDE_KINDS = new Uint8Array(0x110000);

const byteAt = (bytes: Uint8Array, at: number): number => bytes[at] ?? END_BYTE;
const plainAt = (bytes: Uint8Array, at: number): number => KINDS[byteAt(bytes, at)] ?? END;

const isCased = (kind: number): boolean => kind === LOWER || kind === UPPER;

/** Where the piece that begins at `from` ends. The byte after the text is `END_BYTE`. */
export function endOfPiece(bytes: Uint8Array, words: DataView, from: number): number {
  const end = endOfPlain(bytes, words, from);
  return end === -1 ? endOfWide(bytes, from) : end;
}

/** If ASCII alone decides it; -1 where another character has a say. */
function endOfPlain(bytes: Uint8Array, words: DataView, from: number): number {
  const kind = plainAt(bytes, from);
  if (isCased(kind)) return endOfWord(bytes, words, from);
  if (kind === DIGIT) return endOfNumber(bytes, from);
  if (kind === NEWLINE) return endOfSpace(bytes, from);
  const next = plainAt(bytes, from + 1);
  if (kind === WIDE || next === WIDE) return -1;
  if (isCased(next)) return endOfWord(bytes, words, from + 1);
  const isSigned = next === OTHER && bytes[from] === 32;
  return kind === OTHER || isSigned ? endOfSigns(bytes, from + Number(isSigned)) : endOfSpace(bytes, from);
}

function endOfWord(bytes: Uint8Array, words: DataView, from: number): number {
  let at = from;
  let kind = plainAt(bytes, at);
  while (kind === UPPER) kind = plainAt(bytes, (at += 1));
  if (kind === LOWER) {
    at = endOfLower(words, at);
    kind = plainAt(bytes, at);
  }
  if (kind === WIDE) return -1;
  return bytes[at] === 39 ? at + contraction(bytes, at + 1) : at;
}

/** Four bytes at a time: the high bit of the first that is no letter from a to z is set in one of the differences. */
function endOfLower(words: DataView, from: number): number {
  for (let at = from; ; at += 4) {
    const four = words.getInt32(at, true);
    const others = ((four - 0x61616161) | (0x7a7a7a7a - four)) & 0x80808080;
    if (others !== 0) return at + ((31 - Math.clz32(others & -others)) >> 3);
  }
}

/** Bytes of an apostrophe and what belongs to it: `'s`, `'ll`. */
function contraction(bytes: Uint8Array, at: number): number {
  const first = byteAt(bytes, at) | 32;
  if (first === 115 || first === 100 || first === 109 || first === 116) return 2;
  const second = byteAt(bytes, at + 1) | 32;
  if (first === 108) return second === 108 ? 3 : 0;
  return (first === 118 || first === 114) && second === 101 ? 3 : 0;
}

function endOfNumber(bytes: Uint8Array, from: number): number {
  let at = from + 1;
  while (at < from + 3 && plainAt(bytes, at) === DIGIT) at += 1;
  return at < from + 3 && plainAt(bytes, at) === WIDE ? -1 : at;
}

function endOfSigns(bytes: Uint8Array, from: number): number {
  let at = from;
  while (plainAt(bytes, at) === OTHER) at += 1;
  return plainAt(bytes, at) === WIDE ? -1 : afterSigns(bytes, at);
}

/** Line ends and slashes that belong to the signs before them. */
function afterSigns(bytes: Uint8Array, from: number): number {
  let at = from;
  while (plainAt(bytes, at) === NEWLINE || bytes[at] === 47) at += 1;
  return at;
}

/** Up to the last line end; without one all but the last, which belongs to what follows. */
function endOfSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  let afterNewline = -1;
  let kind = plainAt(bytes, at);
  while (kind === SPACE || kind === NEWLINE) {
    at += 1;
    if (kind === NEWLINE) afterNewline = at;
    kind = plainAt(bytes, at);
  }
  if (kind === WIDE) return -1;
  if (afterNewline !== -1) return afterNewline;
  return kind === END || at - from === 1 ? at : at - 1;
}

/** The character that was read last by `kindAt`: its kind, and where the next one begins. */
let after = 0;

function kindAt(bytes: Uint8Array, at: number): number {
  const first = byteAt(bytes, at);
  after = at + 1;
  if (first < 128 || first === END_BYTE) return KINDS[first] ?? END;
  const point = pointAt(bytes, at, first);
  return (WIDE_KINDS[point] ||= kindOf(point));
}

function pointAt(bytes: Uint8Array, at: number, first: number): number {
  const more = (place: number): number => byteAt(bytes, at + place) & 0x3f;
  after = at + (first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);
  if (first < 0xe0) return ((first & 0x1f) << 6) | more(1);
  if (first < 0xf0) return ((first & 0x0f) << 12) | (more(1) << 6) | more(2);
  return ((first & 0x07) << 18) | (more(1) << 12) | (more(2) << 6) | more(3);
}

/** The expression's alternatives in their order. */
function endOfWide(bytes: Uint8Array, from: number): number {
  const kind = kindAt(bytes, from);
  const second = after;
  const end = endOfWideWord(bytes, from, isBefore(kind) ? second : from);
  if (end !== -1) return bytes[end] === 39 ? end + contraction(bytes, end + 1) : end;
  if (kind === DIGIT) return endOfWideNumber(bytes, from);
  if (kind === OTHER) return endOfWideSigns(bytes, from);
  const isSigned = bytes[from] === 32 && kindAt(bytes, second) === OTHER;
  return isSigned ? endOfWideSigns(bytes, second) : endOfWideSpace(bytes, from);
}

/** Whether a word may begin with it that is no letter. */
const isBefore = (kind: number): boolean => kind === MARK || kind === SPACE || kind === OTHER;

/** @param second where the letters begin if the first character is none. */
function endOfWideWord(bytes: Uint8Array, from: number, second: number): number {
  let end = endOfMixed(bytes, second);
  if (end === -1 && second !== from) end = endOfMixed(bytes, from);
  if (end === -1) end = endOfUpper(bytes, second);
  if (end === -1 && second !== from) end = endOfUpper(bytes, from);
  return end;
}

const isUpper = (kind: number): boolean => kind === UPPER || kind === EITHER || kind === MARK;
const isLower = (kind: number): boolean => kind === LOWER || kind === EITHER || kind === MARK;

/** Letters the last of which may be a small one; -1 without such a letter. */
function endOfMixed(bytes: Uint8Array, from: number): number {
  let at = from;
  let afterEither = -1;
  let kind = kindAt(bytes, at);
  for (; isUpper(kind); kind = kindAt(bytes, at)) {
    at = after;
    if (kind !== UPPER) afterEither = at;
  }
  if (kind !== LOWER) return afterEither;
  for (; isLower(kind); kind = kindAt(bytes, at)) at = after;
  return at;
}

function endOfUpper(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isUpper(kindAt(bytes, at))) at = after;
  return at === from ? -1 : at;
}

function endOfWideNumber(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let count = 0; count < 3 && kindAt(bytes, at) === DIGIT; count += 1) at = after;
  return at;
}

function endOfWideSigns(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let kind = kindAt(bytes, at); kind === OTHER || kind === MARK; kind = kindAt(bytes, at)) at = after;
  return afterSigns(bytes, at);
}

function endOfWideSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  let afterNewline = -1;
  let last = from;
  let kind = kindAt(bytes, at);
  for (; kind === SPACE || kind === NEWLINE; kind = kindAt(bytes, at)) {
    last = at;
    at = after;
    if (kind === NEWLINE) afterNewline = at;
  }
  if (afterNewline !== -1) return afterNewline;
  return kind === END || last === from ? at : last;
}
