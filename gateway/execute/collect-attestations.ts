import { request } from 'undici';

import { checkAttestation } from '../receipt/attestation.ts';
import type { AttestationContext, AttestationLog } from '../receipt/attestation.ts';
import type { Address } from '../protocol/types.ts';

/** Fetches what nodes have signed, off the path of any request: one long poll per node at a time. */
export type AttestedNode = { readonly account: Address; readonly signer: Address; readonly endpoint: string };

export type CollectDeps = {
  readonly nodes: () => readonly AttestedNode[];
  readonly log: AttestationLog;
  readonly context: Omit<AttestationContext, 'node' | 'signer'>;
  readonly waitMs: number;
  readonly onError: (node: Address, error: unknown) => void;
};

export type Collector = { readonly start: () => void; readonly stop: () => Promise<void> };

const MAX_BYTES = 4 * 1024 * 1024;
const RETRY_MS = 500;
const RESCAN_MS = 500;

export function createCollector(deps: CollectDeps): Collector {
  const loops = new Map<Address, Promise<void>>();
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;

  async function follow(account: Address): Promise<void> {
    let after = await deps.log.lastSequence(account);
    while (!stopping.signal.aborted) {
      const node = deps.nodes().find((candidate) => candidate.account === account);
      if (node === undefined) return; // it left; scan() starts a new loop if it comes back
      try {
        after = await collectOnce(deps, node, after, stopping.signal);
      } catch (error) {
        if (stopping.signal.aborted) return;
        deps.onError(account, error);
        await pause(RETRY_MS, stopping.signal);
      }
    }
  }

  function scan(): void {
    for (const { account } of deps.nodes()) {
      if (loops.has(account)) continue;
      const loop = follow(account)
        .catch((error: unknown) => deps.onError(account, error))
        .finally(() => loops.delete(account));
      loops.set(account, loop);
    }
  }

  return {
    start() {
      scan();
      timer = setInterval(scan, RESCAN_MS);
    },
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await Promise.allSettled(loops.values());
    },
  };
}

async function collectOnce(
  deps: CollectDeps,
  node: AttestedNode,
  after: bigint,
  stopping: AbortSignal,
): Promise<bigint> {
  const query = `gateway=${deps.context.gateway}&after=${after}&waitMs=${deps.waitMs}`;
  const response = await request(`${node.endpoint}/dgrid/v1/attestations?${query}`, {
    signal: AbortSignal.any([stopping, AbortSignal.timeout(deps.waitMs + 5_000)]),
  });
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response.body as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BYTES) throw new Error(`attestations longer than ${MAX_BYTES} bytes`);
    parts.push(part);
  }
  if (response.statusCode !== 200) throw new Error(`attestations answered ${response.statusCode}`);
  const { attestations } = JSON.parse(Buffer.concat(parts).toString('utf8')) as { readonly attestations: unknown };
  if (!Array.isArray(attestations)) throw new TypeError('no list of attestations');
  let last = after;
  for (const wire of attestations as readonly unknown[]) {
    const checked = checkAttestation(wire, { ...deps.context, node: node.account, signer: node.signer });
    await deps.log.save(checked);
    if (checked.attestation.sequence > last) last = checked.attestation.sequence;
  }
  return last;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
