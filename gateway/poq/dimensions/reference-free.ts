import { checkEquations, derivations, plainExpression } from './arithmetic.ts';
import type { Derivation } from './arithmetic.ts';
import { toBps } from './bps.ts';
import { hear } from './consistency.ts';
import type { Hearing, PeerAnswer } from './consistency.ts';
import { answersFromPassage, extractsFromPassage, summarises } from './faithfulness.ts';
import { isRefusal, repetitionFactor } from './guards.ts';
import { findJson } from './json-text.ts';
import type { Task } from './task.ts';
import { contentTokens, stem, tokens } from './text.ts';
import { chosenOption, finalNumber, numbersIn, sameNumber } from './verifiable.ts';

/** An opinion of one check: how right the answer looks, and how much that is worth beside what others answered. */
type Opinion = { readonly share: number; readonly peersWeight: number };

export type UnreferencedAnswer = {
  readonly task: Task;
  readonly answer: string;
  readonly peers: readonly PeerAnswer[];
  /** What the peers say of the answer, where that is known already. */
  readonly heard?: Hearing;
};

const PLAUSIBLE = 0.7;
/** An answer that is not even of the demanded kind. */
const UNUSABLE = 0.02;

/**
 * Accuracy of an answer when nobody says what is right, 0…10,000: what can be recomputed is, what can be looked up in
 * the given text is, and other operators' answers to the same request are heard where there are any.
 */
export function accuracyWithoutReference({ task, answer, peers, heard }: UnreferencedAnswer): number {
  const words = tokens(answer);
  if (words.length === 0) return 0;
  const own = opinionOf(task, answer, words);
  const { votes, agreed } = heard ?? hear(answer, peers, task);
  const weight = (own.peersWeight * Math.min(votes, 3)) / 3;
  return toBps(((1 - weight) * own.share + weight * agreed) * repetitionFactor(words));
}

function opinionOf(task: Task, answer: string, words: readonly string[]): Opinion {
  if (task.options.length > 0) {
    return { share: chosenOption(answer, task.options) === undefined ? UNUSABLE : PLAUSIBLE, peersWeight: 0.8 };
  }
  const expected = plainExpression(task.instruction);
  if (expected !== undefined) return { share: isNumber(answer, expected) ? 1 : 0, peersWeight: 0 };
  if (task.wantsJson && findJson(answer) === undefined) return { share: UNUSABLE, peersWeight: 0.3 };
  if (task.passage !== undefined && !isStory(task)) return aboutPassage(task, task.passage, answer);
  if (task.wantsNumber) return { share: numberShare(task, answer), peersWeight: 0.7 };
  return { share: relevance(task, answer, words), peersWeight: 0.6 };
}

function aboutPassage(task: Task, passage: string, answer: string): Opinion {
  const json = task.wantsJson ? findJson(answer) : undefined;
  if (json !== undefined) return { share: extractsFromPassage(json, passage, task.schema), peersWeight: 0.5 };
  const share = task.wantsSummary ? summarises(answer, passage) : answersFromPassage(answer, passage, task.instruction);
  return { share: isRefusal(answer) ? share / 4 : share, peersWeight: 0.4 };
}

function isNumber(answer: string, expected: number): boolean {
  const given = finalNumber(answer);
  return given !== undefined && (sameNumber(given, expected, 1e-4) || Math.abs(given - expected) <= 0.005);
}

/** A text full of numbers that ends in a question for one more is a word problem, whose answer does not stand in it. */
function isStory(task: Task): boolean {
  const asked = task.passage === undefined || /\?\s*$/u.test(task.passage);
  return task.wantsNumber && asked && numbersIn(task.prompt).length >= 2;
}

const MULTIPLIES =
  /\b(?:per|each|every|equally|times|twice|doubled?|triple|half|percent|dozen|holds?|contains?|for (?:an?|one))\b|%/iu;
const MORE_NUMBERS_UNUSED = 0.8;

/** Word problems: every step written down must hold, and the result must follow from the numbers given. */
function numberShare(task: Task, answer: string): number {
  const result = finalNumber(answer);
  if (result === undefined) return UNUSABLE;
  const steps = checkEquations(answer);
  const stepShare = steps.total === 0 ? 1 : steps.right / steps.total;
  const given = numbersIn(task.prompt);
  if (given.length < 2) return 0.5 * stepShare;
  const multiplies = MULTIPLIES.test(task.prompt);
  const ways = percentVariants(task.prompt, given)
    .flatMap((numbers) => derivations(numbers, result))
    .map((way) => plausibility(way, multiplies));
  return Math.max(0.08, ...ways) * stepShare;
}

const PERCENT = /(\d+(?:\.\d+)?) ?(?:%|percent|per cent)/iu;

/** "60 percent" is not the number 60 but a share of something, or what such a share leaves or makes of it. */
function percentVariants(prompt: string, given: readonly number[]): (readonly number[])[] {
  const percent = Number(PERCENT.exec(prompt)?.[1] ?? Number.NaN);
  const at = given.indexOf(percent);
  if (at === -1) return [given];
  return [percent / 100, 1 - percent / 100, 1 + percent / 100].map((factor) => given.with(at, factor));
}

/** A story that speaks of "each" or "per" is not solved by adding alone; one that does not can still multiply. */
function plausibility({ multiplies, unused }: Derivation, expected: boolean): number {
  const unexpected = multiplies ? 0.75 : 0.2;
  const fits = multiplies === expected ? 0.85 : unexpected;
  return fits * MORE_NUMBERS_UNUSED ** unused;
}

/** Open questions: all that is left is whether it addresses the question at all. */
function relevance(task: Task, answer: string, words: readonly string[]): number {
  if (isRefusal(answer)) return 0.1;
  const asked = task.instructionStems;
  const said = new Set(words.map(stem));
  const echoed = [...asked].filter((word) => said.has(word)).length / Math.max(1, asked.size);
  const novel = contentTokens(answer).some((word) => !asked.has(stem(word)));
  const { total, right } = checkEquations(answer);
  return (novel ? 0.45 + 0.2 * Math.min(1, 2 * echoed) : 0.1) * (total === 0 ? 1 : right / total);
}
