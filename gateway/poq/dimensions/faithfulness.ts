import type { JsonValue } from '../../protocol/canonical-json.ts';
import { leavesOf } from './json-text.ts';
import { contentTokens, fold, stem, tokens } from './text.ts';

/** How far an answer rests on the text that came with the request. All shares 0…1. */

const MAX_SENTENCES = 400;

export function sentencesOf(text: string): string[] {
  return text
    .slice(0, 100_000)
    .split(/(?<=[.!?。！？])\s+|\n+/u)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '')
    .slice(0, MAX_SENTENCES);
}

const contentStems = (text: string): string[] => contentTokens(text).map(stem);

function share(wanted: readonly string[], given: ReadonlySet<string>): number {
  return wanted.length === 0 ? 0 : wanted.filter((word) => given.has(word)).length / wanted.length;
}

/**
 * A question about a passage: the answer's new words must stand in the passage, and near the words the question is
 * about. A span from elsewhere in the text is faithful and still not the answer.
 */
export function answersFromPassage(answer: string, passage: string, question: string): number {
  const asked = new Set(contentStems(question));
  const said = [...new Set(contentStems(answer))];
  const novel = said.filter((word) => !asked.has(word));
  const wanted = novel.length === 0 ? said : novel;
  if (wanted.length === 0) return 0;
  const faithful = share(wanted, new Set(contentStems(passage)));
  const terse = Math.min(1, 60 / Math.max(1, wanted.length));
  return faithful ** 2 * (0.4 + 0.6 * alignment(wanted, passage, asked)) * terse;
}

/** How well the sentence that the answer comes from fits the question, beside the best-fitting sentence. */
function alignment(wanted: readonly string[], passage: string, asked: ReadonlySet<string>): number {
  const sentences = sentencesOf(passage).map((sentence) => new Set(contentStems(sentence)));
  const frequency = new Map<string, number>();
  for (const sentence of sentences) for (const word of sentence) frequency.set(word, (frequency.get(word) ?? 0) + 1);
  const rarity = (word: string): number => Math.log(1 + sentences.length / (frequency.get(word) ?? sentences.length));
  const fits = sentences.map((sentence) => ({
    source: share(wanted, sentence),
    fit: [...asked].reduce((sum, word) => sum + (sentence.has(word) ? rarity(word) : 0), 0),
  }));
  const bestFit = Math.max(...fits.map(({ fit }) => fit), 0);
  const bestSource = Math.max(...fits.map(({ source }) => source), 0);
  if (bestFit === 0 || bestSource === 0) return bestSource === 0 ? 0 : 0.5;
  const origin = fits.filter(({ source }) => source >= 0.8 * bestSource);
  return Math.max(...origin.map(({ fit }) => fit)) / bestFit;
}

/** Extraction: the share of values that stand in the passage; an empty value found nothing. */
export function extractsFromPassage(value: JsonValue, passage: string): number {
  const leaves = leavesOf(value);
  if (leaves.length === 0) return 0;
  const words = ` ${tokens(passage).join(' ')} `;
  const stems = new Set(tokens(passage).map(stem));
  const supported = leaves.map((leaf) => {
    if (typeof leaf.value === 'boolean') return 0.6;
    const wanted = tokens(String(leaf.value ?? ''));
    if (leaf.value === null || wanted.length === 0) return 0;
    if (words.includes(` ${wanted.join(' ')} `)) return 1;
    return 0.6 * share(wanted.map(stem), stems);
  });
  return supported.reduce((sum, part) => sum + part, 0) / leaves.length;
}

const SUMMARY_SHARE = 0.6;

/** A summary: faithful word by word and in its word pairs, covering what the text keeps coming back to, and shorter. */
export function summarises(summary: string, passage: string): number {
  const said = contentStems(summary);
  const source = contentStems(passage);
  if (said.length === 0 || source.length === 0) return 0;
  const faithful = share([...new Set(said)], new Set(source));
  const pairs = (words: readonly string[]): string[] =>
    words.slice(1).map((word, index) => `${words[index] ?? ''} ${word}`);
  const grounded = said.length < 2 ? faithful : share(pairs(said), new Set(pairs(source)));
  const covered = share(salient(source), new Set(said));
  const ratio = fold(summary).length / Math.max(1, fold(passage).length);
  const short = ratio <= SUMMARY_SHARE ? 1 : Math.max(0.2, 1 - (ratio - SUMMARY_SHARE) * 2);
  return faithful * (0.35 + 0.2 * Math.min(1, grounded * 1.5) + 0.45 * Math.min(1, covered * 1.6)) * short;
}

function salient(source: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const word of source) counts.set(word, (counts.get(word) ?? 0) + 1);
  const ordered = [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  return ordered.slice(0, Math.max(4, Math.min(12, Math.floor(counts.size / 4)))).map(([word]) => word);
}
