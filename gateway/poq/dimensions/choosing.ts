import { chosenShare, sentencesOf } from './faithfulness.ts';
import { splitPrompt } from './task.ts';
import { contentTokens, stem, tokens } from './text.ts';

/** Names and numbers of the text that an answer may bring up beside the ones that are asked for. */
const FREE = 3;

/**
 * Below 1 for an answer to a question about a text that holds the right one only because it says the text again, or names
 * whatever it could be: the reference is found in it, but nobody has chosen it.
 */
export function choosingFactor(question: string, answer: string, references: readonly string[]): number {
  const { passage, instruction } = splitPrompt(question);
  if (passage === undefined) return 1;
  const right = new Set(references.flatMap(stemsOf));
  const asked = new Set(stemsOf(instruction));
  const offered = candidatesIn(passage);
  const beside = new Set(stemsOf(answer).filter((word) => offered.has(word) && !right.has(word) && !asked.has(word)));
  const free = Math.max(FREE, right.size);
  return Math.min(1, free / Math.max(1, beside.size), chosenShare(answer, passage));
}

const stemsOf = (text: string): string[] => contentTokens(text).map(stem);

/** Capitalised words and numbers, but for what begins a sentence. */
function candidatesIn(passage: string): ReadonlySet<string> {
  const marked = sentencesOf(passage).flatMap(
    (sentence) => sentence.replace(/^\S+/u, '').match(/\p{Lu}[\p{L}’']*|\d[\d.,]*/gu) ?? [],
  );
  return new Set(tokens(marked.join(' ')).map(stem));
}
