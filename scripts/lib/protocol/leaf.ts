import { AbiCoder, TypedDataEncoder, id, keccak256 } from 'ethers';

import { LEAF_TYPES, valuesInOrder } from './schema.ts';
import type { Fields, LeafType } from './schema.ts';

/** A leaf is bound to one chain and one contract: ProofRegistry, or RewardDistributor for reward and table leaves. */
export type LeafDomain = { readonly chainId: Scalar; readonly contract: string };
type Scalar = string | bigint | number;

const abi = AbiCoder.defaultAbiCoder();

/** e.g. `TableLeaf(uint8 kind,address account,uint8 family,uint16 value)` */
export function leafTypeString(type: LeafType): string {
  return new TypedDataEncoder({ [type]: [...LEAF_TYPES[type]] }).encodeType(type);
}

/** abi.encode of the fields alone: in Solidity, `abi.decode(bytes, (Struct))` gives the struct back. */
export function encodeLeafFields(type: LeafType, value: Fields): string {
  const fields = LEAF_TYPES[type];
  return abi.encode(
    fields.map((field) => field.type),
    valuesInOrder(fields, value),
  );
}

export function leafHash(type: LeafType, domain: LeafDomain, value: Fields): string {
  const fields = LEAF_TYPES[type];
  const encoded = abi.encode(
    ['bytes32', 'uint256', 'address', ...fields.map((field) => field.type)],
    [id(leafTypeString(type)), domain.chainId, domain.contract, ...valuesInOrder(fields, value)],
  );
  return keccak256(keccak256(encoded));
}
