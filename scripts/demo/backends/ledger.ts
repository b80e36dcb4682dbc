import type { Quantity } from './quantities.ts';
import { findQuantities } from './quantities.ts';

/**
 * Another way with word problems: the numbers are entered one by one into a running account, and the words next to each
 * say how. It knows no units and looks at one number at a time, so it fails where two amounts share a rate.
 */
export type Entry = { readonly text: string; readonly value: number };

type Account = { readonly balance: number; readonly rate: number | undefined };
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
export function keepLedger(problem: string): Entry[] {
  const quantities = findQuantities(problem);
  const question = /[^.?!]*\?/.exec(problem)?.[0] ?? '';
  const entries: Entry[] = [];
  let account: Account | undefined;
  for (const quantity of quantities) {
    const place = placeOf(problem, quantity, question);
    account = enter(account, quantity, place);
    entries.push({ text: quantity.text, value: account.balance });
  }
  return entries;
}

/** A rate that comes first ("18 kilometres per hour") waits for the number that it multiplies. */
function enter(account: Account | undefined, { value }: Quantity, place: Place): Account {
  const isRate = /^\s+\p{L}+\s+per\s/iu.test(place.after);
  if (account === undefined) return { balance: value, rate: isRate ? value : undefined };
  if (account.rate !== undefined) return { balance: account.rate * value, rate: undefined };
  const rule = RULES.find(({ applies }) => applies(place));
  return { balance: rule?.enter(account.balance, value, place) ?? account.balance, rate: undefined };
}

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
