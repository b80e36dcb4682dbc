import type { JsonValue } from '../../protocol/canonical-json.ts';
import { meetsFormat } from './schema-formats.ts';
import { isArray, isObject, listOf, numberOf, textOf, UnusableSchema } from './schema-types.ts';
import type { Keyword, KeywordEntry } from './schema-types.ts';

/** Keywords that look at the value itself. A keyword about another type of value holds. */

const forNumbers =
  (holds: (value: number, limit: number) => boolean): Keyword =>
  ({ value }, argument) =>
    typeof value !== 'number' || holds(value, numberOf(argument));

const forTexts =
  (holds: (length: number, limit: number) => boolean): Keyword =>
  ({ value }, argument) =>
    typeof value !== 'string' || holds([...value].length, numberOf(argument));

const forLists =
  (holds: (length: number, limit: number) => boolean): Keyword =>
  ({ value }, argument) =>
    !isArray(value) || holds(value.length, numberOf(argument));

const forObjects =
  (holds: (size: number, limit: number) => boolean): Keyword =>
  ({ value }, argument) =>
    !isObject(value) || holds(Object.keys(value).length, numberOf(argument));

const atLeast = (value: number, limit: number): boolean => value >= limit;
const atMost = (value: number, limit: number): boolean => value <= limit;

/** Draft-04 says by a boolean whether the limit itself is allowed. */
const limit =
  (exclusive: 'exclusiveMinimum' | 'exclusiveMaximum', inside: (value: number, bound: number) => boolean): Keyword =>
  ({ value, schema, draft }, argument) => {
    if (typeof value !== 'number') return true;
    const bound = numberOf(argument);
    return inside(value, bound) && !(draft === 4 && schema[exclusive] === true && value === bound);
  };

export const ASSERTIONS: readonly KeywordEntry[] = [
  { name: 'type', holds: ({ value }, argument) => typesOf(argument).some((type) => isType(value, type)) },
  { name: 'enum', holds: ({ value }, argument) => listOf(argument).some((item) => equal(item, value)) },
  { name: 'const', from: 6, holds: ({ value }, argument) => equal(argument, value) },
  { name: 'minimum', holds: limit('exclusiveMinimum', atLeast) },
  { name: 'maximum', holds: limit('exclusiveMaximum', atMost) },
  { name: 'exclusiveMinimum', from: 6, holds: forNumbers((value, bound) => value > bound) },
  { name: 'exclusiveMaximum', from: 6, holds: forNumbers((value, bound) => value < bound) },
  { name: 'multipleOf', holds: forNumbers(isMultiple) },
  { name: 'minLength', holds: forTexts(atLeast) },
  { name: 'maxLength', holds: forTexts(atMost) },
  {
    name: 'pattern',
    holds: ({ value, pattern }, argument) => typeof value !== 'string' || pattern(textOf(argument)).test(value),
  },
  {
    name: 'format',
    holds: ({ value, assertFormats, draft }, argument) => !assertFormats || meetsFormat(textOf(argument), value, draft),
  },
  { name: 'minItems', holds: forLists(atLeast) },
  { name: 'maxItems', holds: forLists(atMost) },
  { name: 'uniqueItems', holds: ({ value }, argument) => argument !== true || !isArray(value) || areUnique(value) },
  { name: 'minProperties', holds: forObjects(atLeast) },
  { name: 'maxProperties', holds: forObjects(atMost) },
  {
    name: 'required',
    holds: ({ value }, argument) =>
      !isObject(value) || listOf(argument).every((name) => Object.hasOwn(value, textOf(name))),
  },
  { name: 'contentEncoding', from: 7, to: 7, holds: isEncoded },
  { name: 'contentMediaType', from: 7, to: 7, holds: isMedia },
];

const TYPES = ['null', 'boolean', 'number', 'integer', 'string', 'array', 'object'];

function typesOf(argument: JsonValue): readonly string[] {
  const names = (isArray(argument) ? argument : [argument]).map(textOf);
  const unknown = names.find((name) => !TYPES.includes(name));
  if (unknown !== undefined) throw new UnusableSchema(`no type "${unknown.slice(0, 100)}"`);
  return names;
}

function isType(value: JsonValue, type: string): boolean {
  if (value === null) return type === 'null';
  if (isArray(value)) return type === 'array';
  if (typeof value === 'number') return type === 'number' || (type === 'integer' && Number.isInteger(value));
  return typeof value === type;
}

/** One text per value: the order of members does not count, and 1.0 is 1. */
export function equalityKey(value: JsonValue): string {
  if (isArray(value)) return `[${value.map(equalityKey).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${equalityKey(value[name] ?? null)}`).join(',')}}`;
}

function equal(a: JsonValue, b: JsonValue): boolean {
  if (typeof a !== 'object' || a === null) return a === b;
  return typeof b === 'object' && b !== null && equalityKey(a) === equalityKey(b);
}

function areUnique(values: readonly JsonValue[]): boolean {
  return new Set(values.map(equalityKey)).size === values.length;
}

/** Exact, in decimal: 0.3 is a multiple of 0.1 and 1e308 one of 0.5. */
function isMultiple(value: number, step: number): boolean {
  if (step <= 0) throw new UnusableSchema('a step that is not above zero');
  const [a, b] = [decimal(value), decimal(step)];
  const exponent = Math.min(a.exponent, b.exponent);
  const scaled = ({ digits, exponent: own }: Decimal): bigint => digits * 10n ** BigInt(own - exponent);
  return scaled(a) % scaled(b) === 0n;
}

type Decimal = { readonly digits: bigint; readonly exponent: number };

function decimal(value: number): Decimal {
  const [mantissa = '0', power = '0'] = value.toExponential().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(whole + fraction), exponent: Number(power) - fraction.length };
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function isEncoded({ value }: { readonly value: JsonValue }, argument: JsonValue): boolean {
  return typeof value !== 'string' || argument !== 'base64' || BASE64.test(value);
}

const isMediaOf = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

function isMedia(run: Parameters<Keyword>[0], argument: JsonValue): boolean {
  const { value, schema } = run;
  if (typeof value !== 'string' || argument !== 'application/json') return true;
  if (schema['contentEncoding'] !== 'base64') return isMediaOf(value);
  return !BASE64.test(value) || isMediaOf(Buffer.from(value, 'base64').toString('utf8'));
}
