import { isYear } from './dates.ts';
import { isStopWord, stem, tokens, trigrams } from './text.ts';

/** What an answer says beyond the question, prepared for comparison with other answers. */
export type Statement = {
  /** Stems of the words that the question does not hold, with their weights. */
  readonly keys: ReadonlyMap<string, number>;
  /** Sum of the weights. */
  readonly total: number;
  readonly numbers: ReadonlySet<string>;
  readonly years: ReadonlySet<string>;
  /** Character 3-grams of the keys. */
  readonly grams: ReadonlySet<number>;
  /** All words that carry meaning, the question's as well. */
  readonly plain: string;
};

const MAX_TEXT = 4_000;
const NUMBER_WEIGHT = 1.2;
const NAME_WEIGHT = 1;
const WORD_WEIGHT = 0.45;
/** Words after which a word weighs half. */
const HALF_WEIGHT_AFTER = 60;

export function statementOf(text: string, known: ReadonlySet<string>): Statement {
  const start = text.slice(0, MAX_TEXT);
  const names = new Set(tokens((start.match(/\p{Lu}[\p{L}’']+/gu) ?? []).join(' ')).map(stem));
  const keys = new Map<string, number>();
  const numbers = new Set<string>();
  let total = 0;
  const words = tokens(start);
  words.forEach((word, index) => {
    if (isStopWord(word)) return;
    const root = stem(word);
    if (known.has(root) || keys.has(root)) return;
    const isNumber = /^\d/.test(word);
    if (isNumber) numbers.add(word);
    const kind = isNumber ? NUMBER_WEIGHT : names.has(root) ? NAME_WEIGHT : WORD_WEIGHT;
    const weight = kind / (1 + index / HALF_WEIGHT_AFTER);
    keys.set(root, weight);
    total += weight;
  });
  return {
    keys,
    total,
    numbers,
    years: new Set([...numbers].filter(isYear)),
    grams: trigrams([...keys.keys()]),
    plain: keys.size > 0 ? '' : words.filter((word) => !isStopWord(word)).join(' '),
  };
}

/** Weighted share of what `one` says that `other` says too; 0 when it says nothing. */
export function containment(one: Statement, other: Statement): number {
  let sum = 0;
  for (const [key, weight] of one.keys) if (other.keys.has(key)) sum += weight;
  return one.total === 0 ? 0 : sum / one.total;
}

/** Of the smaller set, the share that the other holds; `unknown` when one of them is empty. */
export function sharedOfSmaller<T>(a: ReadonlySet<T>, b: ReadonlySet<T>, unknown: number): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  if (small.size === 0) return unknown;
  let common = 0;
  for (const item of small) if (large.has(item)) common += 1;
  return common / small.size;
}
