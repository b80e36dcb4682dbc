import { sameNumber } from './verifiable.ts';

/** Arithmetic that an evaluator can do again by itself. */

const MAX_EXPRESSION = 200;
const MAX_NESTING = 32;

type Cursor = { readonly text: string; at: number; depth: number };

/** Value of `1 + 2 * (3 - 4)`; undefined for anything that is not one complete expression. */
export function evaluate(expression: string): number | undefined {
  const text = normalise(expression);
  if (text === '' || text.length > MAX_EXPRESSION) return undefined;
  const cursor = { text, at: 0, depth: 0 };
  const value = sum(cursor);
  return cursor.at === text.length && value !== undefined && Number.isFinite(value) ? value : undefined;
}

function normalise(expression: string): string {
  return expression
    .replace(/[×·∙]/gu, '*')
    .replace(/÷/gu, '/')
    .replace(/[−–]/gu, '-')
    .replace(/(\d),(?=\d{3}(?!\d))/gu, '$1')
    .replace(/(?<=[\d)])\s*x\s*(?=[\d(])/giu, '*')
    .replace(/[$€£\s]/gu, '');
}

function sum(cursor: Cursor): number | undefined {
  let value = product(cursor);
  while (value !== undefined && (cursor.text[cursor.at] === '+' || cursor.text[cursor.at] === '-')) {
    const sign = cursor.text[cursor.at] === '+' ? 1 : -1;
    cursor.at += 1;
    const right = product(cursor);
    value = right === undefined ? undefined : value + sign * right;
  }
  return value;
}

function product(cursor: Cursor): number | undefined {
  let value = factor(cursor);
  while (value !== undefined && (cursor.text[cursor.at] === '*' || cursor.text[cursor.at] === '/')) {
    const times = cursor.text[cursor.at] === '*';
    cursor.at += 1;
    const right = factor(cursor);
    value = right === undefined || (!times && right === 0) ? undefined : times ? value * right : value / right;
  }
  return value;
}

function factor(cursor: Cursor): number | undefined {
  if (cursor.text[cursor.at] === '-') {
    cursor.at += 1;
    const value = atom(cursor);
    return value === undefined ? undefined : -value;
  }
  return atom(cursor);
}

function atom(cursor: Cursor): number | undefined {
  if (cursor.text[cursor.at] === '(') {
    cursor.depth += 1;
    if (cursor.depth > MAX_NESTING) return undefined;
    cursor.at += 1;
    const value = sum(cursor);
    if (cursor.text[cursor.at] !== ')') return undefined;
    cursor.at += 1;
    cursor.depth -= 1;
    return value;
  }
  const digits = /^\d+(?:\.\d+)?/.exec(cursor.text.slice(cursor.at, cursor.at + 24))?.[0];
  if (digits === undefined) return undefined;
  cursor.at += digits.length;
  const percent = cursor.text[cursor.at] === '%';
  if (percent) cursor.at += 1;
  return percent ? Number(digits) / 100 : Number(digits);
}

const LEFT_SIDE = /[\d(][\d.,\s+\-*/×÷·−–()x$€£%]*$/u;
const RIGHT_SIDE = /^\s*[$€£]?\s*([-−]?\d[\d,]*(?:\.\d+)?)/u;
const MAX_EQUATIONS = 60;

/** Every "expression = number" of a text: how many there are and how many hold (to the two decimals people write). */
export function checkEquations(text: string): { readonly total: number; readonly right: number } {
  let total = 0;
  let right = 0;
  let at = text.indexOf('=');
  for (; at !== -1 && total < MAX_EQUATIONS; at = text.indexOf('=', at + 1)) {
    // a full stop or a comma before a space ends what came before
    const left = LEFT_SIDE.exec(text.slice(Math.max(0, at - 80), at))?.[0]
      .split(/[.,]\s/u)
      .at(-1);
    const claimed = RIGHT_SIDE.exec(text.slice(at + 1, at + 40))?.[1];
    if (left === undefined || claimed === undefined || !/[+\-*/×÷·−–x]/u.test(left.slice(1))) continue;
    const value = evaluate(left);
    if (value === undefined) continue;
    total += 1;
    if (holds(value, Number(claimed.replace(/,/g, '').replace('−', '-')))) right += 1;
  }
  return { total, right };
}

function holds(value: number, claimed: number): boolean {
  return sameNumber(value, claimed, 1e-4) || Math.abs(value - claimed) <= 0.005;
}

/** The expression that a question consists of, as in "What is 12 × (7 + 5)?", with its value. */
export function plainExpression(question: string): number | undefined {
  if (question.length > 400) return undefined;
  const found = question.match(/[-(]*\d[\d.,\s+\-*/×÷·−–()%]*(?:\s+x\s+[\d(][\d.,\s+\-*/×÷·−–()%]*)*/gu) ?? [];
  const candidates = found
    .map((text) => text.replace(/[\s.,(]+$/u, ''))
    .filter((text) => /\d[\s)%]*[+\-*/×÷·−–x]\s*[(\d-]/u.test(text));
  const values = candidates.map(evaluate).filter((value) => value !== undefined);
  // Other numbers around it make it a story, and its arithmetic is not simply this expression.
  return values.length === 1 && found.filter((text) => /\d/.test(text)).length === 1 ? values[0] : undefined;
}

const MAX_GIVEN = 6;

/**
 * Whether `target` can be had from the given numbers by + − × ÷, each used at most once and at most four of them. An
 * answer that cannot is almost surely wrong; one that can is plausible.
 */
export function isReachable(given: readonly number[], target: number): boolean {
  const numbers = [...new Set(given)].slice(0, MAX_GIVEN);
  const search = (pool: readonly number[], steps: number): boolean => {
    if (pool.some((value) => sameNumber(value, target) || Math.abs(value - target) < 0.0051)) return true;
    if (steps === 0) return false;
    for (let i = 0; i < pool.length; i += 1) {
      for (let j = i + 1; j < pool.length; j += 1) {
        const [a, b] = [pool[i] ?? 0, pool[j] ?? 0];
        const rest = pool.filter((_, index) => index !== i && index !== j);
        for (const value of combine(a, b)) if (search([...rest, value], steps - 1)) return true;
      }
    }
    return false;
  };
  return search(numbers, numbers.length > 4 ? 2 : 3);
}

function combine(a: number, b: number): number[] {
  const results = [a + b, a - b, b - a, a * b];
  if (b !== 0) results.push(a / b);
  if (a !== 0) results.push(b / a);
  return results;
}
