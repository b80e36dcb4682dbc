import type { JsonValue } from '../../protocol/canonical-json.ts';
import { toBps } from './bps.ts';
import type { Constraint, CountUnit } from './constraint.ts';
import { sentencesOf } from './faithfulness.ts';
import * as marks from './format-marks.ts';
import { within } from './format-marks.ts';
import { parseFenced, parseStrict } from './json-text.ts';
import { languageOf } from './language.ts';
import { chosenOption } from './verifiable.ts';

/** Decides a JSON Schema; undefined when the schema itself cannot be used, and then it constrains nothing. */
export type SchemaCheck = (schema: JsonValue, value: JsonValue) => boolean | undefined;

const MAX_ANSWER = 400_000;

/** Share of the constraints that an answer meets, each strictly, 0…10,000. Without any there is nothing to miss. */
export function formatScore(answer: string, constraints: readonly Constraint[], checkSchema: SchemaCheck): number {
  const text = answer.slice(0, MAX_ANSWER).toWellFormed();
  const verdicts = constraints.flatMap((constraint) => meets(text, constraint, checkSchema) ?? []);
  if (verdicts.length === 0) return 10_000;
  return toBps(verdicts.filter(Boolean).length / verdicts.length);
}

type Of<K extends Constraint['kind']> = Extract<Constraint, { kind: K }>;
type Check<K extends Constraint['kind']> = (
  text: string,
  constraint: Of<K>,
  schemas: SchemaCheck,
) => boolean | undefined;

const CHECKS: { readonly [K in Constraint['kind']]: Check<K> } = {
  json: meetsJson,
  count: (text, { unit, min, max }) => within(countOf(text, unit), min, max),
  list: meetsList,
  language: meetsLanguage,
  codeFence: (text, { language }) => fencePattern(language).test(text),
  include: (text, { text: wanted, min, max }) =>
    within(occurrences(text, wanted), max === undefined ? (min ?? 1) : min, max),
  exclude: (text, { text: unwanted }) => occurrences(text, unwanted) === 0,
  case: (text, { form }) =>
    /\p{L}/u.test(text) && text === (form === 'upper' ? text.toUpperCase() : text.toLowerCase()),
  startsWith: (text, { text: start }) => text.trimStart().toLowerCase().startsWith(start.trimStart().toLowerCase()),
  endsWith: (text, { text: end }) => text.trimEnd().toLowerCase().endsWith(end.trimEnd().toLowerCase()),
  pattern: (text, { source }) => matches(text, source),
  choice: (text, { options }) => chosenOption(text, options) !== undefined,
  letter: marks.meetsLetter,
  parts: marks.meetsParts,
  paragraphStart: marks.meetsParagraphStart,
  placeholders: marks.meetsPlaceholders,
  postscript: marks.meetsPostscript,
  highlights: marks.meetsHighlights,
  sections: marks.meetsSections,
  title: marks.meetsTitle,
  capitalWords: marks.meetsCapitalWords,
  quoted: marks.meetsQuoted,
  without: (text, { characters }) => ![...characters].some((character) => text.includes(character)),
  repeat: marks.meetsRepeat,
};

/** Whether `text` meets the constraint; undefined when the constraint itself is unusable. */
export function meets<K extends Constraint['kind']>(
  text: string,
  constraint: Of<K>,
  checkSchema: SchemaCheck,
): boolean | undefined {
  const check: Check<K> = CHECKS[constraint.kind];
  return check(text, constraint, checkSchema);
}

function meetsJson(text: string, { raw, objectOnly, schema }: Of<'json'>, checkSchema: SchemaCheck): boolean {
  const value = raw ? parseStrict(text) : parseFenced(text);
  if (value === undefined) return false;
  if (objectOnly && (typeof value !== 'object' || value === null || Array.isArray(value))) return false;
  return schema === undefined || (checkSchema(schema, value) ?? true);
}

export function countOf(text: string, unit: CountUnit): number {
  switch (unit) {
    case 'words':
      return wordsOf(text);
    case 'sentences':
      return sentencesOf(text).length;
    case 'paragraphs':
      return marks.paragraphsOf(text).length;
    case 'lines':
      return text.split('\n').filter((line) => line.trim() !== '').length;
    case 'characters':
      return [...text.trim()].length;
  }
}

/** Words as a reader counts them: by spaces, and single characters in scripts that write without. */
function wordsOf(text: string): number {
  const dense = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu;
  const characters = text.match(dense)?.length ?? 0;
  const spaced = text
    .replace(dense, ' ')
    .split(/\s+/u)
    .filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
  return characters + spaced;
}

const BULLET = /^\s{0,8}[-*•–]\s+\S/u;
const NUMBERED = /^\s{0,8}\d{1,3}[.)]\s+\S/u;

function meetsList(text: string, { style, items }: Of<'list'>): boolean {
  const lines = text.split('\n');
  const bullets = lines.filter((line) => BULLET.test(line)).length;
  const numbered = lines.filter((line) => NUMBERED.test(line)).length;
  const found = style === 'bullet' ? bullets : style === 'number' ? numbered : Math.max(bullets, numbered);
  return items === undefined ? found >= 1 : found === items;
}

function meetsLanguage(text: string, { code }: Of<'language'>): boolean | undefined {
  const found = languageOf(text);
  return found === undefined ? undefined : found === code;
}

function fencePattern(language: string | undefined): RegExp {
  const name = language === undefined ? '[^\\n`]*' : `${RegExp.escape(language)}[ \\t]*`;
  return new RegExp(`(?:^|\\n)\`\`\`${name}\\n[^]*?\\n?\`\`\``, 'iu');
}

function occurrences(text: string, wanted: string): number {
  const word = RegExp.escape(wanted.toLowerCase());
  const edge = '[\\p{L}\\p{N}]';
  return text.toLowerCase().match(new RegExp(`(?<!${edge})${word}(?!${edge})`, 'gu'))?.length ?? 0;
}

/** The caller's own expression. It may be of the catastrophic kind: callers run this where a deadline can end it. */
function matches(text: string, source: string): boolean | undefined {
  try {
    return new RegExp(source, 'u').test(text);
  } catch {
    return undefined; // not an expression
  }
}
