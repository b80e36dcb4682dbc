import fc from 'fast-check';

/** Values that a JSON Schema allows, made from the schema itself. */
export type JsonSchema = {
  readonly type?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
};

export function valid(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(valid));
  return OF_TYPE[schema.type ?? '']?.(schema) ?? fc.jsonValue();
}

const OF_TYPE: Readonly<Record<string, (schema: JsonSchema) => fc.Arbitrary<unknown>>> = {
  string: ({ minLength = 0 }) => fc.string({ minLength, maxLength: minLength + 40, unit: 'grapheme' }),
  integer: ({ minimum = 0, maximum = 1_000 }) => fc.integer({ min: minimum, max: Math.min(maximum, 2 ** 31 - 1) }),
  number: ({ minimum = 0, maximum = 1_000 }) => fc.double({ min: minimum, max: maximum, noNaN: true }),
  boolean: () => fc.boolean(),
  null: () => fc.constant(null),
  array: ({ items = {}, minItems = 0 }) => fc.array(valid(items), { minLength: minItems, maxLength: minItems + 3 }),
  object: ({ properties = {}, required = [] }) =>
    fc.record(Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, valid(inner)])), {
      requiredKeys: [...required],
    }),
};

const HOSTILE: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1e308,
  -0.5,
  2 ** 53,
  '',
  '\u0000',
  '\ud800',
  '../../etc/passwd',
  "'; DROP TABLE receipts; --",
  'a'.repeat(20_000),
  '{{constructor}}',
  [],
  {},
  [[[[[[]]]]]],
  Array.from({ length: 300 }, () => 0),
  { toString: 1, constructor: null, length: -1 },
];

/** A value with one place, anywhere in it, overwritten, taken out or doubled. */
export function mutated(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const change = fc.record({
    path: fc.array(fc.nat(20), { maxLength: 5 }),
    by: fc.oneof(fc.constantFrom(...HOSTILE), fc.jsonValue()),
    how: fc.constantFrom('set' as const, 'drop' as const, 'add' as const),
  });
  return fc
    .tuple(value, fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([start, changes]) => changes.reduce((now, { path, by, how }) => changed(now, path, { by, how }), start));
}

type Change = { readonly by: unknown; readonly how: 'set' | 'drop' | 'add' };

function changed(value: unknown, path: readonly number[], change: Change): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null) return change.by;
  const entries: [string, unknown][] = Object.entries(value);
  const at = entries[step % Math.max(1, entries.length)];
  if (change.how === 'add' || at === undefined) entries.push([`x${step}`, change.by]);
  else if (change.how === 'drop' && rest.length === 0) entries.splice(entries.indexOf(at), 1);
  else at[1] = changed(at[1], rest, change);
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}
