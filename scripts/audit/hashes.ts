import { hash } from 'node:crypto';

import { TypedDataEncoder, getAddress, id, recoverAddress } from 'ethers';
import { recover } from 'tiny-secp256k1';

import { CommandError } from '../lib/command.ts';
import { leafTypeString } from '../lib/protocol/leaf.ts';
import { LEAF_TYPES, SIGNED_TYPES, valuesInOrder } from '../lib/protocol/schema.ts';
import type { Fields, LeafType, Scalar, SignedType, TypedField } from '../lib/protocol/schema.ts';
import { digestOf, signingDomain, typesOf } from '../lib/protocol/typed-data.ts';

/**
 * The hashes and signatures of a million receipts. Every encoding here is of fixed-size fields, that is one 32-byte word
 * after the other; ethers gives the type hashes, OpenSSL keccak256, libsecp256k1 the keys. Each key's first signature and
 * every 256th of all is recovered by ethers as well, and each kind of digest is compared with ethers' once.
 */
export const keccak = (bytes: Uint8Array): Buffer => hash('keccak-256', bytes, 'buffer');

export const toHex = (bytes: Buffer): string => `0x${bytes.toString('hex')}`;
export const fromHex = (text: string): Buffer => Buffer.from(text.slice(2), 'hex');

const WORD = 32;
const HALF = 0xffff_ffff_ffff_ffffn;

function writeWord(into: Buffer, offset: number, type: string, value: Scalar): void {
  if (typeof value === 'string' && value.startsWith('0x')) {
    const bytes = (value.length - 2) / 2;
    into.write(value.slice(2), offset + (type === 'address' ? WORD - bytes : 0), 'hex');
    return;
  }
  const whole = BigInt(value);
  into.writeBigUInt64BE(whole & HALF, offset + 24);
  for (let rest = whole >> 64n, at = offset + 16; rest > 0n; rest >>= 64n, at -= 8) {
    into.writeBigUInt64BE(rest & HALF, at);
  }
}

/** abi.encode of fixed-size fields behind some words that never change. */
function encoder(head: readonly Buffer[], fields: readonly TypedField[]): (value: Fields) => Buffer {
  const start = Buffer.concat(head);
  return (value) => {
    const bytes = Buffer.alloc(start.length + WORD * fields.length);
    start.copy(bytes);
    valuesInOrder(fields, value).forEach((item, index) =>
      writeWord(bytes, start.length + WORD * index, fields[index]?.type ?? '', item),
    );
    return bytes;
  };
}

function word(type: string, value: Scalar): Buffer {
  const bytes = Buffer.alloc(WORD);
  writeWord(bytes, 0, type, value);
  return bytes;
}

export type LeafHash = (value: Fields) => Buffer;

export function createLeafHash(type: LeafType, chainId: bigint, contract: string): LeafHash {
  const head = [fromHex(id(leafTypeString(type))), word('uint256', chainId), word('address', contract)];
  const encode = encoder(head, LEAF_TYPES[type]);
  return (value) => keccak(keccak(encode(value)));
}

/** keccak256 over 32-byte words and an account at their end. */
export function wordsHash(...parts: readonly Buffer[]): Buffer {
  return keccak(Buffer.concat(parts));
}

export const accountWord = (account: string): Buffer => word('address', account);

export type Digest = (value: Fields) => Buffer;

export function createDigest(type: SignedType, chainId: bigint, nodeStaking: string): Digest {
  const domain = signingDomain(chainId, nodeStaking);
  const typeHash = fromHex(id(TypedDataEncoder.from(typesOf(type)).encodeType(type)));
  const encode = encoder([typeHash], SIGNED_TYPES[type]);
  const prefix = Buffer.concat([Buffer.from([0x19, 0x01]), fromHex(TypedDataEncoder.hashDomain(domain))]);
  let compared = false;
  return (value) => {
    const digest = keccak(Buffer.concat([prefix, keccak(encode(value))]));
    if (!compared && toHex(digest) !== digestOf(type, domain, value)) disagree(`the digest of a ${type}`);
    compared = true;
    return digest;
  };
}

function disagree(what: string): never {
  throw new CommandError(`two implementations disagree about ${what}: this machine's libraries cannot be trusted`);
}

const SIGNATURE = /^0x([0-9a-f]{64})([0-9a-f]{64})(1b|1c)$/;
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const EVERY = 256;
/** A node's attestation covers many receipts, which come close to each other. */
const REMEMBERED = 4_096;

export type Recover = (digest: Buffer, signature: string) => string | undefined;

/** @returns address of whoever signed, lower-case; undefined for what no contract of the network would take. */
export function createRecover(): Recover {
  const known = new Set<string>();
  const recent = new Map<string, string | undefined>();
  let count = 0;
  const check = (digest: Buffer, signature: string): string | undefined => {
    const signer = recoverOnce(digest, signature);
    count += 1;
    if (signer === undefined || !known.has(signer) || count % EVERY === 0) {
      if (byEthers(digest, signature) !== signer) disagree('who signed');
    }
    if (signer !== undefined) known.add(signer);
    return signer;
  };
  return (digest, signature) => {
    const key = `${digest.toString('latin1')}${signature}`;
    if (recent.has(key)) return recent.get(key);
    const signer = check(digest, signature);
    if (recent.size >= REMEMBERED) recent.clear();
    recent.set(key, signer);
    return signer;
  };
}

function recoverOnce(digest: Buffer, signature: string): string | undefined {
  const [, r = '', s = '', v] = SIGNATURE.exec(signature) ?? [];
  // 65 bytes and the lower half of s only, as the contracts take them.
  if (r === '' || BigInt(`0x${s}`) > HALF_ORDER) return undefined;
  try {
    const key = recover(digest, Buffer.from(r + s, 'hex'), v === '1b' ? 0 : 1, false);
    return key === null ? undefined : toHex(keccak(key.subarray(1)).subarray(12));
  } catch {
    return undefined; // r or s out of range
  }
}

function byEthers(digest: Buffer, signature: string): string | undefined {
  if (!SIGNATURE.test(signature)) return undefined;
  try {
    return getAddress(recoverAddress(digest, signature)).toLowerCase();
  } catch {
    return undefined;
  }
}
