import { findJson, leafAgreement } from './json-text.ts';
import { contentTokens, isStopWord, stem, tokens } from './text.ts';
import type { Task } from './task.ts';
import { chosenOption, finalNumber, sameNumber } from './verifiable.ts';

/** How far two answers to the same request say the same, 0…1. Symmetric. */
export function agreement(a: string, b: string, task: Task): number {
  if (task.options.length > 0) return choiceAgreement(a, b, task.options);
  const definite =
    (task.wantsJson ? jsonAgreement(a, b) : undefined) ?? (task.wantsNumber ? numberAgreement(a, b) : undefined);
  return definite ?? textAgreement(a, b, task.instructionStems);
}

/** Undefined when neither is JSON. */
function jsonAgreement(a: string, b: string): number | undefined {
  const [left, right] = [findJson(a), findJson(b)];
  if (left === undefined && right === undefined) return undefined;
  return left === undefined || right === undefined ? 0 : leafAgreement(left, right);
}

/** Undefined when one of them names no number. */
function numberAgreement(a: string, b: string): number | undefined {
  const [left, right] = [finalNumber(a), finalNumber(b)];
  if (left === undefined || right === undefined) return undefined;
  return sameNumber(left, right, 1e-4) ? 1 : 0;
}

function choiceAgreement(a: string, b: string, options: readonly string[]): number {
  const [left, right] = [chosenOption(a, options), chosenOption(b, options)];
  return left !== undefined && left === right ? 1 : 0;
}

const CONTAINMENT = 0.6;

/**
 * What two answers say beyond the question, in common: of the terser one, and of both. Numbers and names weigh most,
 * and what comes first weighs more than what is added to it.
 */
function textAgreement(a: string, b: string, questionStems: ReadonlySet<string>): number {
  const [left, right] = [keyWords(a, questionStems), keyWords(b, questionStems)];
  if (left.size === 0 || right.size === 0) return left.size === right.size && sameWords(a, b) ? 1 : 0;
  const [inRight, inLeft] = [shared(left, right), shared(right, left)];
  const [leftSum, rightSum] = [total(left), total(right)];
  const contained = leftSum < rightSum ? inRight / leftSum : inLeft / rightSum;
  const overall = (inRight + inLeft) / (leftSum + rightSum);
  return CONTAINMENT * contained + (1 - CONTAINMENT) * overall;
}

function sameWords(a: string, b: string): boolean {
  return contentTokens(a).join(' ') === contentTokens(b).join(' ');
}

const MAX_TEXT = 4_000;
const NUMBER_WEIGHT = 1.2;
const NAME_WEIGHT = 1;
const WORD_WEIGHT = 0.45;
/** Words after which a word weighs half. */
const HALF_WEIGHT_AFTER = 60;

/** Stems of the words that the question does not hold, with their weights. */
function keyWords(text: string, known: ReadonlySet<string>): Map<string, number> {
  const start = text.slice(0, MAX_TEXT);
  const names = new Set((start.match(/\p{Lu}[\p{L}’']+/gu) ?? []).flatMap(tokens).map(stem));
  const weights = new Map<string, number>();
  tokens(start).forEach((word, index) => {
    const root = stem(word);
    if (isStopWord(word) || known.has(root) || weights.has(root)) return;
    const kind = /^\d/.test(word) ? NUMBER_WEIGHT : names.has(root) ? NAME_WEIGHT : WORD_WEIGHT;
    weights.set(root, kind / (1 + index / HALF_WEIGHT_AFTER));
  });
  return weights;
}

function shared(words: ReadonlyMap<string, number>, others: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [word, weight] of words) if (others.has(word)) sum += weight;
  return sum;
}

function total(words: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const weight of words.values()) sum += weight;
  return sum;
}
