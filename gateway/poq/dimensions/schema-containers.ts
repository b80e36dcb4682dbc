import type { JsonValue } from '../../protocol/canonical-json.ts';
import { UnusableSchema, isArray, isObject, listOf, objectOf } from './schema-types.ts';
import type { Keyword, KeywordEntry, Run } from './schema-types.ts';

/** Keywords that apply schemas to the members of an object or the items of a list. */

/** Applies a schema to members by name and notes that they have been seen. */
function membersHold(run: Run, names: readonly string[], schema: JsonValue): boolean {
  const { value } = run;
  if (!isObject(value)) return true;
  return names.every((name) => {
    run.seen.names.add(name);
    return run.apply(schema, value[name] ?? null) !== undefined;
  });
}

function itemsHold(run: Run, from: number, schema: JsonValue): boolean {
  const { value } = run;
  if (!isArray(value)) return true;
  return value.slice(from).every((item, index) => {
    run.seen.positions.add(from + index);
    return run.apply(schema, item) !== undefined;
  });
}

const namesOf = ({ value }: Run): readonly string[] => (isObject(value) ? Object.keys(value) : []);

const properties: Keyword = (run, argument) =>
  Object.entries(objectOf(argument)).every(
    ([name, schema]) => !isObject(run.value) || !Object.hasOwn(run.value, name) || membersHold(run, [name], schema),
  );

const patternProperties: Keyword = (run, argument) =>
  Object.entries(objectOf(argument)).every(([source, schema]) => {
    const expression = run.pattern(source);
    return membersHold(
      run,
      namesOf(run).filter((name) => expression.test(name)),
      schema,
    );
  });

const additionalProperties: Keyword = (run, argument) => {
  const declared = run.schema['properties'];
  const sources = Object.hasOwn(run.schema, 'patternProperties')
    ? Object.keys(objectOf(run.schema['patternProperties'] ?? null))
    : [];
  const expressions = sources.map(run.pattern);
  const rest = namesOf(run).filter(
    (name) =>
      !(isObject(declared) && Object.hasOwn(declared, name)) &&
      !expressions.some((expression) => expression.test(name)),
  );
  return membersHold(run, rest, argument);
};

const propertyNames: Keyword = (run, argument) => namesOf(run).every((name) => run.apply(argument, name) !== undefined);

const tuple: Keyword = (run, argument) => {
  const { value } = run;
  if (!isArray(value)) return true;
  return listOf(argument)
    .slice(0, value.length)
    .every((schema, index) => {
      run.seen.positions.add(index);
      return run.apply(schema, value[index] ?? null) !== undefined;
    });
};

const items: Keyword = (run, argument) => {
  if (run.draft >= 2020) {
    if (isArray(argument)) throw new UnusableSchema('items is one schema in this draft');
    const first = run.schema['prefixItems'];
    return itemsHold(run, isArray(first) ? first.length : 0, argument);
  }
  return isArray(argument) ? tuple(run, argument) : itemsHold(run, 0, argument);
};

const additionalItems: Keyword = (run, argument) => {
  const first = run.schema['items'];
  return !isArray(first) || itemsHold(run, first.length, argument);
};

const contains: Keyword = (run, argument) => {
  const { value, schema, draft } = run;
  if (!isArray(value)) return true;
  const found = value.flatMap((item, index) => (run.apply(argument, item) === undefined ? [] : [index]));
  // From this draft on an item that was looked for counts as seen.
  if (draft >= 2020) for (const index of found) run.seen.positions.add(index);
  const { minContains, maxContains } = draft >= 2019 ? schema : {};
  const least = typeof minContains === 'number' ? minContains : 1;
  return found.length >= least && !(typeof maxContains === 'number' && found.length > maxContains);
};

const unevaluatedProperties: Keyword = (run, argument) =>
  membersHold(
    run,
    namesOf(run).filter((name) => !run.seen.names.has(name)),
    argument,
  );

const unevaluatedItems: Keyword = (run, argument) => {
  const { value, seen } = run;
  if (!isArray(value)) return true;
  return value.every((item, index) => {
    if (seen.positions.has(index)) return true;
    seen.positions.add(index);
    return run.apply(argument, item) !== undefined;
  });
};

export const CONTAINERS: readonly KeywordEntry[] = [
  { name: 'properties', holds: properties },
  { name: 'patternProperties', holds: patternProperties },
  { name: 'additionalProperties', holds: additionalProperties },
  { name: 'propertyNames', from: 6, holds: propertyNames },
  { name: 'prefixItems', from: 2020, holds: tuple },
  { name: 'items', holds: items },
  { name: 'additionalItems', to: 2019, holds: additionalItems },
  { name: 'contains', from: 6, holds: contains },
];

export const UNEVALUATED: readonly KeywordEntry[] = [
  { name: 'unevaluatedProperties', from: 2019, holds: unevaluatedProperties },
  { name: 'unevaluatedItems', from: 2019, holds: unevaluatedItems },
];
