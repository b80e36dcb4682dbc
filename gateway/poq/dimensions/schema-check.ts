import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

import type { JsonValue } from '../../protocol/canonical-json.ts';
import { modernised, isDraft4 } from './draft4.ts';
import type { SchemaCheck } from './format.ts';
import { asRecord } from './request-view.ts';

/**
 * JSON Schema, draft-04 to 2020-12, for schemas that strangers wrote. A schema is refused when it is too large or too
 * deep; `$async` (which would make every answer valid) is taken out, and remote references are never fetched. What
 * a hostile pattern costs in time only a deadline can bound: run this in a worker that may be ended.
 */
const MAX_SCHEMA_CHARS = 64 * 1024;
const MAX_DEPTH = 64;
const MAX_CACHED = 64;

export function createSchemaCheck(): SchemaCheck {
  const cache = new Map<string, ValidateFunction | undefined>();
  return (schema, value) => {
    const text = JSON.stringify(schema);
    if (!cache.has(text)) {
      if (cache.size >= MAX_CACHED) cache.clear();
      cache.set(text, compile(schema, text));
    }
    return run(cache.get(text), value);
  };
}

function run(validate: ValidateFunction | undefined, value: JsonValue): boolean | undefined {
  if (validate === undefined) return undefined;
  try {
    return validate(value) === true;
  } catch {
    return undefined; // recursion without an end, or a pattern the engine gives up on
  }
}

function compile(schema: JsonValue, text: string): ValidateFunction | undefined {
  if (text.length > MAX_SCHEMA_CHARS || depthOf(schema, 0) > MAX_DEPTH) return undefined;
  if (typeof schema !== 'boolean' && (typeof schema !== 'object' || schema === null)) return undefined;
  const clean = withoutAsync(isDraft4(schema) ? modernised(schema) : draft6as7(schema));
  for (const instance of instancesFor(clean)) {
    try {
      return instance.compile(clean as object | boolean);
    } catch {
      // not a schema of this draft, or one that refers to something that is not in it
    }
  }
  return undefined;
}

const OPTIONS = {
  strict: false,
  validateFormats: true,
  allowUnionTypes: true,
  logger: false,
  addUsedSchema: false,
  // names like "constructor" are ordinary names
  ownProperties: true,
  // a schema is used as far as it can be compiled: its own mistakes are not the answer's
  validateSchema: false,
} as const;

/** The draft that the schema names; without a name the newest, and draft-07 for what only the older ones can say. */
function instancesFor(schema: JsonValue): Ajv[] {
  const dialect = dialectOf(schema);
  if (dialect.includes('2019-09')) return [withFormats(new Ajv2019(OPTIONS))];
  if (/draft-0[4-7]/.test(dialect)) return [withFormats(new Ajv(OPTIONS))];
  return [withFormats(new Ajv2020(OPTIONS)), ...(dialect === '' ? [withFormats(new Ajv(OPTIONS))] : [])];
}

function withFormats(instance: Ajv): Ajv {
  addFormats.default(instance);
  return instance;
}

function dialectOf(schema: JsonValue): string {
  const named = asRecord(schema)['$schema'];
  return typeof named === 'string' ? named : '';
}

/** Every draft-06 schema means the same in draft-07. */
function draft6as7(schema: JsonValue): JsonValue {
  if (!dialectOf(schema).includes('draft-06')) return schema;
  return { ...asRecord(schema), $schema: 'http://json-schema.org/draft-07/schema#' };
}

function depthOf(value: JsonValue | undefined, depth: number): number {
  if (depth > MAX_DEPTH || value === null || typeof value !== 'object') return depth;
  let deepest = depth;
  for (const item of Object.values(value)) deepest = Math.max(deepest, depthOf(item, depth + 1));
  return deepest;
}

function withoutAsync(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => withoutAsync(item));
  const entries = Object.entries(value).filter(([key]) => key !== '$async');
  return Object.fromEntries(entries.map(([key, item]) => [key, item === undefined ? item : withoutAsync(item)]));
}
