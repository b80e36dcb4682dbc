import { dataSlice, id } from 'ethers';

import type { Fields, TypedField } from '../protocol/schema.ts';

/** Values that look random and are the same for everybody: keccak256 of a label. */
export function seededHash(label: string): string {
  return id(`DGrid vector ${label}`);
}

export function seededAddress(label: string): string {
  return dataSlice(seededHash(label), 12);
}

/** One struct. The fillings `zero` and `max` set every field so, any other seeds it. Integers as decimal strings. */
export function seededFields(fields: readonly TypedField[], filling: string): Fields {
  return Object.fromEntries(fields.map((field) => [field.name, fill(field, filling)]));
}

function fill({ name, type }: TypedField, filling: string): string {
  const bytes = type === 'address' ? 20 : type === 'bytes32' ? 32 : Number(type.slice('uint'.length)) / 8;
  const text =
    filling === 'zero'
      ? `0x${'00'.repeat(bytes)}`
      : filling === 'max'
        ? `0x${'ff'.repeat(bytes)}`
        : dataSlice(seededHash(`${filling} ${name}`), 32 - bytes);
  return type.startsWith('uint') ? BigInt(text).toString() : text;
}
