import { dateConflict, isYear, roughYear } from './dates.ts';
import { isRefusal } from './guards.ts';
import { overlap } from './overlap.ts';
import type { Overlap } from './overlap.ts';
import { isStopWord, recall, stem, tokens, trigrams } from './text.ts';
import { indexText } from './token-match.ts';
import type { IndexedText } from './token-match.ts';

/** What an answer shows of its references; every value lies in 0…1. */
export type ReferenceFeatures = {
  readonly features: Readonly<Record<ReferenceFeature, number>>;
  readonly answerWords: readonly string[];
  readonly referenceWords: number;
};

/** The features with the sign that each must have: what people value, and what they mind. */
export const REFERENCE_FEATURES = {
  grams: 1,
  gramsOfAny: 1,
  window: 1,
  phrase: 1,
  heldOfAll: 1,
  numbers: 1,
  hasNumbers: 1,
  partialDate: 1,
  roughYear: 1,
  bestWord: 1,
  novelty: 1,
  lastWord: 1,
  names: 1,
  telling: 1,
  abbreviation: 1,
  beginningGrams: 1,
  beginningWords: 1,
  yearConflict: -1,
  dateConflict: -1,
  refusal: -1,
  otherYears: -1,
  incomplete: -1,
} as const satisfies Readonly<Record<string, 1 | -1>>;
export type ReferenceFeature = keyof typeof REFERENCE_FEATURES;

const MAX_REFERENCES = 24;
const SATISFIED = 0.8;

type Candidate = {
  readonly text: string;
  readonly words: readonly string[];
  readonly found: Overlap;
  readonly raw: number;
};

/** Undefined when there is nothing to compare. */
export function referenceFeatures(
  question: string,
  answer: string,
  references: readonly string[],
): ReferenceFeatures | undefined {
  const known = new Set(tokens(question).map(stem));
  const indexed = indexText(answer);
  const candidates = references.slice(0, MAX_REFERENCES).flatMap((text): Candidate[] => {
    const words = tokens(text);
    const found = overlap(words, indexed, known);
    return found === undefined ? [] : [{ text, words, found, raw: rawOverlap(found) }];
  });
  const best = candidates.toSorted((a, b) => b.raw - a.raw)[0];
  if (best === undefined || indexed.words.length === 0) return undefined;
  const { words: _words, ...found } = best.found;
  const features = {
    ...found,
    ...ofAll(candidates, question),
    ...wordFeatures(best, indexed, known),
    ...beginningFeatures(best, answer, known),
    abbreviation: abbreviates(best.text.trim(), answer) ? 1 : 0,
    roughYear: roughYear(best.words, indexed, answer),
    dateConflict: dateConflictOf(candidates, indexed),
    otherYears: otherYears(question, candidates, indexed),
    refusal: isRefusal(answer) ? 1 : 0,
  };
  return { features, answerWords: indexed.words, referenceWords: best.words.length };
}

function rawOverlap({ grams, words, window, phrase }: Overlap): number {
  return 0.4 * grams + 0.3 * words + 0.3 * window + 0.05 * phrase;
}

const ASKS_FOR_SEVERAL =
  /\b(?:what|which|who) (?:are|were)\b|\b(?:list|names? of|types of|two|three|four|five|six|seven|[2-7])\b/i;
const MANY = Math.log(MAX_REFERENCES);

/** Over all references: how well they are held on the whole, and what lacks when the question asks for several things. */
function ofAll(
  candidates: readonly Candidate[],
  question: string,
): Pick<ReferenceFeatures['features'], 'gramsOfAny' | 'heldOfAll' | 'incomplete'> {
  const count = candidates.length;
  const satisfied = candidates.filter(({ raw }) => raw > SATISFIED).length / count;
  const several = ASKS_FOR_SEVERAL.test(question) ? Math.log(count) / MANY : 0;
  return {
    gramsOfAny: Math.max(...candidates.map(({ found }) => found.grams)),
    heldOfAll: candidates.reduce((sum, { raw }) => sum + raw, 0) / count / 1.05,
    incomplete: several * (1 - satisfied),
  };
}

/** Words that say what kind of thing a name is and not which one: "Mount Whitney" is not found by "Mount". */
const GENERIC = new Set(
  (
    'mount city county state river lake empire kingdom republic university college school president king queen prince ' +
    'emperor general war battle north south east west northern southern eastern western central new united national ' +
    'international american british english french german indian island islands sea ocean street church court house ' +
    'senate party act law group band team club company film movie book song album series season episode world first ' +
    'second great royal saint st san los department government system region province district area country people ' +
    'family name early late around about part type time year years century day days month months week million billion ' +
    'thousand percent high low big small old young'
  )
    .split(' ')
    .map(stem),
);

/** Its words by their place and kind: the last one beyond the question, names, and those that tell it apart. */
function wordFeatures(
  { text, words, found }: Candidate,
  answer: IndexedText,
  known: ReadonlySet<string>,
): Pick<ReferenceFeatures['features'], 'lastWord' | 'names' | 'telling'> {
  const held = (word: string): number => answer.find(word)[0]?.strength ?? 0;
  const own = ownWords(words, known);
  const telling = own.filter((word) => !GENERIC.has(stem(word)));
  const names = (text.match(/\p{Lu}[\p{L}’']+/gu) ?? []).flatMap(tokens).filter((word) => !known.has(stem(word)));
  return {
    lastWord: held(own.at(-1) ?? ''),
    names: names.length === 0 ? found.words : names.reduce((sum, word) => sum + held(word), 0) / names.length,
    telling: Math.min(...(telling.length === 0 ? own : telling).map(held)),
  };
}

/** What a reference says beyond the question; all of it when that is nothing. */
function ownWords(words: readonly string[], known: ReadonlySet<string>): readonly string[] {
  const own = words.filter((word) => !isStopWord(word) && !known.has(stem(word)));
  return own.length === 0 ? words : own;
}

const MAX_BEGINNING = 2_000;

/**
 * The first sentence is where an answer answers. What else it says there is not held against it: that would be a tax on
 * whole sentences.
 */
function beginningFeatures(
  { words }: Candidate,
  answer: string,
  known: ReadonlySet<string>,
): Pick<ReferenceFeatures['features'], 'beginningGrams' | 'beginningWords'> {
  const said = tokens(answer.slice(0, MAX_BEGINNING).split(/(?<=[a-z)\d"”]{2}[.!?])\s/u)[0] ?? '');
  const stems = new Set(said.map(stem));
  const own = ownWords(words, known);
  return {
    beginningGrams: recall(trigrams(words), trigrams(said)),
    beginningWords: own.filter((word) => stems.has(stem(word))).length / own.length,
  };
}

/** NIRA for the National Industrial Recovery Act, either way round. */
function abbreviates(reference: string, answer: string): boolean {
  const capitals = (text: string): string => (text.match(/\b\p{Lu}/gu) ?? []).join('');
  if (/^\p{Lu}{3,7}$/u.test(reference)) return capitals(answer.slice(0, MAX_BEGINNING)).includes(reference);
  const short = capitals(reference);
  return short.length >= 3 && short.length <= 7 && new RegExp(`\\b${short}\\b`, 'u').test(answer);
}

/** The most conflicting reference counts: a bare "2013" does not excuse a wrong day that another reference knows. */
function dateConflictOf(candidates: readonly Candidate[], answer: IndexedText): number {
  return Math.max(...candidates.map(({ words }) => dateConflict(words, answer)));
}

const MANY_YEARS = 3;

function otherYears(question: string, candidates: readonly Candidate[], { words }: IndexedText): number {
  if (!/\bwhen\b|\b(?:what|which) (?:year|date)\b/i.test(question)) return 0;
  const named = new Set([question, ...candidates.map(({ text }) => text)].flatMap(tokens));
  return Math.min(1, new Set(words.filter((word) => isYear(word) && !named.has(word))).size / MANY_YEARS);
}
