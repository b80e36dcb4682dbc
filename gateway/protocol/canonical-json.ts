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

/** Undefined for what needs care: numbers that are not finite, keys that are no text, kinds JSON does not have. */
function plainText(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return JSON.stringify(value.isWellFormed() ? value : value.toWellFormed());
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : undefined;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value === null) return 'null';
  if (typeof value !== 'object') return undefined;
  return Array.isArray(value) ? plainArray(value) : plainObject(value as { readonly [key: string]: JsonValue });
}

function plainArray(list: readonly JsonValue[]): string | undefined {
  let text = '[';
  for (let place = 0; place < list.length; place += 1) {
    const item = plainText(list[place] ?? null);
    if (item === undefined) return undefined;
    text += place === 0 ? item : `,${item}`;
  }
  return `${text}]`;
}

function plainObject(value: { readonly [key: string]: JsonValue | undefined }): string | undefined {
  let text = '{';
  // By UTF-16 code units, as RFC 8785 wants it: the order of `sort` without a comparison.
  for (const key of Object.keys(value).sort()) {
    const item = value[key];
    if (item === undefined) continue;
    const written = key.isWellFormed() ? plainText(item) : undefined;
    if (written === undefined) return undefined;
    text += `${text.length === 1 ? '' : ','}${JSON.stringify(key)}:${written}`;
  }
  return `${text}}`;
}

function wellFormed(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value === 'string') return value.toWellFormed();
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => wellFormed(item) ?? null);
  const entries = Object.entries(value).filter((entry) => entry[1] !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key.toWellFormed(), wellFormed(item)]));
}
