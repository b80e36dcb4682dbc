import type { JsonValue } from '../../protocol/canonical-json.ts';

/** Draft-04 in the words of draft-07: `id` becomes `$id`, and the boolean `exclusive…` take over their limit. */

type SchemaObject = { readonly [key: string]: JsonValue | undefined };

export function isDraft4(schema: JsonValue): boolean {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return false;
  const { $schema, id, $id } = schema as SchemaObject;
  if (typeof $schema === 'string') return $schema.includes('draft-04');
  return typeof id === 'string' && $id === undefined;
}

/** Keywords whose value is data and not a schema. */
const DATA = new Set(['enum', 'const', 'default', 'examples']);
/** Keywords whose value maps names to schemas: the names are not keywords. */
const MAPS = new Set(['properties', 'patternProperties', 'definitions', 'dependencies']);

export function modernised(schema: JsonValue): JsonValue {
  if (Array.isArray(schema)) return schema.map((item: JsonValue) => modernised(item));
  if (typeof schema !== 'object' || schema === null) return schema;
  const source = schema as SchemaObject;
  if (typeof source['$ref'] === 'string') return { $ref: source['$ref'] };
  const target: { [key: string]: JsonValue } = {};
  for (const [key, value] of Object.entries(source)) {
    if (value !== undefined) Object.assign(target, keyword(key, value));
  }
  limit(target, 'exclusiveMinimum', 'minimum');
  limit(target, 'exclusiveMaximum', 'maximum');
  return target;
}

function keyword(key: string, value: JsonValue): { [key: string]: JsonValue } {
  if (key === '$schema') return { $schema: 'http://json-schema.org/draft-07/schema#' };
  if (key === 'id') return { $id: value };
  if (DATA.has(key)) return { [key]: value };
  return { [key]: MAPS.has(key) ? mapped(value) : modernised(value) };
}

function mapped(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value as SchemaObject);
  return Object.fromEntries(entries.map(([name, item]) => [name, item === undefined ? item : modernised(item)]));
}

function limit(target: { [key: string]: JsonValue }, exclusive: string, inclusive: string): void {
  if (typeof target[exclusive] !== 'boolean') return;
  const bound = target[inclusive];
  if (target[exclusive] && bound !== undefined) {
    target[exclusive] = bound;
    delete target[inclusive];
  } else delete target[exclusive];
}
