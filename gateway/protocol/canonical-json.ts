import canonicalize from 'canonicalize';

export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };

/**
 * RFC 8785 text of a JSON value. Lone surrogates become U+FFFD first, since they have no UTF-8 form.
 * @throws TypeError when the value holds something JSON does not have (NaN, a bigint, a function).
 */
export function canonicalJson(value: JsonValue): string {
  // Every answer is written down this way, several times: what is plain goes the short way, all else the library's.
  const plain = plainText(value);
  if (plain !== undefined) return plain;
  const text = canonicalize(wellFormed(value));
  if (text === undefined) throw new TypeError('the value has no JSON form');
  return text;
}

/**
 * Written by the engine in one piece once all keys are in order: numbers and texts it writes as RFC 8785 wants them.
 * Undefined for what needs care.
 */
function plainText(value: JsonValue): string | undefined {
  const sorted = sort(value);
  if (sorted === CARE) return undefined;
  const text = JSON.stringify(sorted);
  return text.includes(HALF_CHARACTER) ? undefined : text;
}

/** How the engine writes one. The same signs in a text as it was sent lead the long way too, to the same result. */
const HALF_CHARACTER = '\\ud';

const CARE = Symbol('needs care');
type Fields = { readonly [key: string]: JsonValue | undefined };

/** The value with all keys in order, itself where they are. CARE: numbers that are not finite, kinds JSON does not have. */
function sort(value: JsonValue | undefined): JsonValue | typeof CARE {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : CARE;
  if (typeof value !== 'object') return CARE;
  return Array.isArray(value) ? sortItems(value) : sortFields(value as Fields);
}

function sortItems(list: readonly JsonValue[]): readonly JsonValue[] | typeof CARE {
  let copy: JsonValue[] | undefined;
  for (let place = 0; place < list.length; place += 1) {
    const item = list[place] ?? null;
    const sorted = sort(item);
    if (sorted === CARE) return CARE;
    if (sorted === item) continue;
    copy ??= list.slice();
    copy[place] = sorted;
  }
  return copy ?? list;
}

function sortFields(value: Fields): Fields | typeof CARE {
  const keys = Object.keys(value);
  let copy: Record<string, JsonValue | undefined> | undefined = sortKeys(keys) ? {} : undefined;
  for (const key of keys) {
    const item = value[key];
    if (item === undefined) continue;
    const sorted = isOrdinary(key) ? sort(item) : CARE;
    if (sorted === CARE) return CARE;
    if (sorted !== item) copy ??= { ...value };
    if (copy !== undefined) copy[key] = sorted;
  }
  return copy ?? value;
}

/** By UTF-16 code units. @returns whether there was anything to do */
function sortKeys(keys: string[]): boolean {
  let last = '';
  for (const key of keys) {
    if (key < last) {
      keys.sort();
      return true;
    }
    last = key;
  }
  return false;
}

/** Objects keep their keys as they were set, but for numbers, which come first, and the prototype, which is none. */
const isOrdinary = (key: string): boolean => !(key.charCodeAt(0) <= NINE) && key !== '__proto__';
const NINE = 57;

function wellFormed(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value === 'string') return value.toWellFormed();
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => wellFormed(item) ?? null);
  const entries = Object.entries(value).filter((entry) => entry[1] !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key.toWellFormed(), wellFormed(item)]));
}
