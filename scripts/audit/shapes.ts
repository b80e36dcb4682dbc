import type { TypedField } from '../lib/protocol/schema.ts';
import { inside, wrong } from './wrong.ts';
import type { At } from './wrong.ts';

/** The form of untrusted JSON: a shape takes a value apart, or says which field has another form. */
export type Shape<Value> = ((at: At, value: unknown) => Value) & { readonly mayBeMissing?: true };

export type Json = Readonly<Record<string, unknown>>;

export const json: Shape<Json> = (at, value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : wrong(at, 'is no object');

type Shapes<Value> = { readonly [Name in keyof Value]: Shape<Value[Name]> };

/** An object with exactly these fields. */
export function object<Value>(shapes: Shapes<Value>): Shape<Value> {
  const names = Object.keys(shapes) as (keyof Value & string)[];
  return (at, value) => {
    const source = json(at, value);
    const unknown = Object.keys(source).find((name) => !Object.hasOwn(shapes, name));
    if (unknown !== undefined) wrong(inside(at, unknown), 'is no field of this format');
    return Object.fromEntries(
      names.flatMap((name) => {
        if (Object.hasOwn(source, name)) return [[name, shapes[name](inside(at, name), source[name])]];
        return shapes[name].mayBeMissing === true ? [] : wrong(inside(at, name), 'is missing');
      }),
    ) as Value;
  };
}

export function optional<Value>(item: Shape<Value>): Shape<Value | undefined> {
  return Object.assign((at: At, value: unknown) => item(at, value), { mayBeMissing: true } as const);
}

export function oneOf<const Value extends string>(...values: readonly Value[]): Shape<Value> {
  return (at, value) => values.find((known) => known === value) ?? wrong(at, `is none of ${values.join(', ')}`);
}

export function list<Value>(item: Shape<Value>): Shape<readonly Value[]> {
  return (at, value) =>
    Array.isArray(value) ? value.map((entry, index) => item(inside(at, index), entry)) : wrong(at, 'is no list');
}

export function nullable<Value>(item: Shape<Value>): Shape<Value | null> {
  return (at, value) => (value === null ? null : item(at, value));
}

export function hex(bytes: number): Shape<string> {
  const form = new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`);
  return (at, value) =>
    typeof value === 'string' && form.test(value) ? value : wrong(at, `is not ${bytes} bytes of lower-case hex`);
}

/** Up to 32 bits a JSON number, above a decimal string, and never the other. */
export function integer(bits: number): Shape<bigint> {
  return (at, value) => {
    const isForm =
      bits <= 32
        ? typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
        : typeof value === 'string' && /^(?:0|[1-9][0-9]{0,77})$/.test(value);
    if (!isForm) wrong(at, `is not a whole number as ${bits <= 32 ? 'a JSON number' : 'a decimal string'}`);
    const whole = BigInt(value as string | number);
    return whole >> BigInt(bits) === 0n ? whole : wrong(at, `does not fit ${bits} bits`);
  };
}

/** A protocol struct in its JSON form; integers come out as bigint whatever their width. */
export function struct<Value>(fields: readonly TypedField[]): Shape<Value> {
  return object(
    Object.fromEntries(fields.map(({ name, type }) => [name, scalar(type)])),
  ) as Shape<unknown> as Shape<Value>;
}

function scalar(type: string): Shape<string | bigint> {
  if (type === 'bytes32') return hex(32);
  return type === 'address' ? hex(20) : integer(Number(type.slice(4)));
}
