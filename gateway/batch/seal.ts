import { bytesToHex, hexToBytes } from '../protocol/bytes.ts';
import { createDigest } from '../protocol/eip712.ts';
import type { SigningDomain } from '../protocol/eip712.ts';
import { LEAF_HEAD, hashFrame, leafFrame, typeHash, writeFields } from '../protocol/leaf.ts';
import type { LeafDomain } from '../protocol/leaf.ts';
import { SCHEMAS } from '../protocol/schema.ts';
import type { Signer } from '../protocol/signature.ts';
import type { Hex, Receipt } from '../protocol/types.ts';

/** What a batch needs of each receipt: the gateway's signature and the leaf. */
export type Sealed = { readonly signature: Hex; readonly leaf: Hex };
export type Seal = (receipts: readonly Receipt[]) => Promise<readonly Sealed[]>;

export type SealDeps = {
  readonly signer: Signer;
  readonly leafDomain: LeafDomain;
  readonly signingDomain: SigningDomain;
};

const TYPE_HASH_BYTES = 32;
const FIELD_BYTES = 32 * SCHEMAS.receipt.fields.length;
const SIGNATURE_BYTES = 65;
const SEALED_BYTES = SIGNATURE_BYTES + 32;

/** Receipts one after the other, as both the signature and the leaf hash them. Memory of its own: it can be handed over. */
export function encodeReceipts(receipts: readonly Receipt[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FIELD_BYTES * receipts.length);
  receipts.forEach((receipt, index) => writeFields(bytes, FIELD_BYTES * index, SCHEMAS.receipt, receipt));
  return bytes;
}

/** @returns a function from encoded receipts to their signatures and leaves, in the same order; nearly all of it signs. */
export function createSealer({
  signer,
  leafDomain,
  signingDomain,
}: SealDeps): (fields: Uint8Array) => Uint8Array<ArrayBuffer> {
  const leaf = leafFrame(SCHEMAS.receipt, leafDomain);
  const struct = Buffer.alloc(TYPE_HASH_BYTES + FIELD_BYTES);
  struct.set(hexToBytes(typeHash(SCHEMAS.receipt)));
  const digest = createDigest(signingDomain);
  return (fields) => {
    const count = fields.length / FIELD_BYTES;
    const sealed = new Uint8Array(SEALED_BYTES * count);
    for (let index = 0; index < count; index += 1) {
      const own = fields.subarray(FIELD_BYTES * index, FIELD_BYTES * (index + 1));
      leaf.set(own, LEAF_HEAD);
      struct.set(own, TYPE_HASH_BYTES);
      sealed.set(hexToBytes(signer.sign(digest(struct))), SEALED_BYTES * index);
      sealed.set(hexToBytes(hashFrame(leaf)), SEALED_BYTES * index + SIGNATURE_BYTES);
    }
    return sealed;
  };
}

export function decodeSealed(bytes: Uint8Array): readonly Sealed[] {
  return Array.from({ length: bytes.length / SEALED_BYTES }, (_, index) => {
    const own = bytes.subarray(SEALED_BYTES * index, SEALED_BYTES * (index + 1));
    return {
      signature: bytesToHex(own.subarray(0, SIGNATURE_BYTES)),
      leaf: bytesToHex(own.subarray(SIGNATURE_BYTES)),
    };
  });
}

/** Seals on the spot, for who has nothing else to do meanwhile. */
export function createSealHere(deps: SealDeps): (receipts: readonly Receipt[]) => readonly Sealed[] {
  const sealer = createSealer(deps);
  return (receipts) => decodeSealed(sealer(encodeReceipts(receipts)));
}
