import type { JsonValue } from '../../protocol/canonical-json.ts';
import { APPLICATORS } from './schema-applicators.ts';
import { ASSERTIONS } from './schema-assertions.ts';
import { CONTAINERS, UNEVALUATED } from './schema-containers.ts';
import type { SchemaIndex, Target } from './schema-index.ts';
import { UnusableSchema, absorb, isObject } from './schema-types.ts';
import type { Draft, KeywordEntry, ReferenceKind, Run, SchemaObject, Seen } from './schema-types.ts';

/**
 * Evaluates a schema step by step, without making code of it, so that a stranger's schema is data and no more: it runs
 * out of steps or of depth, and then there is no verdict. Only its regular expressions need a deadline besides.
 */
const MAX_STEPS = 200_000;
const MAX_DEPTH = 400;

/** The chain of resources that evaluation has come through, innermost first. */
type Scope = { readonly base: string; readonly outer: Scope | undefined };

type Walk = {
  readonly index: SchemaIndex;
  readonly assertFormats: boolean;
  readonly patterns: Map<string, RegExp>;
  steps: number;
};

const REFERENCES: readonly KeywordEntry[] = [
  { name: '$ref', holds: (run, argument) => followed(run, '$ref', argument) },
  { name: '$recursiveRef', from: 2019, to: 2019, holds: (run, argument) => followed(run, '$recursiveRef', argument) },
  { name: '$dynamicRef', from: 2020, holds: (run, argument) => followed(run, '$dynamicRef', argument) },
];

/** In this order: what looks at unseen members comes last. */
const KEYWORDS: readonly KeywordEntry[] = [...REFERENCES, ...ASSERTIONS, ...APPLICATORS, ...CONTAINERS, ...UNEVALUATED];
const REF_ONLY: readonly KeywordEntry[] = REFERENCES.slice(0, 1);

function followed(run: Run, kind: ReferenceKind, argument: JsonValue): boolean {
  if (typeof argument !== 'string') throw new UnusableSchema(`${kind} is not a text`);
  return absorb(run, run.follow(kind, argument));
}

export type EvaluationOptions = {
  readonly assertFormats: boolean;
  /** Compiled expressions, kept from one value to the next. */
  readonly patterns: Map<string, RegExp>;
};

/** Whether `value` meets the indexed schema. @throws UnusableSchema when that cannot be decided. */
export function meetsSchema(
  schema: JsonValue,
  value: JsonValue,
  index: SchemaIndex,
  { assertFormats, patterns }: EvaluationOptions,
): boolean {
  const walk: Walk = { index, assertFormats, patterns, steps: 0 };
  return evaluate(walk, { schema, value, scope: { base: index.rootBase, outer: undefined }, depth: 0 }) !== undefined;
}

type Meeting = {
  readonly schema: JsonValue;
  readonly value: JsonValue;
  readonly scope: Scope;
  readonly depth: number;
};

function evaluate(walk: Walk, { schema, value, scope: outer, depth }: Meeting): Seen | undefined {
  walk.steps += 1;
  if (walk.steps > MAX_STEPS || depth > MAX_DEPTH) throw new UnusableSchema('without an end');
  const seen: Seen = { names: new Set(), positions: new Set() };
  if (schema === true) return seen;
  if (schema === false) return undefined;
  if (!isObject(schema)) throw new UnusableSchema('neither an object nor a boolean');
  const scope = enter(outer, walk.index.baseOf(schema) ?? outer.base);
  const draft = walk.index.draftOf(scope.base);
  const run: Run = {
    schema,
    value,
    draft,
    assertFormats: walk.assertFormats,
    seen,
    apply: (other, part) => evaluate(walk, { schema: other, value: part, scope, depth: depth + 1 }),
    follow: (kind, reference) => {
      const { schema: other, base } = target(walk.index, scope, kind, reference);
      return evaluate(walk, { schema: other, value, scope: enter(scope, base), depth: depth + 1 });
    },
    pattern: (source) => patternOf(walk, source),
  };
  return keywordsOf(schema, draft).every(({ name, holds }) => holds(run, schema[name] ?? null)) ? seen : undefined;
}

function keywordsOf(schema: SchemaObject, draft: Draft): readonly KeywordEntry[] {
  const known = draft <= 7 && typeof schema['$ref'] === 'string' ? REF_ONLY : KEYWORDS;
  return known.filter(({ name, from = 4, to = 2020 }) => from <= draft && draft <= to && Object.hasOwn(schema, name));
}

function enter(scope: Scope, base: string): Scope {
  return scope.base === base ? scope : { base, outer: scope };
}

function target(index: SchemaIndex, scope: Scope, kind: ReferenceKind, reference: string): Target {
  const found = index.resolve(reference, scope.base);
  if (kind === '$dynamicRef' && found.dynamicName !== undefined) {
    const { dynamicName } = found;
    return outermost(scope, found, (base) => index.dynamicAnchor(base, dynamicName));
  }
  if (kind === '$recursiveRef' && isRecursive(found.schema)) {
    return outermost(scope, found, (base) => {
      const root = index.rootOf(base);
      return isRecursive(root) ? root : undefined;
    });
  }
  return found;
}

function isRecursive(schema: JsonValue | undefined): boolean {
  return isObject(schema) && schema['$recursiveAnchor'] === true;
}

/** The first resource, from the outside, that offers what is looked for. */
function outermost(scope: Scope, found: Target, offer: (base: string) => JsonValue | undefined): Target {
  let best = found;
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const schema = offer(at.base);
    if (schema !== undefined) best = { schema, base: at.base };
  }
  return best;
}

function patternOf({ patterns }: Walk, source: string): RegExp {
  const known = patterns.get(source);
  if (known !== undefined) return known;
  try {
    const made = new RegExp(source, 'u');
    patterns.set(source, made);
    return made;
  } catch {
    throw new UnusableSchema('not a regular expression');
  }
}
