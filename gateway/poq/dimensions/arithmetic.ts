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

const ASKS_FOR_VALUE = /=|\b(?:what is|what's|calculate|compute|evaluate|work out|solve|how much is)\b/iu;
/** 2026-11-22 and 22/11/2026 are no subtractions and no divisions. */
const DATE = /\d{4}-\d{1,2}-\d{1,2}|\d{1,2}\/\d{1,2}\/\d{2,4}/u;

/** The expression that a question consists of, as in "What is 12 × (7 + 5)?", with its value. */
export function plainExpression(question: string): number | undefined {
  if (question.length > 400 || !ASKS_FOR_VALUE.test(question)) return undefined;
  const found = question.match(/[-(]*\d[\d.,\s+\-*/×÷·−–()%]*(?:\s+x\s+[\d(][\d.,\s+\-*/×÷·−–()%]*)*/gu) ?? [];
  const candidates = found
    .map((text) => text.replace(/[\s.,(]+$/u, ''))
    .filter((text) => /\d[\s)%]*[+\-*/×÷·−–x]\s*[(\d-]/u.test(text) && !DATE.test(text));
  const values = candidates.map(evaluate).filter((value) => value !== undefined);
  // Other numbers around it make it a story, and its arithmetic is not simply this expression.
  return values.length === 1 && found.filter((text) => /\d/.test(text)).length === 1 ? values[0] : undefined;
}

const MAX_GIVEN = 6;

/** How a result can be had from given numbers: the operations used, and how many of the numbers were not needed. */
export type Derivation = { readonly adds: boolean; readonly multiplies: boolean; readonly unused: number };

/**
 * Every way to have `target` from the given numbers by + − × ÷, each number used at most once, with at least one and
 * at most three operations. An answer that cannot be had is almost surely wrong; one that can is plausible.
 */
export function derivations(given: readonly number[], target: number): Derivation[] {
  const found = new Map<string, Derivation>();
  // Flat on purpose: this runs thousands of times per word problem, and calls would cost a multiple.
  // eslint-disable-next-line complexity
  const search = (pool: readonly number[], adds: boolean, multiplies: boolean, steps: number): void => {
    const unused = pool.length - 2;
    for (let i = 0; i <= unused; i += 1) {
      for (let j = i + 1; j < pool.length; j += 1) {
        const [a = 0, b = 0] = [pool[i], pool[j]];
        const next = steps > 1 && unused > 0 ? pool.filter((_, index) => index !== i && index !== j) : undefined;
        for (let operation = 0; operation < OPERATIONS; operation += 1) {
          const value = applied(operation, a, b);
          if (!Number.isFinite(value)) continue;
          const [added, multiplied] = [adds || operation < SUMS, multiplies || operation >= SUMS];
          if (isSame(value, target))
            found.set(`${added}${multiplied}${unused}`, { adds: added, multiplies: multiplied, unused });
          if (next === undefined) continue;
          next.push(value);
          search(next, added, multiplied, steps - 1);
          next.pop();
        }
      }
    }
  };
  const numbers = given.slice(0, MAX_GIVEN);
  search(numbers, false, false, numbers.length > 4 ? 2 : 3);
  return [...found.values()];
}

const OPERATIONS = 6;
/** The first three operations are sums. */
const SUMS = 3;

function applied(operation: number, a: number, b: number): number {
  if (operation === 0) return a + b;
  if (operation === 1) return a - b;
  if (operation === 2) return b - a;
  if (operation === 3) return a * b;
  return operation === 4 ? a / b : b / a;
}

/** Equal to the two decimals that people write. */
const isSame = (value: number, target: number): boolean =>
  sameNumber(value, target) || Math.abs(value - target) < 0.0051;
