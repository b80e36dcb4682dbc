import { TypedDataEncoder, recoverAddress } from 'ethers';

import { SIGNED_TYPES } from './schema.ts';
import type { Fields, SignedType } from './schema.ts';

export type SigningDomain = {
  readonly name: 'DGrid';
  readonly version: '1';
  readonly chainId: bigint;
  readonly verifyingContract: string;
};

/** The network's one EIP-712 domain: NodeStaking verifies for everybody. */
export function signingDomain(chainId: bigint | number | string, nodeStaking: string): SigningDomain {
  return { name: 'DGrid', version: '1', chainId: BigInt(chainId), verifyingContract: nodeStaking };
}

/** The `types` argument of ethers' `signTypedData` for one struct. */
export function typesOf(type: SignedType): Record<string, { name: string; type: string }[]> {
  return { [type]: SIGNED_TYPES[type].map((field) => ({ ...field })) };
}

export function digestOf(type: SignedType, domain: SigningDomain, value: Fields): string {
  return TypedDataEncoder.hash(domain, typesOf(type), value);
}

export function structHashOf(type: SignedType, value: Fields): string {
  return TypedDataEncoder.hashStruct(type, typesOf(type), value);
}

/** Address that signed `value`, or undefined for a signature that no contract of the network would take. */
export function signerOf(
  type: SignedType,
  domain: SigningDomain,
  value: Fields,
  signature: string,
): string | undefined {
  // 65 bytes only: ethers would also take EIP-2098's compact form, which the contracts refuse.
  if (!/^0x[0-9a-f]{128}(1b|1c)$/i.test(signature)) return undefined;
  try {
    return recoverAddress(digestOf(type, domain, value), signature);
  } catch {
    return undefined; // r or s out of range, or the malleable half
  }
}
