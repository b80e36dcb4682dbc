/**
 * A pocket calculator for the pages: whole numbers with thousands separators, + − × / and brackets, ⌊ ⌋ around a quotient
 * that is rounded down, isqrt(…). A quotient outside ⌊ ⌋ must come out even.
 */
export type Calculation = { readonly line: string; readonly expression: string; readonly result: string };

/** Lines `name = expression = result` of a page. */
export function calculations(page: string): Calculation[] {
  return page.split('\n').flatMap((line) => {
    const [name, expression, result, ...rest] = line.split(' = ').map((part) => part.trim());
    if (name === undefined || expression === undefined || result === undefined || rest.length > 0) return [];
    return /^[a-zA-Z][a-z ]*$/i.test(name) && /^[\d,]+$/.test(result) ? [{ line, expression, result }] : [];
  });
}

type Tokens = { readonly list: readonly string[]; at: number; floors: number };

/** @throws SyntaxError for anything else, RangeError for a quotient that does not come out even. */
export function calculate(text: string): bigint {
  const list = text.match(/\d[\d,]*|isqrt|[+−×/()⌊⌋]|\S/g) ?? [];
  const tokens = { list, at: 0, floors: 0 };
  const value = sumOf(tokens);
  if (tokens.at < list.length) throw new SyntaxError(`${text}: unexpected ${list[tokens.at]}`);
  return value;
}

function sumOf(tokens: Tokens): bigint {
  let value = productOf(tokens);
  for (;;) {
    if (take(tokens, '+')) value += productOf(tokens);
    else if (take(tokens, '−')) value -= productOf(tokens);
    else return value;
  }
}

function productOf(tokens: Tokens): bigint {
  let value = factorOf(tokens);
  for (;;) {
    if (take(tokens, '×')) value *= factorOf(tokens);
    else if (take(tokens, '/')) value = quotientOf(tokens, value);
    else return value;
  }
}

function quotientOf(tokens: Tokens, value: bigint): bigint {
  const divisor = factorOf(tokens);
  const isEven = value % divisor === 0n;
  if (!isEven && tokens.floors === 0) throw new RangeError(`${value} / ${divisor} is not whole`);
  return value / divisor;
}

function factorOf(tokens: Tokens): bigint {
  if (take(tokens, '(')) return closed(tokens, ')');
  if (take(tokens, '⌊')) {
    tokens.floors += 1;
    const value = closed(tokens, '⌋');
    tokens.floors -= 1;
    return value;
  }
  if (take(tokens, 'isqrt')) return rootOf(factorOf(tokens));
  const token = tokens.list[tokens.at] ?? 'end';
  if (!/^\d/.test(token)) throw new SyntaxError(`expected a number, got ${token}`);
  tokens.at += 1;
  return BigInt(token.replaceAll(',', ''));
}

function closed(tokens: Tokens, bracket: string): bigint {
  const value = sumOf(tokens);
  if (!take(tokens, bracket)) throw new SyntaxError(`no ${bracket}`);
  return value;
}

function take(tokens: Tokens, token: string): boolean {
  if (tokens.list[tokens.at] !== token) return false;
  tokens.at += 1;
  return true;
}

/** By trial from the float's neighbourhood, unlike the engine's own. */
function rootOf(value: bigint): bigint {
  let root = BigInt(Math.floor(Math.sqrt(Number(value)))) + 2n;
  while (root * root > value) root -= 1n;
  return root;
}
