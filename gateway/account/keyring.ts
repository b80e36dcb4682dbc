import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** An API key as it is kept: never the key itself. */
export type ApiKey = {
  /** sha256 of the whole key, lower-case hex. */
  readonly hash: string;
  /** What the operator calls it; shown in logs. */
  readonly name: string;
};

export type Keyring = {
  /** The key's record, or undefined for a key nobody was given. */
  readonly check: (presented: string) => ApiKey | undefined;
};

const PREFIX = 'dgrid-';

export const hashKey = (key: string): string => createHash('sha256').update(key, 'utf8').digest('hex');

/** A new key, shown once, and what is kept of it. 256 bits: a plain hash of it cannot be searched. */
export function createApiKey(name: string): { readonly key: string; readonly record: ApiKey } {
  const key = `${PREFIX}${randomBytes(32).toString('base64url')}`;
  return { key, record: { hash: hashKey(key), name } };
}

export function createKeyring(keys: readonly ApiKey[]): Keyring {
  const byHash = new Map(keys.map((key) => [key.hash, key]));
  return {
    check(presented) {
      const hash = hashKey(presented);
      const found = byHash.get(hash);
      // The lookup compares hashes, of which time can tell nothing useful; the equality is constant-time all the same.
      const matches = timingSafeEqual(Buffer.from(found?.hash ?? '0'.repeat(64), 'hex'), Buffer.from(hash, 'hex'));
      return found !== undefined && matches ? found : undefined;
    },
  };
}

const HASH = /^[0-9a-f]{64}$/;

/** Reads a key file: a JSON array of `{hash, name}`. @throws TypeError that says which entry is wrong. */
export function parseKeys(text: string): readonly ApiKey[] {
  const rows: unknown = JSON.parse(text);
  if (!Array.isArray(rows)) throw new TypeError('the key file must hold a JSON array of {hash, name}');
  return rows.map((row: unknown, index) => {
    const { hash, name } = Object(row) as { readonly hash?: unknown; readonly name?: unknown };
    if (typeof hash !== 'string' || !HASH.test(hash))
      throw new TypeError(`key ${index}: hash must be 64 lower-case hex digits`);
    if (typeof name !== 'string' || name === '') throw new TypeError(`key ${index}: name must be a text`);
    return { hash, name };
  });
}
