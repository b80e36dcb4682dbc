import { evaluateExpression, findExpression } from './expression.ts';
import { keepLedger } from './ledger.ts';
import { findQuantities, formatNumber } from './quantities.ts';
import { readProblem } from './word-problem.ts';
import type { Fact, Problem } from './word-problem.ts';

/** How much of a word problem a backend understands. */
export type ArithmeticLevel = 'full' | 'ledger' | 'signs' | 'sum';

type Step = { readonly text: string };
type Term = { readonly value: number; readonly unit: string; readonly clause: string; readonly gain: boolean };
type Result = { readonly value: number; readonly steps: readonly Step[] };

export function solve(problem: string, level: ArithmeticLevel): string {
  const expression = findExpression(problem);
  const value = expression === undefined ? undefined : evaluateExpression(expression);
  if (expression !== undefined && value !== undefined && level !== 'sum')
    return `${expression.trim()} = ${formatNumber(value)}. The answer is ${formatNumber(value)}.`;
  const result = solvers[level](problem);
  if (result === undefined) return 'There are no numbers to work with.';
  const working = result.steps.map((step) => step.text).join('. ');
  return `${working === '' ? '' : `${working}. `}The answer is ${formatNumber(result.value)}.`;
}

const solvers: Readonly<Record<ArithmeticLevel, (problem: string) => Result | undefined>> = {
  full: (text) => evaluate(readProblem(text)),
  ledger: (text) => {
    const entries = keepLedger(text);
    const last = entries.at(-1);
    const steps = entries.map((entry) => ({ text: `${entry.text}: ${formatNumber(entry.value)}` }));
    return last === undefined ? undefined : { value: Math.abs(last.value), steps };
  },
  signs: (text) => {
    const facts = readProblem(text).facts.filter((fact) => fact.kind === 'count' || fact.kind === 'rate');
    return addUp(facts.map((fact) => (fact.gain ? fact.value : -fact.value)));
  },
  sum: (text) => addUp(findQuantities(text, { words: false }).map((found) => found.value)),
};

function addUp(values: readonly number[]): Result | undefined {
  const [first, ...rest] = values;
  if (first === undefined) return undefined;
  const text = rest.map((value) => (value < 0 ? ` - ${formatNumber(-value)}` : ` + ${formatNumber(value)}`)).join('');
  const value = Math.abs(values.reduce((sum, item) => sum + item, 0));
  return {
    value,
    steps: rest.length === 0 ? [] : [{ text: `${formatNumber(first)}${text} = ${formatNumber(value)}` }],
  };
}

const LEFT = /\b(?:left|remain|remains|remaining|still|change|now have)\b/i;
const DIFFERENCE =
  /\bhow (?:many|much) (?:\p{L}+ )?(?:more|fewer|less|longer|older|taller|farther|further|cheaper)\b|\bhow much (?:\p{L}+er)\b|\bdifference\b/iu;
const EARNING =
  /\b(?:earns?|earned|gets?|got|receives?|received|finds?|found|saves?|saved|sells?|sold|gift|adds?|added|wins?|won)\b/i;

function evaluate(problem: Problem): Result | undefined {
  const steps: Step[] = [];
  const terms = foldFacts(problem, steps);
  const matching = relevant(terms, problem.target);
  if (matching.length === 0) return undefined;
  const trips = capacityTrips(problem, terms);
  if (trips !== undefined) return trips;
  if (DIFFERENCE.test(problem.question) && matching.length >= 2) return difference(matching, steps);
  const total = runningTotal(problem, matching, steps);
  return finish(problem, total, steps);
}

type Rate = Extract<Fact, { kind: 'rate' }>;

function ratesOf(problem: Problem): Rate[] {
  return problem.facts.filter((fact) => fact.kind === 'rate');
}

/** Counts times what each of them brings; factors and shares act on the term before them. */
function foldFacts(problem: Problem, steps: Step[]): Term[] {
  const rates = ratesOf(problem);
  const used = new Set<Rate>();
  const terms: Term[] = [];
  let ahead: number | undefined;
  for (const fact of problem.facts) {
    if (fact.kind === 'factor') {
      if (terms.length === 0) ahead = fact.value;
      else scaleLast(terms, fact.value, problem, steps);
    } else if (fact.kind === 'count' && ahead !== undefined) {
      // "Half of the 36 guests leave": the factor stood before its number.
      terms.push({ ...fact, gain: true });
      scaleLast(terms, ahead, problem, steps);
      ahead = undefined;
    } else if (fact.kind === 'count') {
      terms.push(expand(fact, rates, used, steps));
    }
  }
  // A rate that met no count speaks for itself: one of them, or the amount to compare with.
  const alone = rates.find((rate) => !used.has(rate) && rate.unit === problem.target);
  return terms.length === 0 && alone !== undefined ? [alone] : terms;
}

function expand(fact: Term, rates: readonly Rate[], used: Set<Rate>, steps: Step[]): Term {
  let term: Term = fact;
  const chain = new Set<Rate>();
  for (let depth = 0; depth < rates.length; depth += 1) {
    const rate =
      rates.find((entry) => !chain.has(entry) && entry.per !== '' && entry.per === term.unit) ??
      rates.find((entry) => !used.has(entry) && entry.per === '' && entry.unit !== term.unit);
    if (rate === undefined) break;
    used.add(rate);
    chain.add(rate);
    const value = term.value * rate.value;
    steps.push({ text: `${formatNumber(term.value)} × ${formatNumber(rate.value)} = ${formatNumber(value)}` });
    term = { value, unit: rate.unit, clause: `${term.clause} ${rate.clause}`, gain: term.gain && rate.gain };
  }
  return term;
}

/** "twice as many as" makes a new amount beside the last one; "half of them" changes the last one. */
function scaleLast(terms: Term[], factor: number, problem: Problem, steps: Step[]): void {
  const last = terms.at(-1);
  if (last === undefined) return;
  const value = last.value * factor;
  steps.push({ text: `${formatNumber(last.value)} × ${formatNumber(factor)} = ${formatNumber(value)}` });
  const isTotal = /\b(?:total|altogether|together|in all|both|combined)\b/i.test(problem.question);
  if (factor < 1 && LEFT.test(problem.question)) terms.push({ ...last, value, gain: false });
  else if (isTotal || DIFFERENCE.test(problem.question)) terms.push({ ...last, value });
  else terms[terms.length - 1] = { ...last, value };
}

function relevant(terms: readonly Term[], target: string): Term[] {
  const same = terms.filter((term) => term.unit === target || term.unit === '');
  return same.some((term) => term.unit === target) ? same : [...terms];
}

/** "A van carries 8 crates. How many trips are needed for 50?": the thing asked for is counted nowhere. */
function capacityTrips(problem: Problem, terms: readonly Term[]): Result | undefined {
  const [a, b] = terms;
  if (!/\bneed/i.test(problem.question) || terms.length !== 2 || a === undefined || b === undefined) return undefined;
  if (a.unit !== b.unit || a.unit === problem.target || a.value === 0 || b.value === 0) return undefined;
  const [high, low] = [Math.max(a.value, b.value), Math.min(a.value, b.value)];
  const value = Math.ceil(high / low);
  return {
    value,
    steps: [{ text: `${formatNumber(high)} / ${formatNumber(low)} rounded up is ${formatNumber(value)}` }],
  };
}

function difference(terms: readonly Term[], steps: Step[]): Result {
  const [a, b] = [terms.at(-2)?.value ?? 0, terms.at(-1)?.value ?? 0];
  const [high, low] = [Math.max(a, b), Math.min(a, b)];
  const value = high - low;
  return {
    value,
    steps: [...steps, { text: `${formatNumber(high)} - ${formatNumber(low)} = ${formatNumber(value)}` }],
  };
}

/** "with a 20 euro note": what change is given from. */
function isPayment(term: Term): boolean {
  return (
    term.unit === 'money' &&
    /\b(?:with|gives?|hands? over) (?:an? |two |\p{Lu}?)?#|# (?:euro|dollar|pound) (?:note|bill)/iu.test(term.clause)
  );
}

function runningTotal(problem: Problem, terms: readonly Term[], steps: Step[]): number {
  const asksLeft = LEFT.test(problem.question);
  const pays = asksLeft && terms.some(isPayment);
  const signed = terms.map((term, index) => {
    if (pays && term.unit === 'money') return isPayment(term) ? term.value : -term.value;
    if (index === 0 || (term.unit === 'money' && !asksLeft)) return term.value;
    // What is left of money: whatever is not earned is paid.
    const gain = term.unit === 'money' ? EARNING.test(term.clause) : term.gain;
    return gain ? term.value : -term.value;
  });
  const total = signed.reduce((sum, value) => sum + value, 0);
  if (signed.length > 1) {
    const text = signed
      .map((value, index) =>
        index === 0 ? formatNumber(value) : `${value < 0 ? '-' : '+'} ${formatNumber(Math.abs(value))}`,
      )
      .join(' ');
    steps.push({ text: `${text} = ${formatNumber(total)}` });
  }
  return Math.abs(total);
}

/** Percentages, equal shares, and "how many boxes" come after the adding up. */
function finish(problem: Problem, start: number, steps: Step[]): Result {
  let value = start;
  for (const fact of problem.facts) {
    if (fact.kind === 'percent') value = percentOf(problem, value, fact, steps);
    else if (fact.kind === 'share' && fact.value !== 0)
      value = note(steps, `${formatNumber(value)} / ${formatNumber(fact.value)}`, value / fact.value);
  }
  return { value: groupsOf(problem, value, steps), steps };
}

function note(steps: Step[], text: string, result: number): number {
  steps.push({ text: `${text} = ${formatNumber(result)}` });
  return result;
}

const LOWERS = /\b(?:off|discount|reduced|cheaper|less|lower|reduction|sale|falls?|drops?|decrease)/i;
const RAISES = /\b(?:more|increase|increases|raise|raised|tip|tax|rises?|rose|grows?|extra|interest|added)/i;

function percentOf(problem: Problem, value: number, fact: Extract<Fact, { kind: 'percent' }>, steps: Step[]): number {
  const part = (value * fact.value) / 100;
  const [whole, piece] = [formatNumber(value), formatNumber(part)];
  if (LOWERS.test(fact.clause) || (LEFT.test(problem.question) && !/\bmore\b/i.test(fact.clause)))
    return note(steps, `${whole} - ${piece}`, value - part);
  if (RAISES.test(fact.clause)) return note(steps, `${whole} + ${piece}`, value + part);
  return note(steps, `${whole} × ${formatNumber(fact.value)} / 100`, part);
}

/** "How many boxes": so many to a box is known, boxes are counted nowhere. */
function groupsOf(problem: Problem, total: number, steps: Step[]): number {
  const group = ratesOf(problem).find((rate) => rate.per === problem.target && rate.value !== 0);
  const isCounted = problem.facts.some((fact) => fact.kind === 'count' && fact.unit === problem.target);
  if (group === undefined || isCounted) return total;
  const groups = note(steps, `${formatNumber(total)} / ${formatNumber(group.value)}`, total / group.value);
  if (Number.isInteger(groups) || !/\bneed/i.test(problem.question)) return groups;
  return note(steps, 'rounded up', Math.ceil(groups));
}
