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
    if (value === undefined) continue;
    if (key === '$schema') target['$schema'] = 'http://json-schema.org/draft-07/schema#';
    else if (key === 'id') target['$id'] = value;
    else if (DATA.has(key)) target[key] = value;
    else if (MAPS.has(key)) target[key] = mapped(value);
    else target[key] = modernised(value);
  }
  limit(target, 'exclusiveMinimum', 'minimum');
  limit(target, 'exclusiveMaximum', 'maximum');
  return target;
}

function mapped(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, item === undefined ? item : modernised(item as JsonValue)]),
  );
}

function limit(target: { [key: string]: JsonValue }, exclusive: string, inclusive: string): void {
  if (typeof target[exclusive] !== 'boolean') return;
  const bound = target[inclusive];
  if (target[exclusive] && bound !== undefined) {
    target[exclusive] = bound;
    delete target[inclusive];
  } else delete target[exclusive];
}
