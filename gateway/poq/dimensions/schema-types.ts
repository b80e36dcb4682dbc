import type { JsonValue } from '../../protocol/canonical-json.ts';

/** What the parts of the JSON Schema interpreter share. */
export type Draft = 4 | 6 | 7 | 2019 | 2020;

export type SchemaObject = { readonly [key: string]: JsonValue };

/** What a schema has looked at: members and positions that `unevaluated…` leaves alone. */
export type Seen = { readonly names: Set<string>; readonly positions: Set<number> };

/** One schema object meeting one value. */
export type Run = {
  readonly schema: SchemaObject;
  readonly value: JsonValue;
  readonly draft: Draft;
  readonly assertFormats: boolean;
  readonly seen: Seen;
  /** Applies another schema to a value; undefined when it does not hold. */
  readonly apply: (schema: JsonValue, value: JsonValue) => Seen | undefined;
  /** Applies what a reference names to this value. */
  readonly follow: (kind: ReferenceKind, reference: string) => Seen | undefined;
  readonly pattern: (source: string) => RegExp;
};

export type ReferenceKind = '$ref' | '$dynamicRef' | '$recursiveRef';

/** Whether a keyword with this argument holds. */
export type Keyword = (run: Run, argument: JsonValue) => boolean;

export type KeywordEntry = {
  readonly name: string;
  /** Drafts that know the keyword. */
  readonly from?: Draft;
  readonly to?: Draft;
  readonly holds: Keyword;
};

/** A schema that no verdict can be had from: it is malformed, refers to something that is not there, or never ends. */
export class UnusableSchema extends Error {
  override readonly name = 'UnusableSchema';
}

export function isObject(value: JsonValue | undefined): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function objectOf(argument: JsonValue): SchemaObject {
  if (!isObject(argument)) throw new UnusableSchema('an object is missing');
  return argument;
}

export function listOf(argument: JsonValue): readonly JsonValue[] {
  if (!isArray(argument)) throw new UnusableSchema('a list is missing');
  return argument;
}

export function numberOf(argument: JsonValue): number {
  if (typeof argument !== 'number') throw new UnusableSchema('a number is missing');
  return argument;
}

export function textOf(argument: JsonValue): string {
  if (typeof argument !== 'string') throw new UnusableSchema('a text is missing');
  return argument;
}

/** Applies a schema to the same value and takes over what it has seen. */
export function holdsHere(run: Run, schema: JsonValue): boolean {
  return absorb(run, run.apply(schema, run.value));
}

export function absorb({ seen }: Run, found: Seen | undefined): boolean {
  if (found === undefined) return false;
  for (const name of found.names) seen.names.add(name);
  for (const position of found.positions) seen.positions.add(position);
  return true;
}
