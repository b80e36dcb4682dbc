import { request as httpRequest } from 'undici';

import type { JsonObject } from '../../../protocol/content.ts';

/** A model behind an OpenAI-compatible server, of the evaluator's own choice. */
export type ModelServer = {
  /** Base URL; `/v1` is added to one that names no version. */
  readonly modelUrl: string;
  readonly modelName: string;
  /** Empty: no key is sent. */
  readonly modelKey: string;
  /** For the whole exchange, the last byte included. */
  readonly timeoutMs: number;
};

export type Exchange = { readonly path: string; readonly body: JsonObject; readonly maxBytes: number };

/** The text of a 200; rejects for any other status, after the deadline, and for more than `maxBytes`. */
export function askModel(server: ModelServer, { path, body, maxBytes }: Exchange): Promise<string> {
  const { modelUrl, modelName, modelKey, timeoutMs } = server;
  return postJson(
    `${versioned(modelUrl)}${path}`,
    { ...body, model: modelName },
    { key: modelKey, timeoutMs, maxBytes },
  );
}

export type PostLimits = { readonly key?: string; readonly timeoutMs: number; readonly maxBytes: number };

export async function postJson(
  url: string,
  body: object,
  { key = '', timeoutMs, maxBytes }: PostLimits,
): Promise<string> {
  const response = await httpRequest(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response.body as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBytes) throw new Error(`server answered more than ${maxBytes} bytes`);
    parts.push(part);
  }
  if (response.statusCode !== 200) throw new Error(`server answered ${response.statusCode}`);
  return Buffer.concat(parts).toString('utf8');
}

function versioned(url: string): string {
  const bare = url.replace(/\/+$/, '');
  return /\/v\d+$/.test(bare) ? bare : `${bare}/v1`;
}

/** `shareBps` of the one and the rest of the other, rounded down; integers in, an integer out. */
export function blend(shareBps: number, one: number, other: number): number {
  return Math.floor((shareBps * one + (10_000 - shareBps) * other) / 10_000);
}
