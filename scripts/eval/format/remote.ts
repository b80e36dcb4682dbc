import { METASCHEMAS } from '../../../gateway/poq/dimensions/schema-metaschemas.ts';
import type { JsonValue } from '../../../gateway/protocol/canonical-json.ts';

/**
 * The first reference of a schema that leads out of it, to a document other than the published schemas of schemas; a
 * `$schema` of somebody's own is one too. Identifiers are collected anywhere in the document, generously: what could be
 * meant to be inside counts as inside.
 */
export function remoteReference(schema: JsonValue): string | undefined {
  const inside = new Set<string>([ROOT, ...METASCHEMAS.keys()]);
  const references: string[] = [];
  walk(schema, ROOT, (key, value, base) => {
    const target = absolute(value, base);
    if (isId(key)) inside.add(target);
    else references.push(target);
  });
  return references.find((target) => !inside.has(target));
}

const ROOT = 'schema://root/';
const KEYS = new Set(['id', '$id', '$ref', '$dynamicRef', '$recursiveRef', '$schema']);
const DATA = new Set(['const', 'enum', 'default', 'examples']);

type Visit = (key: string, value: string, base: string) => void;

const isId = (key: string): boolean => key === 'id' || key === '$id';

function walk(schema: JsonValue, inherited: string, visit: Visit): void {
  if (typeof schema !== 'object' || schema === null) return;
  if (Array.isArray(schema)) return (schema as readonly JsonValue[]).forEach((item) => walk(item, inherited, visit));
  const entries = Object.entries(schema as { readonly [key: string]: JsonValue }).filter(([key]) => !DATA.has(key));
  const texts = entries.flatMap(([key, value]) => (typeof value === 'string' ? [{ key, value }] : []));
  const id = texts.find(({ key }) => isId(key))?.value;
  const base = id === undefined ? inherited : absolute(id, inherited);
  for (const { key, value } of texts) if (KEYS.has(key)) visit(key, value, isId(key) ? inherited : base);
  for (const [, value] of entries) walk(value, base, visit);
}

function absolute(reference: string, base: string): string {
  try {
    const url = new URL(reference, base);
    url.hash = '';
    return url.href.replace(/#$/, '');
  } catch {
    return reference;
  }
}
