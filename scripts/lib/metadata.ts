import { readFileSync } from 'node:fs';

import canonicalize from 'canonicalize';
import { id } from 'ethers';

import { UsageError } from './command.ts';

/** What a node says of itself; the chain holds where it is and keccak256 of its RFC 8785 form. */
export type Metadata = { readonly uri: string; readonly hash: string; readonly text: string };

const MAX_URI_BYTES = 2_048;

/** The URI defaults to one that carries the document itself, so nothing has to be hosted. */
export function readMetadata(file: string, uri?: string): Metadata {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new UsageError(`cannot read JSON from --metadata ${file}`);
  }
  const text = canonicalize(value);
  if (text === undefined) throw new UsageError(`--metadata ${file} holds no JSON value`);
  requireEndpoint(file, value);
  const where = uri ?? `data:application/json;base64,${Buffer.from(text, 'utf8').toString('base64')}`;
  if (Buffer.byteLength(where) > MAX_URI_BYTES) {
    const advice = uri === undefined ? 'publish the document and give --metadata-uri' : 'give a shorter one';
    throw new UsageError(`the metadata URI has more than ${MAX_URI_BYTES} bytes: ${advice}`);
  }
  return { uri: where, hash: id(text), text };
}

/** The mistakes that keep a node without work; the gateway checks the whole document. */
function requireEndpoint(file: string, value: unknown): void {
  const { version, name, endpoint, models } = (value ?? {}) as Partial<Record<string, unknown>>;
  if (version !== 1) throw new UsageError(`${file}: version must be 1`);
  if (typeof name !== 'string' || name === '') throw new UsageError(`${file}: name is missing`);
  if (typeof endpoint !== 'string' || !/^https?:\/\/\S*[^/\s]$/.test(endpoint)) {
    throw new UsageError(`${file}: endpoint must be an http(s) URL without a slash at its end`);
  }
  if (!Array.isArray(models)) throw new UsageError(`${file}: models must be a list`);
}
