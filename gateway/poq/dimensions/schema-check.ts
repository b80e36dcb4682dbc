import type { JsonValue } from '../../protocol/canonical-json.ts';
import type { SchemaCheck } from './format.ts';
import { meetsSchema } from './schema-evaluate.ts';
import { createIndex } from './schema-index.ts';
import type { SchemaIndex } from './schema-index.ts';
import { UnusableSchema } from './schema-types.ts';

/**
 * JSON Schema, draft-04 to 2020-12, for schemas that strangers wrote. They are interpreted and never turned into code;
 * one that is too large, too deep, endless, or that names a document elsewhere gives no verdict, and nothing is fetched.
 * What a hostile pattern costs in time only a deadline can bound: run this in a worker that may be ended.
 */
const MAX_SCHEMA_CHARS = 64 * 1024;
const MAX_DEPTH = 64;
const MAX_CACHED = 64;

export type SchemaCheckOptions = {
  /** Whether `format` is a demand, which it is to us; by the newer drafts it may be a remark. */
  readonly assertFormats?: boolean;
};

type Prepared = { readonly index: SchemaIndex; readonly patterns: Map<string, RegExp> };

export function createSchemaCheck({ assertFormats = true }: SchemaCheckOptions = {}): SchemaCheck {
  const cache = new Map<string, Prepared | undefined>();
  return (schema, value) => {
    const text = JSON.stringify(schema);
    if (!cache.has(text)) {
      if (cache.size >= MAX_CACHED) cache.clear();
      cache.set(text, prepare(schema, text));
    }
    const prepared = cache.get(text);
    if (prepared === undefined) return undefined;
    const root = prepared.index.rootOf(prepared.index.rootBase) ?? schema;
    return verdict(() => meetsSchema(root, value, prepared.index, { assertFormats, patterns: prepared.patterns }));
  };
}

function prepare(schema: JsonValue, text: string): Prepared | undefined {
  if (text.length > MAX_SCHEMA_CHARS || depthOf(schema, 0) > MAX_DEPTH) return undefined;
  if (typeof schema !== 'boolean' && (typeof schema !== 'object' || schema === null)) return undefined;
  return verdict(() => ({ index: createIndex(schema), patterns: new Map<string, RegExp>() }));
}

function verdict<T>(decide: () => T): T | undefined {
  try {
    return decide();
  } catch (error) {
    // RangeError: values nested deeper than the stack
    if (error instanceof UnusableSchema || error instanceof RangeError) return undefined;
    throw error;
  }
}

function depthOf(value: JsonValue | undefined, depth: number): number {
  if (depth > MAX_DEPTH || value === null || typeof value !== 'object') return depth;
  let deepest = depth;
  for (const item of Object.values(value as { readonly [key: string]: JsonValue }))
    deepest = Math.max(deepest, depthOf(item, depth + 1));
  return deepest;
}
