/** What a UTF-16 unit is to the tokeniser. Ideographs count as symbols: each is a word of its own. */
export const Char = { space: 0, letter: 1, digit: 2, symbol: 3, ideograph: 4 } as const;
export type CharClass = (typeof Char)[keyof typeof Char];

const ASCII = Uint8Array.from({ length: 128 }, (_, code) => asciiClass(code));

function asciiClass(code: number): CharClass {
  if (code <= 0x20 || code === 0x7f) return Char.space;
  if (code >= 0x30 && code <= 0x39) return Char.digit;
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return isLetter ? Char.letter : Char.symbol;
}

/** NaN, the code beyond the end of a text, counts as a space. */
export function classOf(code: number): CharClass {
  if (code < 128) return (ASCII[code] ?? Char.space) as CharClass;
  return code >= 128 ? classOfOther(code) : Char.space;
}

function classOfOther(code: number): CharClass {
  const isAlphabet = (code >= 0xc0 && code < 0x2000) || (code >= 0xac00 && code < 0xd7b0);
  if (isAlphabet) return Char.letter;
  return code >= 0x3040 && code < 0xa000 ? Char.ideograph : Char.symbol;
}
