import { randomBytes } from 'node:crypto';

import { isPrivate, pointFromScalar, recover, signRecoverable } from 'tiny-secp256k1';

import { bytesToHex, hexToBytes } from './bytes.ts';
import { keccakBytes } from './keccak.ts';
import type { Address, Hex } from './types.ts';

/** A hot key: signs digests, knows its address, and never shows the key. */
export type Signer = { readonly address: Address; readonly sign: (digest: Hex) => Hex };

function addressOfPublicKey(uncompressed: Uint8Array): Address {
  return bytesToHex(keccakBytes(uncompressed.subarray(1)).subarray(12));
}

/** Throws TypeError when `privateKey` is not a valid secp256k1 scalar; the message never holds the key. */
export function createSigner(privateKey: Hex): Signer {
  const key = /^0x[0-9a-fA-F]{64}$/.test(privateKey) ? hexToBytes(privateKey) : undefined;
  if (key === undefined || !isPrivate(key))
    throw new TypeError('not a secp256k1 private key (32 bytes of hex expected)');
  const publicKey = pointFromScalar(key, false);
  if (publicKey === null) throw new TypeError('not a secp256k1 private key');
  return {
    address: addressOfPublicKey(publicKey),
    sign(digest) {
      const { signature, recoveryId } = signRecoverable(hexToBytes(digest), key, randomBytes(32));
      return bytesToHex(Buffer.concat([signature, Buffer.from([27 + recoveryId])]));
    },
  };
}

// Half the curve order: OpenZeppelin's ECDSA refuses the other half, so that one signature has one form.
const HALF_ORDER = Buffer.from('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0', 'hex');

/** Address that signed `digest`, or undefined when the signature is malformed. Accepts what OpenZeppelin's ECDSA accepts. */
export function recoverSigner(digest: Hex, signature: Hex): Address | undefined {
  if (!/^0x[0-9a-fA-F]{130}$/.test(signature)) return undefined;
  const bytes = Buffer.from(hexToBytes(signature));
  const v = bytes[64];
  if (v !== 27 && v !== 28) return undefined;
  if (bytes.subarray(32, 64).compare(HALF_ORDER) > 0) return undefined;
  try {
    const publicKey = recover(hexToBytes(digest), bytes.subarray(0, 64), v === 27 ? 0 : 1, false);
    return publicKey === null ? undefined : addressOfPublicKey(publicKey);
  } catch {
    return undefined; // r or s out of range: tiny-secp256k1 throws where ecrecover answers zero
  }
}
