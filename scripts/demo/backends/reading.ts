import { findDates, findQuantities } from './quantities.ts';
import { contentTokens, isStopWord, splitSentences, tokenize, tokenizeCoarsely } from './text.ts';
import type { Token } from './text.ts';

/** How a backend looks for the sentence, and what it gives back from it. */
export type Retrieval = 'weighted' | 'saturated' | 'overlap' | 'first';
export type SpanChoice = 'typed' | 'last-typed' | 'sentence' | 'head';

export type ReadingLevel = { readonly retrieval: Retrieval; readonly span: SpanChoice };

type Ranked = { readonly sentence: string; readonly score: number; readonly index: number };

export function answerFromPassage(passage: string, question: string, level: ReadingLevel): string {
  const ranked = rankSentences(passage, question, level.retrieval);
  const best = ranked[0];
  if (best === undefined) return 'The text does not say.';
  if (level.span === 'head') return best.sentence.split(/\s+/).slice(0, 8).join(' ');
  if (level.span === 'sentence') return best.sentence;
  const span = level.span === 'last-typed' ? lastSpan(best.sentence, question) : typedSpan(ranked, question);
  return span ?? best.sentence;
}

export function rankSentences(passage: string, question: string, retrieval: Retrieval): Ranked[] {
  const sentences = splitSentences(passage);
  const scores = scorers[retrieval](sentences, question);
  return sentences
    .map((sentence, index) => ({ sentence, index, score: scores[index] ?? 0 }))
    .toSorted((a, b) => b.score - a.score || a.index - b.index);
}

const scorers: Readonly<Record<Retrieval, (sentences: readonly string[], question: string) => number[]>> = {
  first: (sentences) => sentences.map((_, index) => -index),
  overlap: (sentences, question) => {
    const wanted = new Set(tokenizeCoarsely(question).map((token) => token.stem));
    return sentences.map((sentence) => tokenizeCoarsely(sentence).filter((token) => wanted.has(token.stem)).length);
  },
  weighted: weightedScores,
  saturated: saturatedScores,
};

/** Rarity-weighted overlap of stems, more when they stand close together, and when the sentence holds the wanted kind. */
function weightedScores(sentences: readonly string[], question: string): number[] {
  const tokens = sentences.map(contentTokens);
  const wanted = new Set(contentTokens(question).map((token) => token.stem));
  const rarity = (stem: string): number => {
    const holders = tokens.filter((list) => list.some((token) => token.stem === stem)).length;
    return Math.log(1 + sentences.length / (1 + holders));
  };
  const kind = answerKind(question);
  const own = tokens.map((list, index) => {
    const hits = list.filter((token) => wanted.has(token.stem));
    const distinct = [...new Set(hits.map((token) => token.stem))];
    const overlap = distinct.reduce((sum, stem) => sum + rarity(stem), 0);
    const fits = candidates(kind, sentences[index] ?? '', wanted).length > 0;
    return overlap === 0 ? 0 : overlap * (1 + closeness(hits)) + (fits ? 0.8 : 0);
  });
  // A pronoun carries the subject over from the sentence before.
  return own.map((score, index) => {
    const refersBack = /^(?:he|she|it|they|this|these|its|his|her|their|there)\b/i.test(sentences[index] ?? '');
    return refersBack && score > 0 ? score + 0.35 * (own[index - 1] ?? 0) : score;
  });
}

const SATURATION = 1.2;
const LENGTH_SHARE = 0.6;

/** The judge's own retrieval: BM25, which counts repeated words less and long sentences against themselves. */
function saturatedScores(sentences: readonly string[], question: string): number[] {
  const tokens = sentences.map((sentence) => contentTokens(sentence).map((token) => token.stem));
  const wanted = [...new Set(contentTokens(question).map((token) => token.stem))];
  const meanLength = tokens.reduce((sum, list) => sum + list.length, 0) / Math.max(1, tokens.length);
  return tokens.map((list) =>
    wanted.reduce((sum, word) => {
      const holders = tokens.filter((other) => other.includes(word)).length;
      const rarity = Math.log(1 + (tokens.length - holders + 0.5) / (holders + 0.5));
      const count = list.filter((other) => other === word).length;
      const length = 1 - LENGTH_SHARE + (LENGTH_SHARE * list.length) / Math.max(1, meanLength);
      return sum + (rarity * count * (SATURATION + 1)) / (count + SATURATION * length);
    }, 0),
  );
}

function closeness(hits: readonly Token[]): number {
  const [first, last] = [hits[0], hits.at(-1)];
  if (first === undefined || last === undefined || hits.length < 2) return 0;
  return Math.min(1, (hits.length * 12) / (last.at - first.at + 1)) * 0.5;
}

type AnswerKind = 'person' | 'date' | 'count' | 'place' | 'reason' | 'duration' | 'colour' | 'thing';

const KINDS: readonly (readonly [RegExp, AnswerKind])[] = [
  [/\bwho(?:se|m)?\b/i, 'person'],
  [
    /\b(?:when|what (?:year|date|day|time|month)|(?:in|on|by) which (?:year|day|month)|which (?:year|day|month))\b/i,
    'date',
  ],
  [/\bhow (?:long|often)\b/i, 'duration'],
  [
    /\bhow (?:many|much|far|tall|high|deep|old|heavy|big|wide|fast)\b|\bwhat (?:percentage|number|share|price|temperature)\b/i,
    'count',
  ],
  [/\bwhere\b|\b(?:which|what) (?:city|town|country|village|place|river|island|region)\b/i, 'place'],
  [/\bwhy\b|\bwhat (?:caused|made|led)\b|\bfor what reason\b/i, 'reason'],
  [/\b(?:what|which) colou?r\b/i, 'colour'],
];

export function answerKind(question: string): AnswerKind {
  return KINDS.find(([form]) => form.test(question))?.[1] ?? 'thing';
}

const NAME =
  /(?:[A-Z][\p{L}'’.-]+)(?:\s+(?:of|de|van|von|the|da|del)\s+(?=[A-Z])|\s+(?=[A-Z]))?(?:[A-Z][\p{L}'’-]+(?:\s+(?=[A-Z]))?)*/gu;
const CLOCK = /\b(?:\d{1,2}(?::\d{2})?\s?(?:am|pm|a\.m\.|p\.m\.)|\d{1,2}:\d{2}|noon|midnight)/gi;
const DAY =
  /\b(?:(?:early|late|mid)?[- ]?(?:(?:spring|summer|autumn|winter|January|February|March|April|May|June|July|August|September|October|November|December)(?: of)?\s)?(?:1[0-9]{3}|20[0-9]{2})s?\b|(?:Mondays?|Tuesdays?|Wednesdays?|Thursdays?|Fridays?|Saturdays?|Sundays?)|(?:spring|summer|autumn|winter|January|February|March|April|May|June|July|August|September|October|November|December))\b/g;
const MEASURE =
  /^(?:\s?%|\s+(?:percent|per cent|hundred|thousand|million|kilomet(?:re|er)s|met(?:re|er)s|kilograms?|tonnes?|litres?|degrees?|euros?|pounds?|dollars?|miles?|feet|hours?|minutes?|seconds?|days?|weeks?|months?|years?)(?:\s+(?:per|an?)\s+\p{L}+|\s+(?:Celsius|Fahrenheit))?)/u;
const COLOUR =
  /\b(?:(?:dark|light|pale|bright|deep)[ -])?(?:red|green|blue|yellow|orange|purple|violet|brown|black|white|grey|gray|pink|silver|gold|golden|turquoise)\b/gi;

type Candidate = { readonly text: string; readonly at: number };

function matches(form: RegExp, sentence: string): Candidate[] {
  return [...sentence.matchAll(form)].map((match) => ({ text: match[0].trim(), at: match.index }));
}

function candidates(kind: AnswerKind, sentence: string, wanted: ReadonlySet<string>): Candidate[] {
  const isNew = (candidate: Candidate): boolean =>
    tokenize(candidate.text).some((token) => !wanted.has(token.stem) && !isStopWord(token.lower));
  return finders[kind](sentence).filter(isNew);
}

const finders: Readonly<Record<AnswerKind, (sentence: string) => Candidate[]>> = {
  person: names,
  place: (sentence) => {
    const located = [
      ...sentence.matchAll(
        /\b(?:in|at|near|from|to|on|of|beside|outside|under|behind|between)\s+((?:the\s+|a\s+|an\s+)?[^,.;]{2,40}?)(?=\s+(?:in|and|when|where|which|that|after|before|until|by|for|was|is|were|with|to)\b|[,.;]|$)/g,
      ),
    ];
    return located.map((match) => ({ text: match[1] ?? '', at: match.index }));
  },
  date: (sentence) => {
    const full = findDates(sentence);
    return full.length > 0 ? full : [...matches(CLOCK, sentence), ...matches(DAY, sentence)];
  },
  duration: (sentence) =>
    counts(sentence).filter((found) =>
      /(?:second|minute|hour|day|week|month|year|decade|night)s?$|times|once|twice/i.test(found.text),
    ),
  count: counts,
  reason: (sentence) =>
    matches(
      /\b(?:because(?: of)?|since|so that|due to|thanks to|in order to|after|to (?=\p{Ll}))(?:(?!,\s(?:and|but|which)\b)[^.;])+/giu,
      sentence,
    ),
  colour: (sentence) => matches(COLOUR, sentence),
  thing: () => [],
};

/** Runs of capitalised words; a lone first word of a sentence is not a name unless it is no ordinary word. */
function names(sentence: string): Candidate[] {
  return matches(NAME, sentence).filter(
    (found) =>
      found.at > 0 ||
      (found.text.includes(' ') && !isStopWord((found.text.split(' ')[0] ?? '').toLowerCase())) ||
      !isStopWord(found.text.toLowerCase()),
  );
}

function counts(sentence: string): Candidate[] {
  return findQuantities(sentence).map((found) => {
    const measure = MEASURE.exec(sentence.slice(found.end))?.[0] ?? '';
    const noun =
      measure === '' ? (/^(?:\s+\p{Ll}[\p{L}-]+){1,2}/u.exec(sentence.slice(found.end))?.[0] ?? '') : measure;
    return { text: `${found.text}${trimStopWords(noun)}`, at: found.at };
  });
}

function trimStopWords(phrase: string): string {
  const words = phrase.split(' ');
  const cut = words.findIndex((word, index) => index > 0 && isStopWord(word.toLowerCase()));
  return cut === -1 ? phrase : words.slice(0, cut).join(' ');
}

/** Among the best sentences, the candidate of the wanted kind that stands nearest to the question's own words. */
function typedSpan(ranked: readonly Ranked[], question: string): string | undefined {
  const kind = answerKind(question);
  const wanted = new Set(contentTokens(question).map((token) => token.stem));
  const top = ranked.filter((entry) => entry.score >= 0.6 * (ranked[0]?.score ?? 0)).slice(0, 3);
  let best: { readonly text: string; readonly score: number } | undefined;
  for (const { sentence, score } of top) {
    const anchors = tokenize(sentence).filter((token) => wanted.has(token.stem));
    for (const candidate of candidates(kind, sentence, wanted)) {
      const value = score + nearness(candidate, anchors) + (kind === 'person' ? agency(candidate, sentence) : 0);
      if (best === undefined || value > best.score) best = { text: candidate.text, score: value };
    }
  }
  return best?.text.replace(/[,;.]$/, '');
}

/** What is new in a sentence mostly stands at its end: the last candidate of the wanted kind. */
function lastSpan(sentence: string, question: string): string | undefined {
  const wanted = new Set(contentTokens(question).map((token) => token.stem));
  return candidates(answerKind(question), sentence, wanted)
    .toSorted((a, b) => b.at - a.at)[0]
    ?.text.replace(/[,;.]$/, '');
}

/** Who did it stands after "by"; what stands after "at", "in" or "from" is a place. */
function agency(candidate: Candidate, sentence: string): number {
  const before = sentence.slice(0, candidate.at);
  if (/\bby(?:\s+the)?(?:\s+\p{Ll}+){0,2}\s*$/u.test(before)) return 0.6;
  return /\b(?:at|in|from|near|to|of)\s*(?:the\s+)?$/i.test(before) ? -0.6 : 0;
}

function nearness(candidate: Candidate, anchors: readonly Token[]): number {
  const end = candidate.at + candidate.text.length;
  const distances = anchors.map((anchor) =>
    Math.max(anchor.at - end, candidate.at - anchor.at - anchor.text.length, 0),
  );
  const total = distances
    .toSorted((a, b) => a - b)
    .slice(0, 3)
    .reduce((sum, distance) => sum + 1 / (1 + distance / 8), 0);
  return anchors.length === 0 ? 0 : total / Math.min(3, anchors.length);
}
