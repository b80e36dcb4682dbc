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
  const bytes = Buffer.alloc(32 * (head.length + definition.fields.length));
  head.forEach((word, index) => writeWord(bytes, 32 * index, 'bytes32', word));
  writeFields(bytes, 32 * head.length, definition, value);
  return bytes;
}

/** Writes a word for each field, from `offset` on, into bytes that are zero there. */
export function writeFields(bytes: Uint8Array, offset: number, definition: Schema, value: object): void {
  const fields = value as Readonly<Record<string, FieldValue | undefined>>;
  let at = offset;
  for (const { name, type } of definition.fields) {
    const fieldValue = fields[name];
    if (fieldValue === undefined) throw new TypeError(`${definition.name}.${name} is missing`);
    writeWord(bytes, at, type, fieldValue);
    at += 32;
  }
}

/** keccak256(keccak256(abi.encode(typeHash, chainId, contract, …fields))): 32 bytes, never mistaken for an inner node. */
export function hashLeaf(definition: Schema, domain: LeafDomain, value: object): Hex {
  const bytes = leafFrame(definition, domain);
  writeFields(bytes, LEAF_HEAD, definition, value);
  return hashFrame(bytes);
}

/** Where the fields begin in what a leaf is the hash of. */
export const LEAF_HEAD = 96;

/** What a leaf is the hash of, with its fields still zero. */
export function leafFrame(definition: Schema, domain: LeafDomain): Buffer {
  const bytes = Buffer.alloc(LEAF_HEAD + 32 * definition.fields.length);
  writeWord(bytes, 0, 'bytes32', typeHash(definition));
  writeWord(bytes, 32, 'uint256', domain.chainId);
  writeWord(bytes, 64, 'address', domain.contract);
  return bytes;
}

export const hashFrame = (frame: Uint8Array): Hex => keccak(keccakBytes(frame));

export const receiptLeaf = (domain: LeafDomain, value: Receipt): Hex => hashLeaf(SCHEMAS.receipt, domain, value);
export const answerLeaf = (domain: LeafDomain, value: AnswerLeaf): Hex => hashLeaf(SCHEMAS.answer, domain, value);
export const recordLeaf = (domain: LeafDomain, value: PoqRecord): Hex => hashLeaf(SCHEMAS.record, domain, value);
export const rewardLeaf = (domain: LeafDomain, value: RewardLeaf): Hex => hashLeaf(SCHEMAS.reward, domain, value);
export const goldLeaf = (domain: LeafDomain, value: GoldLeaf): Hex => hashLeaf(SCHEMAS.gold, domain, value);
export const tableLeaf = (domain: LeafDomain, value: TableLeaf): Hex => hashLeaf(SCHEMAS.table, domain, value);
