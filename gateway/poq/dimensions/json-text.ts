import type { JsonValue } from '../../protocol/canonical-json.ts';
import { tokens } from './text.ts';

/** JSON as it is found in answers. */

export const MAX_JSON_CHARS = 200_000;
const MAX_LEAVES = 500;
const MAX_DEPTH = 64;

/** The value of a text that is JSON and nothing else; undefined for anything else. */
export function parseStrict(text: string): JsonValue | undefined {
  if (text.length > MAX_JSON_CHARS) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined; // malformed or too deep: not JSON for our purposes
  }
}

/** The same, also when exactly one code fence is wrapped around it. */
export function parseFenced(text: string): JsonValue | undefined {
  const fenced = /^\s*```(?:json)?[ \t]*\n([^]*?)\n?```\s*$/i.exec(text.slice(0, MAX_JSON_CHARS));
  return parseStrict(fenced?.[1] ?? text);
}

/** A lenient look for content: the text itself, a fence, or what lies between the outermost braces. */
export function findJson(text: string): JsonValue | undefined {
  const direct = parseFenced(text);
  if (direct !== undefined) return direct;
  const start = text.search(/[[{]/);
  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
  return start === -1 || end <= start ? undefined : parseStrict(text.slice(start, end + 1));
}

export type JsonLeaf = { readonly path: string; readonly value: string | number | boolean | null };

/** Scalars of a value with their paths; array positions are left out, because the order of a list is rarely asked for. */
export function leavesOf(value: JsonValue | undefined): JsonLeaf[] {
  const leaves: JsonLeaf[] = [];
  const walk = (item: JsonValue | undefined, path: string, depth: number): void => {
    if (item === undefined || depth > MAX_DEPTH || leaves.length >= MAX_LEAVES) return;
    if (item === null || typeof item !== 'object') leaves.push({ path, value: item });
    else if (Array.isArray(item))
      for (const element of item as readonly JsonValue[]) walk(element, `${path}[]`, depth + 1);
    else for (const [key, element] of Object.entries(item)) walk(element, `${path}.${key}`, depth + 1);
  };
  walk(value, '', 0);
  return leaves;
}

/** One form for values that mean the same: case, spacing, punctuation and the notation of numbers do not matter. */
export function leafKey({ path, value }: JsonLeaf): string {
  return JSON.stringify([path, valueKey(value)]);
}

export function valueKey(value: JsonLeaf['value']): string {
  if (typeof value === 'string') return tokens(value).join(' ') || value.trim();
  return String(value);
}

/** Share of equal leaves among all leaves of both values, 0…1. */
export function leafAgreement(a: JsonValue, b: JsonValue): number {
  const [left, right] = [countKeys(a), countKeys(b)];
  let common = 0;
  let union = 0;
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const [inLeft, inRight] = [left.get(key) ?? 0, right.get(key) ?? 0];
    common += Math.min(inLeft, inRight);
    union += Math.max(inLeft, inRight);
  }
  return union === 0 ? 1 : common / union;
}

function countKeys(value: JsonValue): Map<string, number> {
  const counts = new Map<string, number>();
  for (const leaf of leavesOf(value)) counts.set(leafKey(leaf), (counts.get(leafKey(leaf)) ?? 0) + 1);
  return counts;
}
