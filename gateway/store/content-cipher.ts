import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

import { createRandomBytes } from '../lib/random.ts';
import { hexToBytes } from '../protocol/bytes.ts';
import type { Hex } from '../protocol/types.ts';

/** Encrypts what must not lie on disk in clear: prompts, answers, golds that are still secret. AES-256-GCM. */
export type ContentCipher = {
  /** In memory of its own, so that it can be handed to another thread. */
  readonly seal: (text: string) => Uint8Array<ArrayBuffer>;
  /** @throws when the bytes were changed or sealed under another key. */
  readonly open: (sealed: Uint8Array) => string;
  readonly sealContent: (content: Texts) => Uint8Array<ArrayBuffer>;
  readonly openContent: (sealed: Uint8Array) => Texts;
};

/** Canonical JSON texts of a request and its answer. */
type Texts = { readonly request: string; readonly response: string };

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** @param dataKey 32 bytes that the gateway never stores: by default those of its signer key. */
export function createContentCipher(dataKey: Hex): ContentCipher {
  const key = Buffer.from(hkdfSync('sha256', hexToBytes(dataKey), 'DGrid', 'content at rest v1', 32));
  const randomBytes = createRandomBytes();
  const seal = (text: string): Uint8Array<ArrayBuffer> => {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const body = cipher.update(bytesOf(text));
    const end = cipher.final();
    const sealed = new Uint8Array(IV_BYTES + TAG_BYTES + body.length + end.length);
    sealed.set(iv);
    sealed.set(cipher.getAuthTag(), IV_BYTES);
    sealed.set(body, IV_BYTES + TAG_BYTES);
    sealed.set(end, IV_BYTES + TAG_BYTES + body.length);
    return sealed;
  };
  const open = (sealed: Uint8Array): string => {
    // Without a stated length a shortened tag would pass, and be that much easier to forge.
    const options = { authTagLength: TAG_BYTES };
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), options);
    decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    const body = sealed.subarray(IV_BYTES + TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
  };
  return {
    seal,
    open,
    // One after the other, and where the first ends: as members of an object they would be written down once more.
    sealContent: ({ request, response }) => seal(`${request.length} ${request}${response}`),
    openContent: (sealed) => textsIn(open(sealed)),
  };
}

function textsIn(text: string): Texts {
  if (text.startsWith('{')) return JSON.parse(text) as Texts; // as it was written once
  const start = text.indexOf(' ') + 1;
  const end = start + Number(text.slice(0, start));
  return { request: text.slice(start, end), response: text.slice(end) };
}

const encoder = new TextEncoder();
const MOST_HELD = 1 << 20;
let held = new Uint8Array(1 << 12);

/** Good until it is called again. */
function bytesOf(text: string): Uint8Array {
  const most = 3 * text.length;
  if (most > MOST_HELD) return encoder.encode(text);
  if (most > held.length) held = new Uint8Array(MOST_HELD);
  return held.subarray(0, encoder.encodeInto(text, held).written);
}
