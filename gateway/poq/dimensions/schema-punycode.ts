/** Punycode (RFC 3492), with the parameters of internationalised host names. */
const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const FIRST_BIAS = 72;
const FIRST_CODE = 128;
const MAX_LENGTH = 300;
const DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789';

function adapt(delta: number, length: number, isFirst: boolean): number {
  let rest = isFirst ? Math.floor(delta / DAMP) : delta >> 1;
  rest += Math.floor(rest / length);
  let k = 0;
  for (; rest > ((BASE - T_MIN) * T_MAX) >> 1; k += BASE) rest = Math.floor(rest / (BASE - T_MIN));
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}

const threshold = (k: number, bias: number): number => Math.min(T_MAX, Math.max(T_MIN, k - bias));

/** The text that `encoded` (without `xn--`) stands for; undefined when it stands for nothing. */
export function decodePunycode(encoded: string): string | undefined {
  const text = encoded.toLowerCase();
  if (text.length > MAX_LENGTH) return undefined;
  const cut = text.lastIndexOf('-');
  const output = [...text.slice(0, Math.max(0, cut))].map((letter) => letter.charCodeAt(0));
  let [code, index, bias] = [FIRST_CODE, 0, FIRST_BIAS];
  let at = cut === -1 ? 0 : cut + 1;
  while (at < text.length) {
    const read = readNumber(text, at, bias);
    if (read === undefined) return undefined;
    at = read.next;
    index += read.value;
    const length = output.length + 1;
    bias = adapt(read.value, length, output.length === Math.max(0, cut));
    code += Math.floor(index / length);
    index %= length;
    if (code > 0x10ffff) return undefined;
    output.splice(index, 0, code);
    index += 1;
  }
  return String.fromCodePoint(...output);
}

function readNumber(text: string, start: number, bias: number): { value: number; next: number } | undefined {
  let [value, weight, at] = [0, 1, start];
  for (let k = BASE; ; k += BASE) {
    const digit = DIGITS.indexOf(text.charAt(at) || '?');
    if (digit === -1) return undefined;
    at += 1;
    value += digit * weight;
    if (value > 2 ** 31) return undefined;
    const limit = threshold(k, bias);
    if (digit < limit) return { value, next: at };
    weight *= BASE - limit;
  }
}

export function encodePunycode(text: string): string {
  const input = [...text].slice(0, MAX_LENGTH).map((letter) => letter.codePointAt(0) ?? 0);
  const plain = input.filter((code) => code < FIRST_CODE);
  let output = String.fromCodePoint(...plain) + (plain.length > 0 ? '-' : '');
  let [code, delta, bias, done] = [FIRST_CODE, 0, FIRST_BIAS, plain.length];
  while (done < input.length) {
    const limit = code;
    const next = Math.min(...input.filter((one) => one >= limit));
    delta += (next - code) * (done + 1);
    code = next;
    for (const one of input) {
      if (one < code) delta += 1;
      if (one !== code) continue;
      output += writeNumber(delta, bias);
      bias = adapt(delta, done + 1, done === plain.length);
      delta = 0;
      done += 1;
    }
    delta += 1;
    code += 1;
  }
  return output;
}

function writeNumber(value: number, bias: number): string {
  let text = '';
  let rest = value;
  for (let k = BASE; ; k += BASE) {
    const limit = threshold(k, bias);
    if (rest < limit) return text + DIGITS.charAt(rest);
    text += DIGITS.charAt(limit + ((rest - limit) % (BASE - limit)));
    rest = Math.floor((rest - limit) / (BASE - limit));
  }
}
