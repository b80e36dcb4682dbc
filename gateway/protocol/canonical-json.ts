import canonicalize from 'canonicalize';

export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };

/**
 * RFC 8785 text of a JSON value. Lone surrogates become U+FFFD first, since they have no UTF-8 form.
 * @throws TypeError when the value holds something JSON does not have (NaN, a bigint, a function).
 */
export function canonicalJson(value: JsonValue): string {
  const text = canonicalize(wellFormed(value));
  if (text === undefined) throw new TypeError('the value has no JSON form');
  return text;
}

function wellFormed(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value === 'string') return value.toWellFormed();
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => wellFormed(item) ?? null);
  const entries = Object.entries(value).filter((entry) => entry[1] !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key.toWellFormed(), wellFormed(item)]));
}
