import type { JsonValue } from '../../protocol/canonical-json.ts';
import { METASCHEMAS } from './schema-metaschemas.ts';
import { UnusableSchema, isArray, isObject } from './schema-types.ts';
import type { Draft, SchemaObject } from './schema-types.ts';

/** Where everything in a schema document is: resources by identifier, anchors, and the base of each schema object. */
export type SchemaIndex = {
  readonly rootBase: string;
  readonly baseOf: (schema: SchemaObject) => string | undefined;
  readonly draftOf: (base: string) => Draft;
  readonly rootOf: (base: string) => JsonValue | undefined;
  readonly dynamicAnchor: (base: string, name: string) => JsonValue | undefined;
  /** @throws UnusableSchema when there is nothing at the end of the reference. */
  readonly resolve: (reference: string, base: string) => Target;
};

export type Target = { readonly schema: JsonValue; readonly base: string; readonly dynamicName?: string };

const ROOT = 'schema://root/';
const NAMES = new Map<string, Draft>([
  ['draft-03', 4],
  ['draft-04', 4],
  ['draft-06', 6],
  ['draft-07', 7],
  ['2019-09', 2019],
  ['2020-12', 2020],
]);

/** Draft that a `$schema` names; undefined for names of nobody we know. */
function draftNamed(dialect: JsonValue | undefined): Draft | undefined {
  if (typeof dialect !== 'string') return undefined;
  return [...NAMES].find(([name]) => dialect.includes(name))?.[1];
}

/** Without a name: the newest draft, unless the schema says something that only an older one can mean. */
function draftOfRoot(schema: JsonValue): Draft {
  if (!isObject(schema)) return 2020;
  const named = draftNamed(schema['$schema']);
  if (named !== undefined) return named;
  if (typeof schema['id'] === 'string' && schema['$id'] === undefined) return 4;
  return hasTuple(schema) ? 7 : 2020;
}

const SINGLE = new Set(
  'additionalItems additionalProperties contains contentSchema else if then not propertyNames items unevaluatedItems unevaluatedProperties'.split(
    ' ',
  ),
);
const LISTS = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items']);
const MAPS = new Set(['properties', 'patternProperties', 'definitions', '$defs', 'dependentSchemas', 'dependencies']);

/** The schemas directly below a schema object; data such as `enum` and unknown keywords hold none. */
function subschemas(schema: SchemaObject): JsonValue[] {
  return Object.entries(schema).flatMap(([key, value]): readonly JsonValue[] => {
    if (LISTS.has(key) && isArray(value)) return value;
    if (MAPS.has(key) && isObject(value)) return Object.values(value);
    return SINGLE.has(key) ? [value] : [];
  });
}

function hasTuple(schema: JsonValue): boolean {
  return isObject(schema) && (isArray(schema['items']) || subschemas(schema).some(hasTuple));
}

type Resource = { readonly schema: JsonValue; readonly draft: Draft };

type Tables = {
  readonly bases: Map<SchemaObject, string>;
  readonly resources: Map<string, Resource>;
  /** By base and name. */
  readonly anchors: Map<string, JsonValue>;
  readonly dynamicAnchors: Map<string, JsonValue>;
};

export function createIndex(document: JsonValue): SchemaIndex {
  const tables: Tables = { bases: new Map(), resources: new Map(), anchors: new Map(), dynamicAnchors: new Map() };
  addDocument(tables, document, ROOT);
  return {
    rootBase: baseAt(tables, document, ROOT),
    baseOf: (schema) => tables.bases.get(schema),
    draftOf: (base) => tables.resources.get(base)?.draft ?? 2020,
    rootOf: (base) => tables.resources.get(base)?.schema,
    dynamicAnchor: (base, name) => tables.dynamicAnchors.get(`${base}#${name}`),
    resolve: (reference, base) => resolve(tables, reference, base),
  };
}

function addDocument(tables: Tables, schema: JsonValue, base: string): void {
  const draft = draftOfRoot(schema);
  tables.resources.set(base, { schema, draft });
  add(tables, schema, base, draft);
}

function add(tables: Tables, schema: JsonValue, base: string, draft: Draft): void {
  if (!isObject(schema)) return;
  const dialect = draftNamed(schema['$schema']) ?? draft;
  const [path, fragment] = splitReference(identifierOf(schema, dialect));
  const here = path === '' ? base : absolute(path, base);
  if (here !== base) tables.resources.set(here, { schema, draft: dialect });
  tables.bases.set(schema, here);
  if (fragment !== '' && !fragment.startsWith('/')) tables.anchors.set(`${here}#${fragment}`, schema);
  addAnchors(tables, schema, here, dialect);
  for (const item of subschemas(schema)) add(tables, item, here, here === base ? draft : dialect);
}

function addAnchors({ anchors, dynamicAnchors }: Tables, schema: SchemaObject, base: string, draft: Draft): void {
  const { $anchor, $dynamicAnchor } = schema;
  if (draft >= 2019 && typeof $anchor === 'string') anchors.set(`${base}#${$anchor}`, schema);
  if (draft < 2020 || typeof $dynamicAnchor !== 'string') return;
  anchors.set(`${base}#${$dynamicAnchor}`, schema);
  dynamicAnchors.set(`${base}#${$dynamicAnchor}`, schema);
}

function load(tables: Tables, base: string): Resource | undefined {
  const known = tables.resources.get(base);
  const schema = known === undefined ? METASCHEMAS.get(base) : undefined;
  if (schema !== undefined) addDocument(tables, schema, base);
  return known ?? tables.resources.get(base);
}

function resolve(tables: Tables, reference: string, from: string): Target {
  const [path, fragment] = splitReference(reference);
  const named = path === '' ? from : absolute(path, from);
  const resource = load(tables, named);
  if (resource === undefined) throw new UnusableSchema(`nothing is known of ${reference.slice(0, 200)}`);
  const base = baseAt(tables, resource.schema, named);
  if (fragment === '') return { schema: resource.schema, base };
  if (fragment.startsWith('/')) return pointed(tables, { schema: resource.schema, base }, fragment);
  const key = `${named}#${fragment}`;
  const schema = tables.anchors.get(key);
  if (schema === undefined) throw new UnusableSchema(`no anchor ${fragment.slice(0, 200)}`);
  const isDynamic = tables.dynamicAnchors.get(key) === schema;
  return { schema, base: named, ...(isDynamic ? { dynamicName: fragment } : {}) };
}

function pointed(tables: Tables, root: Target, pointer: string): Target {
  let target = root;
  for (const token of pointer.slice(1).split('/')) {
    const next = member(target.schema, token.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (next === undefined) throw new UnusableSchema(`nothing is at ${pointer.slice(0, 200)}`);
    target = { schema: next, base: baseAt(tables, next, target.base) };
  }
  return target;
}

function baseAt({ bases }: Tables, schema: JsonValue, inherited: string): string {
  return isObject(schema) ? (bases.get(schema) ?? inherited) : inherited;
}

/** Up to draft-07 everything beside a `$ref` is ignored, the identifier too. */
function identifierOf(schema: SchemaObject, draft: Draft): string {
  if (draft <= 7 && typeof schema['$ref'] === 'string') return '';
  const id = schema[draft === 4 ? 'id' : '$id'];
  return typeof id === 'string' ? id : '';
}

function member(value: JsonValue, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  if (isArray(value)) return /^\d+$/.test(name) ? value[Number(name)] : undefined;
  return isObject(value) ? value[name] : undefined;
}

/** What stands before the `#`, and the decoded rest. */
export function splitReference(reference: string): readonly [string, string] {
  const at = reference.indexOf('#');
  if (at === -1) return [reference, ''];
  try {
    return [reference.slice(0, at), decodeURIComponent(reference.slice(at + 1))];
  } catch {
    throw new UnusableSchema('a fragment that cannot be decoded');
  }
}

function absolute(reference: string, base: string): string {
  try {
    return new URL(reference, base).href.replace(/#$/, '');
  } catch {
    throw new UnusableSchema(`not a reference: ${reference.slice(0, 200)}`);
  }
}
