/** Values of written expressions such as `(12 + 3) * 4`. Undefined for anything that is not one. */
export function evaluateExpression(text: string): number | undefined {
  const tokens = text
    .replaceAll('×', '*')
    .replaceAll('÷', '/')
    .replaceAll('−', '-')
    .match(/\d+(?:\.\d+)?|[-+*/()]|\S/g);
  if (tokens === null || !tokens.some((token) => '+-*/'.includes(token))) return undefined;
  const reader = createReader(tokens);
  const value = reader.sum();
  return value !== undefined && reader.atEnd() && Number.isFinite(value) ? value : undefined;
}

function createReader(tokens: readonly string[]) {
  let position = 0;
  const next = (): string | undefined => tokens[position];
  const accept = (options: string): string | undefined => {
    const token = next();
    if (token === undefined || token.length !== 1 || !options.includes(token)) return undefined;
    position += 1;
    return token;
  };
  const atom = (): number | undefined => {
    if (accept('(') !== undefined) {
      const inner = sum();
      return accept(')') === undefined ? undefined : inner;
    }
    if (accept('-') !== undefined) {
      const value = atom();
      return value === undefined ? undefined : -value;
    }
    const token = next();
    if (token === undefined || !/^\d/.test(token)) return undefined;
    position += 1;
    return Number(token);
  };
  const chain = (operators: string, part: () => number | undefined): number | undefined => {
    let left = part();
    for (let sign = accept(operators); sign !== undefined; sign = accept(operators)) {
      const right = part();
      if (left === undefined || right === undefined) return undefined;
      left = apply(sign, left, right);
    }
    return left;
  };
  const product = (): number | undefined => chain('*/', atom);
  const sum = (): number | undefined => chain('+-', product);
  return { sum, atEnd: (): boolean => position === tokens.length };
}

function apply(sign: string, left: number, right: number): number {
  if (sign === '+') return left + right;
  if (sign === '-') return left - right;
  return sign === '*' ? left * right : left / right;
}

/** The longest piece of `text` that reads as an expression with at least one operator. */
export function findExpression(text: string): string | undefined {
  const pieces = text.match(/[\d(][\d\s.()+*/×÷−-]*[\d)]/g) ?? [];
  return pieces.filter((piece) => evaluateExpression(piece) !== undefined).toSorted((a, b) => b.length - a.length)[0];
}
