import type { JsonValue } from '../../protocol/canonical-json.ts';
import { leavesOf } from './json-text.ts';
import type { JsonLeaf } from './json-text.ts';
import { asArray, asRecord } from './request-view.ts';
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
  const source = sourceOf(passage);
  const faithful = share(wanted, source.all);
  const terse = Math.min(1, 60 / Math.max(1, wanted.length));
  const aligned = alignment(wanted, source, asked);
  const chosen = choiceFactor(said, source);
  return faithful ** 2 * (0.05 + 0.95 * aligned ** 3) * terse * chosen * kindFactor(question, answer);
}

const LEAST_SENTENCES = 3;
const FREE_COVER = 0.6;

/** Below 1 for an answer that says most of the text again: whoever repeats everything has chosen nothing. */
function choiceFactor(said: readonly string[], { sentences, all }: Source): number {
  if (sentences.length < LEAST_SENTENCES) return 1;
  const covered = new Set(said.filter((word) => all.has(word))).size / Math.max(1, all.size);
  return covered <= FREE_COVER ? 1 : 1 - (covered - FREE_COVER) / (1 - FREE_COVER);
}

/** The same of a whole answer and a whole text. */
export function chosenShare(answer: string, passage: string): number {
  return choiceFactor(contentStems(answer), sourceOf(passage));
}

/** What a question word asks for, and how such an answer looks. */
const KINDS: readonly (readonly [question: RegExp, answer: RegExp])[] = [
  [
    /\bwhen\b|\bwhat year\b/iu,
    /\d|\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|morning|evening|spring|summer|autumn|winter)\b/iu,
  ],
  [
    /\bhow (?:many|much|far|long|old|tall|high|heavy|often)\b/iu,
    /\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twice|once|no|none|thirty|twenty|forty|fifty)\b/iu,
  ],
  [/\bwho\b|\bwhose\b/iu, /\p{Lu}|\b(?:the|his|her|my|our) \p{L}/u],
];
const WRONG_KIND = 0.3;

function kindFactor(question: string, answer: string): number {
  return KINDS.some(([asks, looks]) => asks.test(question) && !looks.test(answer)) ? WRONG_KIND : 1;
}

/** A passage by its sentences, with the stems of each and of all. */
type Source = {
  readonly texts: readonly string[];
  readonly sentences: readonly ReadonlySet<string>[];
  readonly all: ReadonlySet<string>;
};

function sourceOf(passage: string): Source {
  const texts = sentencesOf(passage);
  const sentences = texts.map((sentence) => new Set(contentStems(sentence)));
  const all = new Set<string>();
  for (const sentence of sentences) for (const word of sentence) all.add(word);
  return { texts, sentences, all };
}

const PRONOUN = /^(?:it|its|he|his|she|her|they|their|this|these|there|here)\b/iu;

/** How well the sentence that the answer comes from fits the question, beside the best-fitting sentence. */
function alignment(wanted: readonly string[], { texts, sentences }: Source, asked: ReadonlySet<string>): number {
  const frequency = new Map<string, number>();
  for (const sentence of sentences) for (const word of sentence) frequency.set(word, (frequency.get(word) ?? 0) + 1);
  const rarity = (word: string): number => Math.log(1 + sentences.length / (frequency.get(word) ?? sentences.length));
  const fitOf = (sentence: ReadonlySet<string> | undefined): number =>
    [...asked].reduce((sum, word) => sum + (sentence?.has(word) ? rarity(word) : 0), 0);
  const fits = sentences.map((sentence, index) => ({
    source: share(wanted, sentence),
    // "It is 41 metres high" speaks of what the sentence before named.
    fit: fitOf(sentence) + (PRONOUN.test(texts[index] ?? '') ? fitOf(sentences[index - 1]) : 0),
  }));
  const bestFit = Math.max(...fits.map(({ fit }) => fit), 0);
  const bestSource = Math.max(...fits.map(({ source }) => source), 0);
  if (bestFit === 0 || bestSource === 0) return bestSource === 0 ? 0 : 0.5;
  const origin = fits.filter(({ source }) => source >= 0.8 * bestSource);
  return Math.max(...origin.map(({ fit }) => fit)) / bestFit;
}

/** Extraction: the share of values that stand in the passage and are of the demanded type; an empty value found nothing. */
export function extractsFromPassage(value: JsonValue, passage: string, schema?: JsonValue): number {
  const leaves = leavesOf(value);
  if (leaves.length === 0) return 0;
  const properties = asRecord(asRecord(schema)['properties']);
  const wanted = Math.max(leaves.length, asArray(asRecord(schema)['required']).length);
  const text = { words: ` ${tokens(passage).join(' ')} `, stems: new Set(tokens(passage).map(stem)) };
  const supported = leaves.map((leaf) => {
    const typed = hasType(leaf.value, asRecord(properties[leaf.path.slice(1)])) ? 1 : WRONG_TYPE;
    return typed * support(leaf.value, text);
  });
  return supported.reduce((sum, part) => sum + part, 0) / wanted;
}

const WRONG_TYPE = 0.2;
const ISO_DATE = /^(\d{4})-(\d{2})-(\d{2})$/u;
const MONTHS = 'january february march april may june july august september october november december'.split(' ');

function hasType(
  value: JsonLeaf['value'],
  { type, format }: { readonly [key: string]: JsonValue | undefined },
): boolean {
  if ((type === 'number' || type === 'integer') && typeof value !== 'number') return false;
  if (type === 'string' && typeof value !== 'string') return false;
  return format !== 'date' || (typeof value === 'string' && ISO_DATE.test(value));
}

function support(
  value: JsonLeaf['value'],
  text: { readonly words: string; readonly stems: ReadonlySet<string> },
): number {
  if (typeof value === 'boolean') return 0.6;
  const date = ISO_DATE.exec(String(value));
  const wanted = tokens(String(value ?? ''));
  if (value === null || wanted.length === 0) return 0;
  if (text.words.includes(` ${wanted.join(' ')} `)) return 1;
  if (date !== null) {
    const parts = [date[1] ?? '', MONTHS[Number(date[2]) - 1] ?? '', String(Number(date[3]))];
    return parts.every((part) => text.words.includes(` ${part} `)) ? 1 : 0.1;
  }
  return 0.4 * share(wanted.map(stem), text.stems);
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
