import { checkEquations, isReachable, plainExpression } from './arithmetic.ts';
import { toBps } from './bps.ts';
import { independentVotes, meanAgreement } from './consistency.ts';
import type { PeerAnswer } from './consistency.ts';
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
};

const PLAUSIBLE = 0.65;
/** An answer that is not even of the demanded kind. */
const UNUSABLE = 0.05;

/**
 * Accuracy of an answer when nobody says what is right, 0…10,000: what can be recomputed is, what can be looked up in
 * the given text is, and other operators' answers to the same request are heard where there are any.
 */
export function accuracyWithoutReference({ task, answer, peers }: UnreferencedAnswer): number {
  const words = tokens(answer);
  if (words.length === 0) return 0;
  const own = opinionOf(task, answer, words);
  const votes = independentVotes(peers);
  const agreed = meanAgreement(answer, votes, task);
  const weight = votes.length === 0 ? 0 : (own.peersWeight * Math.min(votes.length, 3)) / 3;
  return toBps(((1 - weight) * own.share + weight * agreed) * repetitionFactor(words));
}

function opinionOf(task: Task, answer: string, words: readonly string[]): Opinion {
  const expected = plainExpression(task.instruction);
  if (expected !== undefined) return { share: isNumber(answer, expected) ? 1 : 0, peersWeight: 0 };
  if (task.options.length > 0) {
    return { share: chosenOption(answer, task.options) === undefined ? UNUSABLE : PLAUSIBLE, peersWeight: 0.8 };
  }
  if (task.wantsJson && findJson(answer) === undefined) return { share: UNUSABLE, peersWeight: 0.3 };
  if (task.passage !== undefined && !isStory(task)) return aboutPassage(task, task.passage, answer);
  if (task.wantsNumber) return { share: numberShare(task, answer), peersWeight: 0.7 };
  return { share: relevance(task, answer, words), peersWeight: 0.6 };
}

function aboutPassage(task: Task, passage: string, answer: string): Opinion {
  const json = task.wantsJson ? findJson(answer) : undefined;
  if (json !== undefined) return { share: extractsFromPassage(json, passage), peersWeight: 0.5 };
  const share = task.wantsSummary ? summarises(answer, passage) : answersFromPassage(answer, passage, task.instruction);
  return { share: isRefusal(answer) ? share / 4 : share, peersWeight: 0.4 };
}

function isNumber(answer: string, expected: number): boolean {
  const given = finalNumber(answer);
  return given !== undefined && (sameNumber(given, expected, 1e-4) || Math.abs(given - expected) <= 0.005);
}

/** A passage full of numbers with a question for one more is a word problem, whose answer does not stand in it. */
function isStory(task: Task): boolean {
  return (
    task.wantsNumber &&
    numbersIn(task.prompt).length >= 2 &&
    !/\b(?:passage|according to|text|article)\b/i.test(task.instruction)
  );
}

/** Word problems: every step written down must hold, and the result must follow from the numbers given. */
function numberShare(task: Task, answer: string): number {
  const result = finalNumber(answer);
  if (result === undefined) return UNUSABLE;
  const steps = checkEquations(answer);
  const stepShare = steps.total === 0 ? 1 : steps.right / steps.total;
  const given = numbersIn(task.prompt);
  const hundred = /%|percent/i.test(task.prompt) ? [100] : [];
  const derived = given.length < 2 || isReachable([...given, ...hundred], result);
  return (derived ? 0.75 : 0.15) * stepShare;
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
