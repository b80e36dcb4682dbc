import { findQuantities } from './quantities.ts';
import { isStopWord, splitSentences, stem, tokenize } from './text.ts';
import type { Token } from './text.ts';

/** Reading a word problem: each number becomes a fact with a unit and a part to play. */
export type Fact =
  | {
      readonly kind: 'count';
      readonly value: number;
      readonly unit: string;
      readonly clause: string;
      readonly gain: boolean;
    }
  | {
      readonly kind: 'rate';
      readonly value: number;
      readonly unit: string;
      readonly per: string;
      readonly clause: string;
      readonly gain: boolean;
    }
  | { readonly kind: 'share'; readonly value: number }
  | { readonly kind: 'factor'; readonly value: number }
  | { readonly kind: 'percent'; readonly value: number; readonly clause: string };

export type Problem = { readonly facts: readonly Fact[]; readonly question: string; readonly target: string };

const MONEY = /^(?:euros?|dollars?|pounds?|eur|usd|cents?|coins?|money|€|\$|£)$/i;
const LOSS =
  /\b(?:gives?|gave|given|sells?|sold|eats?|ate|eaten|loses?|lost|uses?|used|spends?|spent|leaves?|removes?|removed|breaks?|broke|broken|drops?|dropped|flies|fly|flew|donates?|donated|lends?|lent|throws?|threw|thrown|returns?|returned|cuts?|stolen|leaks?|leaked|drinks?|drank|(?:get|gets|got|getting) off|away|taken|takes?|took|melts?|melted|die|died|moves? out|moved out|cancels?|cancelled|fewer|withdraws?|withdrew|burns?|burned|gets? rid|ships?|shipped|posts?|posted)\b/i;
const GAIN =
  /\b(?:has|had|have|gets? on|got on|buys?|bought|finds?|found|adds?|added|receives?|received|gets|got|earns?|earned|picks?|picked|collects?|collected|makes?|made|bakes?|baked|more|another|arrives?|arrived|joins?|joined|plants?|planted|there (?:are|were|is|was)|starts?|holds?|saves?|saved|wins?|won|grows?|grew|borrows?|borrowed|comes?|came|delivers?|delivered|deposits?|deposited|reads?|walks?|runs?|drives?|travels?|rides?)\b/i;

const FACTORS: readonly (readonly [RegExp, number])[] = [
  [/\b(?:twice|double|doubles|doubled)\b/gi, 2],
  [/\b(?:triple|triples|tripled|thrice)\b/gi, 3],
  [/\bhalf\b/gi, 0.5],
  [/\b(?:a|one) third\b/gi, 1 / 3],
  [/\b(?:a|one) quarter\b/gi, 0.25],
  [/\bthree quarters\b/gi, 0.75],
];

type Mention = { readonly value: number; readonly at: number; readonly end: number; readonly factor: boolean };

export function readProblem(text: string): Problem {
  const sentences = splitSentences(text.replace(/\b(?:question|problem):\s*/gi, ''));
  const question = sentences.findLast((sentence) => sentence.endsWith('?')) ?? sentences.at(-1) ?? '';
  const target = targetUnit(question);
  const known = knownUnits(text, target);
  const drafts = sentences.flatMap((sentence) => readSentence(sentence, known));
  const counted = new Set(
    drafts.flatMap((draft) => (draft.kind === 'amount' && draft.per.length === 0 ? [draft.unit] : [])),
  );
  return { facts: drafts.map((draft) => settle(draft, counted, target)), question, target };
}

/** A number before it is known whether it is an amount of its own or so much for each of something. */
type Draft =
  | Exclude<Fact, { kind: 'count' | 'rate' }>
  | {
      readonly kind: 'amount';
      readonly value: number;
      readonly unit: string;
      readonly clause: string;
      readonly gain: boolean;
      /** Things it may belong to, best first; `firm` when the text says "each", "per" or "every". */
      readonly per: readonly string[];
      readonly firm: boolean;
    };

/** "A jar holds 30 sweets" is a rate only where jars are counted or asked for; "30 sweets per jar" always is. */
function settle(draft: Draft, counted: ReadonlySet<string>, target: string): Fact {
  if (draft.kind !== 'amount') return draft;
  const { per, firm, kind: _kind, ...rest } = draft;
  const owner = per.find((unit) => counted.has(unit) || unit === target) ?? (firm ? per[0] : undefined);
  return owner === undefined ? { kind: 'count', ...rest } : { kind: 'rate', ...rest, per: owner };
}

function targetUnit(question: string): string {
  if (
    /how much\b.*\b(?:cost|pay|spend|money|earn|change|save|charge|owe)|what (?:is|was|are) the (?:total )?(?:price|cost|bill)|\b(?:euros|dollars|pounds|money)\b/i.test(
      question,
    )
  )
    return 'money';
  const asked =
    /\bhow (?:many|much)\s+(?:more\s+|fewer\s+|less\s+|other\s+|whole\s+|full\s+)?((?:\p{L}+\s+){0,2}?\p{L}+)/iu.exec(
      question,
    )?.[1] ?? '';
  const nouns = asked.split(/\s+/).filter((word) => word !== '' && !isStopWord(word.toLowerCase()));
  const plural = nouns.find((word) => /s$/i.test(word)) ?? nouns[0];
  if (plural !== undefined) return unitOf(plural);
  if (/\bhow far\b|\bdistance\b/i.test(question)) return 'distance';
  return /\bhow long\b/i.test(question) ? 'time' : '';
}

/** Money, lengths and times go by one name each, so that "km" and "kilometres" meet. */
function unitOf(word: string): string {
  if (MONEY.test(word)) return 'money';
  if (/^(?:mornings?|afternoons?|evenings?|nights?)$/i.test(word)) return 'day';
  if (/^(?:km|kilomet(?:re|er)s?|miles?|met(?:re|er)s?|m)$/i.test(word)) return 'distance';
  return stem(word.toLowerCase());
}

/** Things that the problem counts: what is asked for, and what comes after "each", "per" and "every". */
function knownUnits(text: string, target: string): ReadonlySet<string> {
  const after = [...text.matchAll(/\b(?:each|every|per|an?)\s+(\p{L}+)/giu)].map((match) => unitOf(match[1] ?? ''));
  return new Set([target, 'money', 'distance', ...after]);
}

function readSentence(sentence: string, known: ReadonlySet<string>): Draft[] {
  const mentions = mentionsIn(sentence);
  const facts: Draft[] = [];
  let gain = true;
  mentions.forEach((mention, index) => {
    const previousEnd = mentions[index - 1]?.end ?? 0;
    const nextAt = mentions[index + 1]?.at ?? sentence.length;
    const before = sentence.slice(previousEnd, mention.at);
    const after = sentence.slice(mention.end, nextAt);
    gain = direction(before, after, index === 0 ? true : gain);
    const last = facts.at(-1);
    const lastUnit = last?.kind === 'amount' ? last.unit : '';
    facts.push(readMention({ mention, before, after, sentence, known, gain, lastUnit }));
  });
  return facts;
}

function mentionsIn(sentence: string): Mention[] {
  const numbers = findQuantities(sentence)
    .filter((found) => !(found.value >= 1900 && found.value <= 2100 && /\bin $/i.test(sentence.slice(0, found.at))))
    .filter(
      (found) =>
        !(
          found.text.toLowerCase() === 'one' &&
          /\b(?:each|every|which|this|that|no|any|the|at|in|on) $/i.test(sentence.slice(0, found.at))
        ),
    )
    .map((found) => ({ value: found.value, at: found.at, end: found.end, factor: false }));
  const factors = FACTORS.flatMap(([form, value]) =>
    [...sentence.matchAll(form)].map((match) => ({
      value,
      at: match.index,
      end: match.index + match[0].length,
      factor: true,
    })),
  );
  return [...numbers, ...factors]
    .toSorted((a, b) => a.at - b.at)
    .filter((item, index, all) => item.at >= (all[index - 1]?.end ?? 0));
}

/** The verb of the number's own clause decides ("7 get on"), else one further ahead of it, else the last one goes on. */
function direction(before: string, after: string, last: boolean): boolean {
  const own = `${before.split(/[,;]|\b(?:and|but|then)\b/).at(-1) ?? ''} ${after.split(/[,;]|\b(?:and|but|then)\b/)[0] ?? ''}`;
  for (const text of [own, before]) {
    if (LOSS.test(text)) return false;
    if (GAIN.test(text)) return true;
  }
  return last;
}

type Context = {
  readonly mention: Mention;
  readonly before: string;
  readonly after: string;
  readonly sentence: string;
  readonly known: ReadonlySet<string>;
  readonly gain: boolean;
  /** Noun that the number before this one counts. */
  readonly lastUnit: string;
};

function readMention(context: Context): Draft {
  const { mention, before, after, sentence, gain } = context;
  const clause = `${before}#${after}`;
  if (mention.factor || /^\s*times\s+(?:as|the|more)\b/i.test(after)) return { kind: 'factor', value: mention.value };
  if (/^\s*(?:%|percent\b|per cent\b)/i.test(after)) return { kind: 'percent', value: mention.value, clause };
  if (isShare(before, after, sentence)) return { kind: 'share', value: mention.value };
  const unit = nounAfter(context);
  return { kind: 'amount', value: mention.value, unit, clause, gain, ...owners(context, unit) };
}

function isShare(before: string, after: string, sentence: string): boolean {
  if (/^\s*\p{L}+\s+(?:share|split|divide)\b/iu.test(after)) return true;
  return (
    /\b(?:shar|split|divid|equal)/i.test(sentence) &&
    /\b(?:among|amongst|between|into|by|with)\s+(?:\p{L}+\s+){0,2}$/iu.test(before)
  );
}

function nounAfter({ before, after, known }: Context): string {
  if (/[$€£]\s?$/.test(before)) return 'money';
  const words = tokenize(after.split(/[,.;?]/)[0] ?? '').slice(0, 4);
  if (endsPhrase(words[0])) return '';
  const nouns = words.filter((word) => !isStopWord(word.lower));
  const plural = words.slice(0, 3).find((word) => /[^s]s$/.test(word.lower) && !isStopWord(word.lower));
  const noun = words.find((word) => known.has(unitOf(word.lower))) ?? plural ?? nouns[0];
  return unitOf(noun?.lower ?? '');
}

/** "12 get off", "9 in the morning": the number stands without a noun of its own. */
function endsPhrase(next: Token | undefined): boolean {
  if (next === undefined) return true;
  return isVerb(next.text) || (isStopWord(next.lower) && !/^(?:more|other|of|own|further)$/.test(next.lower));
}

const HOURLY = 'hour|day|week|month|minute|second|year|night|person|kilo|kilogram|litre|metre';
const BEHIND = new RegExp(
  String.raw`^[^,]*?\b(?:(?:in|on|for|to|from|of|with)\s+(?:each|every)|per|every|an?(?=\s+(?:${HOURLY})\b))\s+(\p{L}+)`,
  'iu',
);
const LOOSE_BEHIND = /^[^,]*?\b(?:for|in|with|on)\s+(?:an?|one)\s+(\p{L}+)/iu;
const AHEAD = /(?:^|[,;]|\band)\s*(?:in |on |for )?(?:each|every)\s+(.*)$/i;
const PRICED =
  /\b(?:an?|one)\s+((?:\p{L}+\s+){1,3}?)(?:costs?|is sold for|sells for|weighs|holds|takes|has|contains|needs|gives|makes)\s+(?:about\s+)?[€$£]?$/iu;

type Owners = { readonly per: readonly string[]; readonly firm: boolean };

/** What a number belongs to once for each: "12 eggs per box", "each box holds 12", "a book costs 8 euros". */
function owners(context: Context, unit: string): Owners {
  const own = context.after.split(/[.;?]/)[0] ?? '';
  const firm = heldBy(context, unit) ?? namedBehind(own) ?? namedAhead(context) ?? apiece(context, own, unit);
  if (firm !== undefined) return { per: firm, firm: true };
  const loose = [LOOSE_BEHIND.exec(own)?.[1], nounRun(PRICED.exec(context.before)?.[1] ?? '').at(-1)];
  return { per: loose.flatMap((word) => (word === undefined ? [] : [unitOf(word)])), firm: false };
}

/** "9 rows of 14 tulips" */
function heldBy({ before, lastUnit }: Context, unit: string): readonly string[] | undefined {
  const holds = /^\s*(?:\p{L}+\s+){1,2}(?:of|with|containing|holding)\s*$/iu.test(before);
  return holds && lastUnit !== '' && lastUnit !== unit ? [lastUnit] : undefined;
}

function namedBehind(own: string): readonly string[] | undefined {
  const noun = BEHIND.exec(own)?.[1];
  return noun === undefined ? undefined : [unitOf(noun)];
}

function namedAhead({ before }: Context): readonly string[] | undefined {
  const phrase = AHEAD.exec(before)?.[1];
  return phrase === undefined ? undefined : nounRun(phrase).map(unitOf).toReversed();
}

/** "8 euros each" belongs to the noun behind "each", or to the plural before. */
function apiece({ sentence, mention }: Context, own: string, unit: string): readonly string[] | undefined {
  if (!/^\s*(?:\p{L}+\s+){0,2}?(?:each|apiece)\b/iu.test(own)) return undefined;
  const named = /\beach\s+(\p{L}+)/iu.exec(own)?.[1] ?? '';
  const isNamed = named !== '' && !isStopWord(named.toLowerCase()) && !isVerb(named);
  return [isNamed ? unitOf(named) : eachOwner(sentence.slice(0, mention.at), unit)];
}

/** The words before a verb or stop word ends them: "box of tea holds" gives "box". */
function nounRun(phrase: string): string[] {
  const words = tokenize(phrase).map((token) => token.lower);
  const end = words.findIndex((word) => isStopWord(word) || isVerb(word));
  return end === -1 ? words : words.slice(0, end);
}

function isVerb(word: string): boolean {
  return new RegExp(
    `^(?:${LOSS.source}|${GAIN.source}|costs?|weighs?|carries|contains?|gets?|go|goes|off|on)$`,
    'i',
  ).test(word);
}

/** "Tickets cost 4 euros each": the plural noun before the price; "" when the last counted thing is meant. */
function eachOwner(before: string, unit: string): string {
  const nouns = tokenize(before).filter(
    (token) => /[^s]s$/.test(token.lower) && !isStopWord(token.lower) && !isVerb(token.lower),
  );
  return nouns.map((token) => unitOf(token.lower)).findLast((noun) => noun !== unit) ?? '';
}
