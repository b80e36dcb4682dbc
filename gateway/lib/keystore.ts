import { createDecipheriv, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

import { bytesToHex, hexToBytes } from '../protocol/bytes.ts';
import { keccakBytes } from '../protocol/keccak.ts';
import type { Hex } from '../protocol/types.ts';

/** Opens an encrypted Web3 secret storage file (version 3, scrypt, aes-128-ctr), the kind every Ethereum tool writes. */
const derive = promisify<Buffer, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt);

type Scrypt = {
  readonly n: number;
  readonly r: number;
  readonly p: number;
  readonly dklen: number;
  readonly salt: string;
};
type Crypto = {
  readonly cipher: string;
  readonly ciphertext: string;
  readonly cipherparams: { readonly iv: string };
  readonly kdf: string;
  readonly kdfparams: Scrypt;
  readonly mac: string;
};

const MAX_SCRYPT_MEMORY = 1_073_741_824;

export class WrongPasswordError extends TypeError {
  constructor() {
    super('wrong password for the keystore');
    this.name = 'WrongPasswordError';
  }
}

/** @throws WrongPasswordError, or TypeError for a file of another kind; the message holds neither file nor password. */
export async function openKeystore(json: string, password: string): Promise<Hex> {
  const crypto = readCrypto(json);
  const { n, r, p, dklen, salt } = crypto.kdfparams;
  const memory = 128 * n * r + 65_536;
  if (crypto.kdf !== 'scrypt' || crypto.cipher !== 'aes-128-ctr' || dklen !== 32 || !(memory <= MAX_SCRYPT_MEMORY))
    throw new TypeError(
      'the keystore uses a cipher or key derivation that is not supported (scrypt and aes-128-ctr are)',
    );
  const key = await derive(Buffer.from(password, 'utf8'), bytes(salt), 32, { N: n, r, p, maxmem: memory });
  const sealed = bytes(crypto.ciphertext);
  const mac = keccakBytes(Buffer.concat([key.subarray(16, 32), sealed]));
  const expected = bytes(crypto.mac);
  if (expected.length !== mac.length || !timingSafeEqual(expected, mac)) throw new WrongPasswordError();
  const cipher = createDecipheriv('aes-128-ctr', key.subarray(0, 16), bytes(crypto.cipherparams.iv));
  return bytesToHex(Buffer.concat([cipher.update(sealed), cipher.final()]));
}

const bytes = (hex: string): Buffer => Buffer.from(hexToBytes(hex.startsWith('0x') ? (hex as Hex) : `0x${hex}`));

function readCrypto(json: string): Crypto {
  try {
    const file = JSON.parse(json) as { readonly crypto?: Crypto; readonly Crypto?: Crypto };
    const crypto = file.crypto ?? file.Crypto;
    if (
      typeof crypto?.mac === 'string' &&
      typeof crypto.kdfparams.salt === 'string' &&
      typeof crypto.cipherparams.iv === 'string'
    )
      return crypto;
  } catch {
    // told apart from nothing else: any unreadable file is not a keystore
  }
  throw new TypeError('not a version 3 keystore file');
}
