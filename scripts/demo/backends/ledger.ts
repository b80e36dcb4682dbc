import type { Quantity } from './quantities.ts';
import { findQuantities } from './quantities.ts';
import { stem } from './text.ts';

/**
 * Another way with word problems: the numbers are entered one by one into a running account, and the words next to each
 * say how. It knows what is paid by the hour or by the head, but no other units, and looks at one number at a time.
 */
export type Entry = { readonly text: string; readonly value: number };

/** Rates by what they are for: "29 euros for an adult" waits for the adults. */
type Account = { readonly balance: number | undefined; readonly rates: ReadonlyMap<string, number> };
type Place = { readonly before: string; readonly after: string; readonly clause: string; readonly question: string };
type Rule = {
  readonly applies: (place: Place) => boolean;
  readonly enter: (balance: number, value: number, place: Place) => number;
};

const LESS = /\b(?:reduced|off|discount|cheaper|less|lower|falls?|fell)\b/i;
const LEAVING =
  /\b(?:sold|sells?|get off|gets off|gives?|gave|ate|eats?|spends?|spent|lost|loses?|used?|uses|leaves?)\b/i;
const TOGETHER = /\b(?:together|altogether|in total|in all|combined)\b/i;

const RULES: readonly Rule[] = [
  {
    applies: ({ after }) => /^\s?(?:%|per ?cent)/i.test(after),
    enter: (balance, value, { clause }) => (balance * (LESS.test(clause) ? 100 - value : value)) / 100,
  },
  {
    applies: ({ after }) => /^\s+times as\b/i.test(after),
    enter: (balance, value, { question }) => balance * value + (TOGETHER.test(question) ? balance : 0),
  },
  {
    applies: ({ clause }) => /\b(?:pays? with|paid with|hands? over)\b/i.test(clause),
    enter: (balance, value) => value - balance,
  },
  {
    applies: ({ before, question }) => /\b(?:shared|divided|split|among)\b/i.test(before) || /\bneed/i.test(question),
    enter: (balance, value) => Math.ceil(Math.max(balance, value) / Math.max(1, Math.min(balance, value))),
  },
  {
    applies: ({ after }) => /^(?:\s+[\p{L}]+){0,3}\s+(?:each|apiece|per|a piece)\b/iu.test(after),
    enter: (balance, value) => balance * value,
  },
  {
    applies: ({ question }) => /\bhow (?:much|many) (?:more|fewer|less|\p{L}+er)\b/iu.test(question),
    enter: (balance, value) => Math.abs(balance - value),
  },
  { applies: ({ clause }) => LEAVING.test(clause), enter: (balance, value) => balance - value },
  { applies: () => true, enter: (balance, value) => balance + value },
];

/** @returns the entries in order; the last one holds the answer. */
export function keepLedger(text: string): Entry[] {
  // What follows the question says how to answer, and its numbers are not in the account.
  const problem = text.slice(0, text.lastIndexOf('?') + 1) || text;
  const question = /[^.?!]*\?/.exec(problem)?.[0] ?? '';
  const entries: Entry[] = [];
  let account: Account = { balance: undefined, rates: new Map() };
  for (const quantity of findQuantities(problem)) {
    account = enter(account, quantity, placeOf(problem, quantity, question));
    entries.push({ text: quantity.text, value: account.balance ?? quantity.value });
  }
  return entries;
}

const RATE_FOR = /^\s+\p{L}+\s+(?:per|(?:for\s+)?(?:an?|each|every))\s+(\p{L}+)/iu;

/** A rate that comes first ("18 kilometres per hour") waits for the numbers that it multiplies. */
function enter({ balance, rates }: Account, { value }: Quantity, place: Place): Account {
  const payer = RATE_FOR.exec(place.after)?.[1];
  if (balance === undefined && payer !== undefined) {
    return { balance, rates: new Map(rates).set(stem(payer.toLowerCase()), value) };
  }
  const rate = rateOf(rates, place, balance === undefined);
  if (rate !== undefined) return { balance: (balance ?? 0) + rate * value, rates };
  if (balance === undefined) return { balance: value, rates };
  const rule = RULES.find(({ applies }) => applies(place));
  return { balance: rule?.enter(balance, value, place) ?? balance, rates };
}

/** The rate for what is counted here; the only one there is for a first number that does not say. */
function rateOf(rates: ReadonlyMap<string, number>, { after }: Place, isFirst: boolean): number | undefined {
  const counted = /^\s+(\p{L}+)/u.exec(after)?.[1]?.toLowerCase() ?? '';
  const [only] = rates.values();
  return rates.get(stem(PLURALS.get(counted) ?? counted)) ?? (isFirst && rates.size === 1 ? only : undefined);
}

const PLURALS: ReadonlyMap<string, string> = new Map([
  ['children', 'child'],
  ['people', 'person'],
  ['men', 'man'],
  ['women', 'woman'],
]);

/** The words around a number, up to the next number or the end of its clause. */
function placeOf(problem: string, { at, end }: Quantity, question: string): Place {
  const before =
    /[^\d.,;?!]*$/
      .exec(problem.slice(0, at))?.[0]
      .split(/\band\b/)
      .at(-1) ?? '';
  const after = /^[^\d.,;?!]*/.exec(problem.slice(end))?.[0] ?? '';
  return { before, after, clause: `${before}#${after.split(/\band\b/)[0] ?? ''}`, question };
}
