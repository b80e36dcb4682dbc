import { findJson, leafAgreement } from './json-text.ts';
import { containment, statementOf } from './statement.ts';
import type { Statement } from './statement.ts';
import type { Task } from './task.ts';
import { chosenOption, finalNumber, sameNumber } from './verifiable.ts';

/** How far two answers to the same request say the same, 0…1. Symmetric. */
export function agreement(a: string, b: string, task: Task): number {
  const known = task.instructionStems;
  return definiteAgreement(a, b, task) ?? textAgreement(statementOf(a, known), statementOf(b, known));
}

/** Of answers that can be compared exactly: a chosen option, JSON, a number; undefined for any other. */
export function definiteAgreement(a: string, b: string, task: Task): number | undefined {
  if (task.options.length > 0) return choiceAgreement(a, b, task.options);
  return (task.wantsJson ? jsonAgreement(a, b) : undefined) ?? (task.computes ? numberAgreement(a, b) : undefined);
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
export function textAgreement(a: Statement, b: Statement): number {
  if (a.keys.size === 0 || b.keys.size === 0) return a.keys.size === b.keys.size && a.plain === b.plain ? 1 : 0;
  const [inB, inA] = [containment(a, b), containment(b, a)];
  const contained = a.total < b.total ? inB : inA;
  const overall = (inB * a.total + inA * b.total) / (a.total + b.total);
  return CONTAINMENT * contained + (1 - CONTAINMENT) * overall;
}
