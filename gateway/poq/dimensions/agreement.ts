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

/** Content words in common, less what the question already held: of the terser answer, and of names and numbers. */
function textAgreement(a: string, b: string, questionStems: ReadonlySet<string>): number {
  const [left, right] = [novelStems(a, questionStems), novelStems(b, questionStems)];
  if (left.size === 0 || right.size === 0) return left.size === right.size && sameWords(a, b) ? 1 : 0;
  const common = [...left].filter((word) => right.has(word)).length;
  const contained = common / Math.min(left.size, right.size);
  const overall = (2 * common) / (left.size + right.size);
  return CONTAINMENT * contained + (1 - CONTAINMENT) * overall;
}

function sameWords(a: string, b: string): boolean {
  return contentTokens(a).join(' ') === contentTokens(b).join(' ');
}

export function novelStems(text: string, known: ReadonlySet<string>): Set<string> {
  const words = tokens(text).filter((word) => !isStopWord(word));
  return new Set(words.map(stem).filter((word) => !known.has(word)));
}
