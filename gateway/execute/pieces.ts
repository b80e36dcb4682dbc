/**
 * How o200k cuts a text into pieces before it looks for tokens in each. The expression is the definition; what is plain
 * ASCII, as most of most texts is, is cut by hand to the same result.
 */
const PIECE =
  /[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?:'(?:[sS]|[dD]|[mM]|[tT]|[lL][lL]|[vV][eE]|[rR][eE]))?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?:'(?:[sS]|[dD]|[mM]|[tT]|[lL][lL]|[vV][eE]|[rR][eE]))?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+/uy;

/** Where the piece that begins at `from` ends, whatever it is made of. */
export function endOfAny(text: string, from: number): number {
  PIECE.lastIndex = from;
  return PIECE.test(text) ? PIECE.lastIndex : text.length;
}

const OTHER = 0;
const UPPER = 1;
const LOWER = 2;
const DIGIT = 3;
const SPACE = 4;
const NEWLINE = 5;
const WIDE = 6;
const END = 7;

const KINDS = Uint8Array.from({ length: 128 }, (_, code) => kindOf(String.fromCharCode(code)));

function kindOf(character: string): number {
  if (/[A-Z]/.test(character)) return UPPER;
  if (/[a-z]/.test(character)) return LOWER;
  if (/[0-9]/.test(character)) return DIGIT;
  if (/[\r\n]/.test(character)) return NEWLINE;
  return /\s/.test(character) ? SPACE : OTHER;
}

function kindAt(text: string, at: number): number {
  if (at >= text.length) return END;
  return KINDS[text.charCodeAt(at)] ?? WIDE;
}

const isLetter = (kind: number): boolean => kind === UPPER || kind === LOWER;

/** Where the piece that begins at `from` ends if ASCII alone decides it; -1 where another character has a say. */
export function endOfPlain(text: string, from: number): number {
  const kind = kindAt(text, from);
  if (isLetter(kind)) return endOfWord(text, from);
  if (kind === DIGIT) return endOfNumber(text, from);
  if (kind === NEWLINE) return endOfSpace(text, from);
  const next = kindAt(text, from + 1);
  if (kind === WIDE || next === WIDE) return -1;
  if (isLetter(next)) return endOfWord(text, from + 1);
  if (kind === OTHER) return endOfSigns(text, from);
  return next === OTHER && text.charCodeAt(from) === 32 ? endOfSigns(text, from + 1) : endOfSpace(text, from);
}

function endOfWord(text: string, from: number): number {
  let at = from;
  while (kindAt(text, at) === UPPER) at += 1;
  while (kindAt(text, at) === LOWER) at += 1;
  if (kindAt(text, at) === WIDE) return -1;
  return text.charCodeAt(at) === 39 ? at + contraction(text, at + 1) : at;
}

/** Characters of an apostrophe and what belongs to it: `'s`, `'ll`. */
function contraction(text: string, at: number): number {
  const first = text.charCodeAt(at) | 32;
  if (first === 115 || first === 100 || first === 109 || first === 116) return 2;
  const second = text.charCodeAt(at + 1) | 32;
  if (first === 108) return second === 108 ? 3 : 0;
  return (first === 118 || first === 114) && second === 101 ? 3 : 0;
}

function endOfNumber(text: string, from: number): number {
  let at = from + 1;
  while (at < from + 3 && kindAt(text, at) === DIGIT) at += 1;
  return at < from + 3 && kindAt(text, at) === WIDE ? -1 : at;
}

function endOfSigns(text: string, from: number): number {
  let at = from;
  while (kindAt(text, at) === OTHER) at += 1;
  if (kindAt(text, at) === WIDE) return -1;
  while (kindAt(text, at) === NEWLINE || text.charCodeAt(at) === 47) at += 1;
  return at;
}

/** Up to the last line end; without one all but the last, which belongs to what follows. */
function endOfSpace(text: string, from: number): number {
  let at = from;
  let afterNewline = -1;
  for (let kind = kindAt(text, at); kind === SPACE || kind === NEWLINE; kind = kindAt(text, at)) {
    at += 1;
    if (kind === NEWLINE) afterNewline = at;
  }
  const stop = kindAt(text, at);
  if (stop === WIDE) return -1;
  if (afterNewline !== -1) return afterNewline;
  return stop === END || at - from === 1 ? at : at - 1;
}
