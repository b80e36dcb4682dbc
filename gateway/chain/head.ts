import type { Hex } from '../protocol/types.ts';
import type { ChainClient } from './clients.ts';

export type Head = { readonly number: bigint; readonly timestamp: bigint; readonly hash: Hex };

/** Follows the newest block by polling; answers from memory. */
export type HeadFollower = {
  readonly head: () => Head;
  readonly stop: () => void;
};

export type HeadDeps = {
  readonly client: ChainClient;
  readonly pollMs: number;
  readonly onError: (error: unknown) => void;
};

export async function followHead({ client, pollMs, onError }: HeadDeps): Promise<HeadFollower> {
  let head = await readHead(client);
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    readHead(client)
      .then((next) => {
        if (next.number >= head.number) head = next;
      }, onError)
      .finally(() => {
        busy = false;
      });
  }, pollMs);
  return { head: () => head, stop: () => clearInterval(timer) };
}

async function readHead(client: ChainClient): Promise<Head> {
  const { number, timestamp, hash } = await client.getBlock({ blockTag: 'latest' });
  return { number, timestamp, hash };
}
