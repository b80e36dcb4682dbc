import type { JsonValue } from '../../protocol/canonical-json.ts';
import { COUNT_UNITS, LANGUAGE_CODES } from './constraint.ts';
import type { Constraint, CountUnit, LanguageCode } from './constraint.ts';
import { asArray, asRecord } from './request-view.ts';
import type { RequestView } from './request-view.ts';
import { promptConstraints } from './prompt-constraints.ts';

const MAX_CONSTRAINTS = 32;
const MAX_TEXT = 400;

/**
 * Constraints of a request: `response_format`, the caller's own list in `dgrid.format`, and what the prompt plainly
 * demands. Unknown or malformed entries are ignored: they constrain nothing.
 */
export function constraintsOf(request: RequestView): Constraint[] {
  const declared = [...fromResponseFormat(request.responseFormat), ...fromField(request.format)];
  const spoken = promptConstraints(request.prompt);
  const json = declared.some(({ kind }) => kind === 'json');
  return [...declared, ...spoken.filter(({ kind }) => !(json && kind === 'json'))].slice(0, MAX_CONSTRAINTS);
}

function fromResponseFormat(value: JsonValue | undefined): Constraint[] {
  const format = asRecord(value);
  if (format['type'] === 'json_object') return [{ kind: 'json', raw: true, objectOnly: true }];
  if (format['type'] !== 'json_schema') return [];
  const schema = asRecord(format['json_schema'])['schema'];
  return [{ kind: 'json', raw: true, objectOnly: false, ...(schema === undefined ? {} : { schema }) }];
}

function fromField(value: JsonValue | undefined): Constraint[] {
  const items = Array.isArray(value) ? asArray(value) : value === undefined ? [] : [value];
  return items.slice(0, MAX_CONSTRAINTS).flatMap((item) => {
    const constraint = readConstraint(asRecord(item));
    return constraint === undefined ? [] : [constraint];
  });
}

type Fields = ReturnType<typeof asRecord>;

const READERS: { readonly [kind: string]: (fields: Fields) => Constraint | undefined } = {
  json: ({ schema }) => ({ kind: 'json', raw: true, objectOnly: false, ...(schema === undefined ? {} : { schema }) }),
  count: ({ unit, min, max }) => {
    const known = COUNT_UNITS.find((name) => name === unit);
    return known === undefined ? undefined : count(known, integer(min), integer(max));
  },
  list: ({ style, items }) => ({
    kind: 'list',
    style: style === 'bullet' || style === 'number' ? style : 'any',
    ...optional('items', integer(items)),
  }),
  language: ({ code }) => {
    const known: LanguageCode | undefined = LANGUAGE_CODES.find((name) => name === code);
    return known === undefined ? undefined : { kind: 'language', code: known };
  },
  codeFence: ({ language }) => ({ kind: 'codeFence', ...optional('language', text(language)) }),
  include: (fields) => withText(fields, (value) => ({ kind: 'include', text: value, ...amount(fields) })),
  exclude: (fields) => withText(fields, (value) => ({ kind: 'exclude', text: value })),
  case: ({ form }) => (form === 'upper' || form === 'lower' ? { kind: 'case', form } : undefined),
  startsWith: (fields) => withText(fields, (value) => ({ kind: 'startsWith', text: value })),
  endsWith: (fields) => withText(fields, (value) => ({ kind: 'endsWith', text: value })),
  pattern: ({ source }) => {
    const known = text(source);
    return known === undefined ? undefined : { kind: 'pattern', source: known };
  },
  letter: (fields) => {
    const letter = text(fields['letter']);
    return letter === undefined || !/^\p{L}$/u.test(letter) ? undefined : { kind: 'letter', letter, ...amount(fields) };
  },
  parts: ({ separator, count: parts, distinct }) => {
    const [mark, amountOf] = [text(separator), integer(parts)];
    if (mark === undefined || amountOf === undefined) return undefined;
    return { kind: 'parts', separator: mark, count: amountOf, ...(distinct === true ? { distinct } : {}) };
  },
  paragraphStart: (fields) => {
    const index = fields['index'] === -1 ? -1 : integer(fields['index']);
    return index === undefined || index === 0
      ? undefined
      : withText(fields, (value) => ({ kind: 'paragraphStart', index, text: value }));
  },
  placeholders: (fields) => ({ kind: 'placeholders', ...amount(fields) }),
  postscript: ({ marker }) => ({
    kind: 'postscript',
    marker: /^p\.?\s?(?:p\.?\s?)?s\.?$/i.exec(text(marker) ?? '')?.[0] ?? 'P.S.',
  }),
  highlights: (fields) => ({ kind: 'highlights', ...amount(fields) }),
  sections: (fields) => {
    const marker = text(fields['marker']);
    return marker === undefined ? undefined : { kind: 'sections', marker, ...amount(fields) };
  },
  title: () => ({ kind: 'title' }),
  capitalWords: (fields) => ({ kind: 'capitalWords', ...amount(fields) }),
  quoted: () => ({ kind: 'quoted' }),
  without: ({ characters }) => {
    const known = text(characters);
    return known === undefined ? undefined : { kind: 'without', characters: known };
  },
  repeat: (fields) => withText(fields, (value) => ({ kind: 'repeat', text: value })),
  choice: ({ options }) => {
    const known = asArray(options).flatMap((option) => (typeof option === 'string' ? [option.slice(0, MAX_TEXT)] : []));
    return known.length === 0 ? undefined : { kind: 'choice', options: known.slice(0, 100) };
  },
};

function readConstraint(fields: Fields): Constraint | undefined {
  const kind = fields['kind'];
  return typeof kind === 'string' && Object.hasOwn(READERS, kind) ? READERS[kind]?.(fields) : undefined;
}

function withText(fields: Fields, make: (value: string) => Constraint): Constraint | undefined {
  const value = text(fields['text']);
  return value === undefined ? undefined : make(value);
}

export function count(unit: CountUnit, min: number | undefined, max: number | undefined): Constraint | undefined {
  if (min === undefined && max === undefined) return undefined;
  return { kind: 'count', unit, ...optional('min', min), ...optional('max', max) };
}

function amount({ min, max }: Fields): { readonly min?: number; readonly max?: number } {
  return { ...optional('min', integer(min)), ...optional('max', integer(max)) };
}

function integer(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT ? value : undefined;
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
}
