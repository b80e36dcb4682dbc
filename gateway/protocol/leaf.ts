import { writeWord } from './bytes.ts';
import { keccak, keccakBytes, keccakText } from './keccak.ts';
import { SCHEMAS, typeString } from './schema.ts';
import type { FieldValue, Schema } from './schema.ts';
import type { Address, AnswerLeaf, GoldLeaf, Hex, PoqRecord, Receipt, RewardLeaf, TableLeaf } from './types.ts';

/** The chain and the contract a leaf belongs to: the same data gives another leaf anywhere else. */
export type LeafDomain = { readonly chainId: bigint; readonly contract: Address };

const typeHashes = new Map<Schema, Hex>();

export function typeHash(definition: Schema): Hex {
  const known = typeHashes.get(definition);
  if (known !== undefined) return known;
  const hash = keccakText(typeString(definition));
  typeHashes.set(definition, hash);
  return hash;
}

/** `head` words, then every field of `value` in schema order, as `abi.encode` lays static types out. */
export function encodeFields(definition: Schema, head: readonly Hex[], value: object): Uint8Array {
  const bytes = new Uint8Array(32 * (head.length + definition.fields.length));
  head.forEach((word, index) => writeWord(bytes, 32 * index, 'bytes32', word));
  const fields = value as Readonly<Record<string, FieldValue | undefined>>;
  definition.fields.forEach((field, index) => {
    const fieldValue = fields[field.name];
    if (fieldValue === undefined) throw new TypeError(`${definition.name}.${field.name} is missing`);
    writeWord(bytes, 32 * (head.length + index), field.type, fieldValue);
  });
  return bytes;
}

/** keccak256(keccak256(abi.encode(typeHash, chainId, contract, …fields))): 32 bytes, never mistaken for an inner node. */
export function hashLeaf(definition: Schema, domain: LeafDomain, value: object): Hex {
  const bytes = new Uint8Array(32 * (3 + definition.fields.length));
  writeWord(bytes, 0, 'bytes32', typeHash(definition));
  writeWord(bytes, 32, 'uint256', domain.chainId);
  writeWord(bytes, 64, 'address', domain.contract);
  bytes.set(encodeFields(definition, [], value), 96);
  return keccak(keccakBytes(bytes));
}

export const receiptLeaf = (domain: LeafDomain, value: Receipt): Hex => hashLeaf(SCHEMAS.receipt, domain, value);
export const answerLeaf = (domain: LeafDomain, value: AnswerLeaf): Hex => hashLeaf(SCHEMAS.answer, domain, value);
export const recordLeaf = (domain: LeafDomain, value: PoqRecord): Hex => hashLeaf(SCHEMAS.record, domain, value);
export const rewardLeaf = (domain: LeafDomain, value: RewardLeaf): Hex => hashLeaf(SCHEMAS.reward, domain, value);
export const goldLeaf = (domain: LeafDomain, value: GoldLeaf): Hex => hashLeaf(SCHEMAS.gold, domain, value);
export const tableLeaf = (domain: LeafDomain, value: TableLeaf): Hex => hashLeaf(SCHEMAS.table, domain, value);
