import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

import { createRandomBytes } from '../lib/random.ts';
import { hexToBytes } from '../protocol/bytes.ts';
import type { Hex } from '../protocol/types.ts';

/** Encrypts what must not lie on disk in clear: prompts, answers, golds that are still secret. AES-256-GCM. */
export type ContentCipher = {
  readonly seal: (text: string) => Uint8Array;
  /** @throws when the bytes were changed or sealed under another key. */
  readonly open: (sealed: Uint8Array) => string;
};

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** @param dataKey 32 bytes that the gateway never stores: by default those of its signer key. */
export function createContentCipher(dataKey: Hex): ContentCipher {
  const key = Buffer.from(hkdfSync('sha256', hexToBytes(dataKey), 'DGrid', 'content at rest v1', 32));
  const randomBytes = createRandomBytes();
  return {
    seal(text) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]);
    },
    open(sealed) {
      // Without a stated length a shortened tag would pass, and be that much easier to forge.
      const options = { authTagLength: TAG_BYTES };
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), options);
      decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      const body = sealed.subarray(IV_BYTES + TAG_BYTES);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
    },
  };
}
