import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

import type { ApiKey } from './key-file.ts';

export type Keyring = {
  /** The key's record, or undefined for a key that nobody was given, or that was revoked. */
  readonly check: (presented: string) => ApiKey | undefined;
  /** By its hash, as receipts and reservations name it. */
  readonly byHash: (hash: string) => ApiKey | undefined;
  /** Takes other keys in place of those it has: from the next request on. */
  readonly replace: (keys: readonly ApiKey[]) => void;
};

const PREFIX = 'dgrid-';

export const hashKey = (key: string): string => createHash('sha256').update(key, 'utf8').digest('hex');

/** A new key, shown once, and what is kept of it. 256 bits: a plain hash of it cannot be searched. */
export function createApiKey(name: string): { readonly key: string; readonly record: ApiKey } {
  const key = `${PREFIX}${randomBytes(32).toString('base64url')}`;
  return { key, record: { hash: hashKey(key), name } };
}

const NOBODY = '0'.repeat(64);

export function createKeyring(keys: readonly ApiKey[]): Keyring {
  let records = byHashOf(keys);
  return {
    check(presented) {
      const hash = hashKey(presented);
      const found = records.get(hash);
      // The lookup compares hashes, of which time can tell nothing useful; the equality is constant-time all the same.
      const matches = timingSafeEqual(Buffer.from(found?.hash ?? NOBODY, 'hex'), Buffer.from(hash, 'hex'));
      return found !== undefined && found.revokedAt === undefined && matches ? found : undefined;
    },
    byHash: (hash) => records.get(hash),
    replace(next) {
      records = byHashOf(next);
    },
  };
}

const byHashOf = (keys: readonly ApiKey[]): ReadonlyMap<string, ApiKey> => new Map(keys.map((key) => [key.hash, key]));
