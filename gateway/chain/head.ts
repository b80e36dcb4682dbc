import type { Hex } from '../protocol/types.ts';
import type { ChainClient } from './clients.ts';

export type Head = { readonly number: bigint; readonly timestamp: bigint; readonly hash: Hex };

/** Follows the newest block by polling; answers from memory. */
export type HeadFollower = {
  readonly head: () => Head;
  readonly stop: () => void;
};

export type HeadDeps = {
  readonly client: Pick<ChainClient, 'getBlock'>;
  readonly pollMs: number;
  readonly onError: (error: unknown) => void;
};

export async function followHead({ client, pollMs, onError }: HeadDeps): Promise<HeadFollower> {
  const newest = createNewest(await readHead(client));
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    readHead(client)
      .then(newest.see, onError)
      .finally(() => {
        busy = false;
      });
  }, pollMs);
  return { head: newest.head, stop: () => clearInterval(timer) };
}

/** Blocks remembered by their height, to tell a shorter chain from a server that is behind. */
const REMEMBERED = 256;
/** Polls in a row that a shorter chain of unknown blocks is taken for a server that is behind. */
const PATIENCE = 5;

/**
 * The newest block of what is seen. One of a lower height is either from an RPC server that is behind, then it is a block
 * that was seen before; or the chain was reorganised into a shorter one, then another block was seen at its height.
 */
export function createNewest(first: Head): { readonly head: () => Head; readonly see: (next: Head) => void } {
  const seen = new Map<bigint, Hex>([[first.number, first.hash]]);
  let head = first;
  let lower = 0;
  const take = (next: Head): void => {
    // The order of insertion is the order of age, so a height that is seen again goes to the end.
    for (const height of seen.keys()) if (height >= next.number) seen.delete(height);
    seen.set(next.number, next.hash);
    for (const height of seen.keys()) {
      if (seen.size <= REMEMBERED) break;
      seen.delete(height);
    }
    head = next;
    lower = 0;
  };
  return {
    head: () => head,
    see(next) {
      if (next.number >= head.number) return take(next);
      const known = seen.get(next.number);
      if (known === next.hash) return;
      lower += 1;
      if (known !== undefined || lower >= PATIENCE) take(next);
    },
  };
}

async function readHead(client: HeadDeps['client']): Promise<Head> {
  const { number, timestamp, hash } = await client.getBlock({ blockTag: 'latest' });
  return { number, timestamp, hash };
}
