import { findDates, findQuantities } from './quantities.ts';
import type { SchemaNode } from './prompt.ts';
import { isStopWord, splitSentences, stem, tokenize } from './text.ts';

/** Filling a JSON Schema from a text: each property says by name, type and description what kind of value it wants. */
export type ExtractionLevel = {
  /** ISO dates and JSON numbers, or whatever stands in the text. */
  readonly normalise: boolean;
  /** Values chosen by how near the field's words are, by how many of them share the clause, or the first of the kind. */
  readonly context: 'nearest' | 'clause' | 'none';
  /** Share of properties that are left out. */
  readonly dropShare: number;
  /** Bare JSON, or JSON wrapped in talk. */
  readonly bare: boolean;
};

type Found = { readonly value: unknown; readonly at: number; readonly end: number };
type Field = { readonly name: string; readonly node: SchemaNode; readonly words: readonly string[] };

export function extractJson(text: string, schema: SchemaNode, level: ExtractionLevel, random: () => number): string {
  const taken = new Set<string>();
  const entries: [string, unknown][] = [];
  const fields = Object.entries(schema.properties ?? {}).map(([name, node]) => ({
    name,
    node,
    words: fieldWords(name, node),
  }));
  for (const field of fields) {
    if (random() < level.dropShare) continue;
    const value = fillField(text, field, level, taken);
    if (value !== undefined) entries.push([field.name, value]);
    else if (schema.required?.includes(field.name)) entries.push([field.name, emptyValue(field.node)]);
  }
  const json = JSON.stringify(Object.fromEntries(entries));
  return level.bare ? json : `Here is what I found:\n${json}\nLet me know if you need anything else.`;
}

/** Stems of the field's name (snake or camel case) and description, with everyday synonyms. */
function fieldWords(name: string, node: SchemaNode): string[] {
  const spaced = `${name.replace(/([a-z])([A-Z])/g, '$1 $2').replaceAll('_', ' ')} ${node.description ?? ''}`;
  const stems = tokenize(spaced)
    .filter((token) => !isStopWord(token.lower))
    .map((token) => token.stem);
  // The organiser is who something is organised by.
  const bare = stems.map((word) => word.replace(/z/g, 's').replace(/(?:er|or)$/, ''));
  return [...new Set([...stems, ...bare].flatMap((word) => [word, ...(SYNONYMS.get(word) ?? [])]))];
}

const SYNONYM_GROUPS = [
  'price cost total amount sum fee paid pay charge worth due bill',
  'city town place location venue held travel office based destination',
  'person name called customer guest patient author speaker client employee contact',
  'date day on dated held scheduled due starts begins',
  'count number quantity pieces copies seats people guests units ordered',
  'company firm supplier vendor employer organisation shop',
  'start begin open opens from',
  'end until closes close finish',
  'duration lasts long hours minutes',
  'role job title position works',
  'age old years',
  'weight weighs heavy kilograms',
  'product item ordered bought model',
  'attendees participants present members team',
];
const SYNONYMS = new Map<string, string[]>();
for (const group of SYNONYM_GROUPS) {
  const stems = group.split(' ').map(stem);
  for (const word of stems)
    SYNONYMS.set(word, [...(SYNONYMS.get(word) ?? []), ...stems.filter((other) => other !== word)]);
}

function typeOf(node: SchemaNode): string {
  const type = typeof node.type === 'string' ? node.type : node.type?.find((entry) => entry !== 'null');
  return type ?? (node.enum === undefined ? 'string' : 'enum');
}

function fillField(text: string, field: Field, level: ExtractionLevel, taken: Set<string>): unknown {
  const { node } = field;
  if (node.enum !== undefined) return bestOption(text, field, node.enum);
  const type = typeOf(node);
  if (type === 'boolean') return statedTrue(text, field);
  if (type === 'array') return listItems(text, field);
  if (type === 'object') return undefined;
  const keyed = level.context !== 'none' ? keyedValue(text, field, type, level) : undefined;
  if (keyed !== undefined) return keyed;
  const found = candidatesFor(text, field, type, level).filter(
    (candidate) => !taken.has(`${kindOf(field, type)}@${candidate.at}`),
  );
  const best = choosers[level.context](text, field, found);
  if (best === undefined) return undefined;
  taken.add(`${kindOf(field, type)}@${best.at}`);
  return best.value;
}

/** "Invoice number: 4471": a form names its own fields. The line whose key is most like the field's name wins. */
function keyedValue(text: string, field: Field, type: string, level: ExtractionLevel): unknown {
  const own = stemsOf(field.name.replace(/([a-z])([A-Z])/g, '$1 $2').replaceAll('_', ' '));
  const lines = text.split(/\n|;/).flatMap((line) => {
    const match = /^\s*[-*]?\s*([\p{L} ]{2,30}):\s*(.+)$/u.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) return [];
    const key = stemsOf(match[1]);
    const shared = own.filter((word) => key.includes(word)).length;
    return [{ value: match[2].trim().replace(/\.$/, ''), likeness: (2 * shared) / (own.length + key.length) }];
  });
  const best = lines.toSorted((x, y) => y.likeness - x.likeness)[0];
  if (best === undefined || best.likeness < 0.6) return undefined;
  return candidatesFor(best.value, field, type, level)[0]?.value ?? (type === 'string' ? best.value : undefined);
}

function stemsOf(text: string): string[] {
  return tokenize(text).map((token) => token.stem);
}

type Kind = 'date' | 'number' | 'email' | 'phone' | 'time' | 'code' | 'place' | 'name' | 'phrase';

const KIND_BY_WORD: readonly (readonly [RegExp, Kind])[] = [
  [/e-?mail/i, 'email'],
  [/phone|telephone|mobile/i, 'phone'],
  [/date|birthday|deadline|(?:^|_)day$|_on$/i, 'date'],
  [/time$|(?:^|_)hour$/i, 'time'],
  [/(?:^|_)(?:id|code|reference|ref)$|number$|flight|tracking/i, 'code'],
  [/city|town|place|location|venue|destination|origin|country|address|from|_to$/i, 'place'],
  [/(?<!numb|ord|lett|col|err|flo|ye|weath|do|oth|quart|fold|wat|pap|temperat)(?:er|or|ist|ian)$/i, 'name'],
  [
    /name|person|passenger|tenant|applicant|recipient|customer|author|speaker|guest|patient|client|organi[sz]er|company|supplier|vendor|employer|manager|sender|recipient|artist|winner|director|contact|doctor|host|seller|buyer|tenant|teacher/i,
    'name',
  ],
];

function kindOf(field: Field, type: string): Kind {
  if (type === 'number' || type === 'integer') return 'number';
  if (field.node.format === 'date') return 'date';
  if (field.node.format === 'email') return 'email';
  return KIND_BY_WORD.find(([form]) => form.test(field.name.replace(/([a-z])([A-Z])/g, '$1_$2')))?.[1] ?? 'phrase';
}

const FORMS: Readonly<Record<Exclude<Kind, 'date' | 'number'>, RegExp>> = {
  email: /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g,
  phone: /\+?\d[\d ()/-]{6,}\d/g,
  time: /\b\d{1,2}(?::\d{2})?\s?(?:am|pm|a\.m\.|p\.m\.)|\b\d{1,2}:\d{2}\b|\bnoon\b|\bmidnight\b/gi,
  code: /\b(?=[A-Z\d-]*\d)(?=[A-Z\d-]*[A-Z])[A-Z\d]+(?:-[A-Z\d]+)*\b|(?<=#\s?)\d+|\b\d{3,}\b/g,
  place: /(?<=\b(?:in|at|to|from|near|of|for|via)\s+)(?:the\s+)?[A-Z][\p{L}'’-]+(?:\s+[A-Z][\p{L}'’-]+)*/gu,
  name: /\b(?:(?:Dr|Mr|Mrs|Ms|Prof)\.?\s+)?[A-Z][\p{L}'’-]+(?:\s+(?:&\s+|de\s+|van\s+|von\s+|of\s+)?[A-Z][\p{L}'’-]+)*/gu,
  phrase: /(?<=\b(?:an?|the|of|for|is|was|as|ordered|bought|\d+|with)\s+)(?:\p{Ll}[\p{L}-]+\s+){0,2}\p{Ll}[\p{L}-]+/gu,
};
const MONTH_OR_DAY =
  /^(?:January|February|March|April|May|June|July|August|September|October|November|December|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b/;

function candidatesFor(text: string, field: Field, type: string, level: ExtractionLevel): Found[] {
  const kind = kindOf(field, type);
  if (kind === 'date')
    return findDates(text).map(({ iso, text: shown, at, end }) => ({ value: level.normalise ? iso : shown, at, end }));
  if (kind === 'number') return numberCandidates(text, field, type, level);
  const found = [...text.matchAll(FORMS[kind])].map((match) => ({
    value: match[0].trim(),
    at: match.index,
    end: match.index + match[0].length,
  }));
  if (kind === 'name' || kind === 'place') return found.filter((candidate) => isProperName(text, candidate));
  return found;
}

/** Not a month, and not an ordinary word that is capitalised only because a sentence starts with it. */
function isProperName(text: string, found: { readonly value: string; readonly at: number }): boolean {
  if (MONTH_OR_DAY.test(found.value)) return false;
  if (/^(?:hello|hi|dear|hey|thanks|please|yes|no)$/i.test(found.value)) return false;
  const starts = found.at === 0 || /[.!?:\n"]\s*$/.test(text.slice(0, found.at));
  const first = (found.value.split(' ')[0] ?? '').toLowerCase();
  if (!starts) return true;
  return !isStopWord(first) && (found.value.includes(' ') || !new RegExp(String.raw`\b${first}\b`).test(text));
}

function numberCandidates(text: string, field: Field, type: string, level: ExtractionLevel): Found[] {
  const dates = findDates(text);
  const isMoney = /price|cost|total|amount|fee|paid|sum|rent|salary|budget|deposit|wage|bill|fare|fine/i.test(
    field.name,
  );
  const found = findQuantities(text, { words: level.normalise })
    .filter((quantity) => !dates.some((date) => quantity.at >= date.at && quantity.end <= date.end))
    .filter(
      (quantity) =>
        !/[A-Z]-?$|:$|#$/.test(text.slice(Math.max(0, quantity.at - 2), quantity.at)) &&
        !/^:\d|^-?[A-Z]/.test(text.slice(quantity.end)),
    )
    .filter((quantity) => type !== 'integer' || Number.isInteger(quantity.value));
  const marked = found.filter((quantity) => hasCurrency(text, quantity) === isMoney);
  return (marked.length > 0 ? marked : found).map((quantity) => ({
    value: level.normalise ? quantity.value : quantity.text,
    at: quantity.at,
    end: quantity.end,
  }));
}

function hasCurrency(text: string, place: { readonly at: number; readonly end: number }): boolean {
  const before = /(?:[$€£]|EUR|USD|GBP)\s?$/.test(text.slice(0, place.at));
  return before || /^\s?(?:€|EUR|USD|GBP|euros?|dollars?|pounds?|cents)/i.test(text.slice(place.end));
}

type Chooser = (text: string, field: Field, found: readonly Found[]) => Found | undefined;
const choosers: Readonly<Record<ExtractionLevel['context'], Chooser>> = {
  nearest: nearestToWords,
  clause: inBestClause,
  none: (_text, _field, found) => found[0],
};

/** The judge's own choice: the candidate with most of the field's words in its clause, the first of equals. */
function inBestClause(text: string, field: Field, found: readonly Found[]): Found | undefined {
  const score = ({ at, end }: Found): number => {
    const before = /(?:(?![.;!?\n]\s|,\s|\band\b).)*$/s.exec(text.slice(0, at))?.[0] ?? '';
    const after = /^(?:(?![.;!?\n](?:\s|$)|,\s|\band\b).)*/s.exec(text.slice(end))?.[0] ?? '';
    const stems = new Set(tokenize(`${before} ${after}`).map((token) => token.stem));
    return field.words.filter((word) => stems.has(word)).length;
  };
  return found.toSorted((a, b) => score(b) - score(a) || a.at - b.at)[0];
}

/** The candidate whose sentence and closest words say most about the field. */
function nearestToWords(text: string, field: Field, found: readonly Found[]): Found | undefined {
  const anchors = tokenize(text).filter((token) => field.words.includes(token.stem));
  const own = new Set(tokenize(field.name.replaceAll('_', ' ')).map((token) => token.stem));
  const score = (candidate: Found): number =>
    anchors.reduce((best, anchor) => {
      const gap =
        anchor.at >= candidate.end ? anchor.at - candidate.end : candidate.at - anchor.at - anchor.text.length;
      if (gap < 0) return best;
      const between = text.slice(Math.min(anchor.at, candidate.at), Math.max(anchor.at, candidate.at));
      const sameSentence = splitSentences(between).length <= 1 && !/[.!?]\s/.test(between);
      return Math.max(best, ((own.has(anchor.stem) ? 2 : 1) * (sameSentence ? 1 : 0.3)) / (1 + gap / 10));
    }, 0);
  // People and firms mostly have more than one word to their name.
  const bonus = (candidate: Found): number =>
    kindOf(field, typeOf(field.node)) === 'name' && /\p{L} \p{Lu}/u.test(String(candidate.value)) ? 0.2 : 0;
  return found.toSorted((a, b) => score(b) + bonus(b) - score(a) - bonus(a) || a.at - b.at)[0];
}

/** The enum value that the text names, or whose words it shares most. */
function bestOption(text: string, field: Field, options: readonly unknown[]): unknown {
  const stems = tokenize(text).map((token) => token.stem);
  const scored = options.map((option) => {
    const words = tokenize(String(option).replaceAll('_', ' ')).map((token) => token.stem);
    const hits = words.filter((word) => stems.includes(word)).length;
    return { option, score: words.length === 0 ? 0 : hits / words.length };
  });
  const best = scored.toSorted((a, b) => b.score - a.score)[0];
  return best !== undefined && best.score > 0 ? best.option : (field.node.enum?.at(-1) ?? undefined);
}

function statedTrue(text: string, field: Field): boolean {
  const sentence = splitSentences(text).find((part) =>
    tokenize(part).some((token) => field.words.includes(token.stem)),
  );
  return (
    sentence !== undefined &&
    !/\b(?:not|no|never|without|un(?:paid|available|confirmed)|isn't|wasn't|hasn't|don't)\b/i.test(sentence)
  );
}

/** The longest enumeration ("A, B and C") near the field's words. */
function listItems(text: string, field: Field): unknown[] {
  const lists = [...text.matchAll(/(?:[\p{L}\d'’ -]+,\s+)*[\p{L}\d'’ -]+,?\s+and\s+[\p{L}\d'’ -]+/gu)];
  const wantsNumbers = ['number', 'integer'].includes(typeOf(field.node.items ?? {}));
  const scored = lists.map((match) => {
    const around = text.slice(Math.max(0, match.index - 40), match.index + match[0].length);
    const near = tokenize(around).some((token) => field.words.includes(token.stem)) ? 1 : 0;
    return { items: splitList(match[0]), near };
  });
  const best = scored.toSorted((a, b) => b.near - a.near || b.items.length - a.items.length)[0]?.items ?? [];
  return wantsNumbers ? best.flatMap((item) => findQuantities(item).map((found) => found.value)) : best;
}

function splitList(list: string): string[] {
  const items = list
    .split(/,\s+and\s+|,\s+|\s+and\s+/)
    .map((item) => item.trim())
    .filter((item) => item !== '');
  const proper = items.filter((item) => /[A-Z]/.test(item));
  // In a list of names, words before the first name belong to the sentence, not to the list.
  if (proper.length * 2 > items.length)
    return proper.map((item) => /[A-Z][\p{L}'’-]*(?:\s+[A-Z][\p{L}'’-]*)*/u.exec(item)?.[0] ?? item);
  return items.map((item) =>
    item.replace(/^.*\b(?:are|is|were|of|with|includes?|including|contains?|needs?|bring|buy|an?|some|the)\s+/i, ''),
  );
}

function emptyValue(node: SchemaNode): unknown {
  const type = typeOf(node);
  if (type === 'number' || type === 'integer') return 0;
  if (type === 'boolean') return false;
  if (type === 'array') return [];
  return type === 'object' ? {} : '';
}
