import { setTimeout as sleep } from 'node:timers/promises';

import { request } from 'undici';
import type { Dispatcher } from 'undici';

import { checkAttestation } from '../receipt/attestation.ts';
import type { AttestationContext, AttestationLog, CheckedAttestation } from '../receipt/attestation.ts';
import type { Address } from '../protocol/types.ts';

/** Fetches what nodes have signed, off the path of any request: one long poll per node at a time. */
export type AttestedNode = { readonly account: Address; readonly signer: Address; readonly endpoint: string };

export type CollectDeps = {
  readonly nodes: () => readonly AttestedNode[];
  readonly log: AttestationLog;
  readonly context: Omit<AttestationContext, 'node' | 'signer'>;
  readonly waitMs: number;
  readonly dispatcher?: Dispatcher;
  readonly onError: (node: Address, error: unknown) => void;
  /** Resolves after `ms`, or when the signal aborts. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
};

export type Collector = { readonly start: () => void; readonly stop: () => Promise<void> };

const MAX_BYTES = 4 * 1024 * 1024;
const RETRY_MS = 500;
const RESCAN_MS = 500;
/** A node that answers at once with nothing new is not asked again at once. */
const EMPTY_MS = 50;
/**
 * How often an attestation is refused before it is passed over. A signer that was just replaced may be unknown here for
 * a moment; what an old one signed will never be accepted, and must not hold up what comes after it.
 */
const MAX_REFUSALS = 8;

export function createCollector(deps: CollectDeps): Collector {
  const loops = new Map<Address, Promise<void>>();
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;

  async function follow(account: Address): Promise<void> {
    const { pause = pauseFor } = deps;
    const { signal } = stopping;
    let place: Place = { after: await deps.log.lastSequence(account), refusals: 0 };
    while (!signal.aborted) {
      const node = deps.nodes().find((candidate) => candidate.account === account);
      if (node === undefined) return; // it left; scan() starts a new loop if it comes back
      try {
        const collected = await collectOnce(deps, node, place.after, signal);
        if (collected.refused !== undefined) deps.onError(account, collected.refused.error);
        const { pauseMs, ...next } = nextPlace(place, collected);
        place = next;
        if (pauseMs > 0) await pause(pauseMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        deps.onError(account, error);
        await pause(RETRY_MS, signal);
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

type Place = { readonly after: bigint; readonly refusals: number };

function nextPlace({ after, refusals }: Place, { last, refused }: Collected): Place & { readonly pauseMs: number } {
  if (refused === undefined) return { after: last, refusals: 0, pauseMs: last === after ? EMPTY_MS : 0 };
  const again = last > after ? 1 : refusals + 1;
  if (again >= MAX_REFUSALS && refused.sequence > last) return { after: refused.sequence, refusals: 0, pauseMs: 0 };
  return { after: last, refusals: again, pauseMs: RETRY_MS };
}

type Refused = { readonly error: unknown; readonly sequence: bigint };

type Collected = {
  /** Highest sequence saved so far. */
  readonly last: bigint;
  /** The first attestation of the answer that was not accepted. */
  readonly refused?: Refused;
};

async function collectOnce(
  deps: CollectDeps,
  node: AttestedNode,
  after: bigint,
  stopping: AbortSignal,
): Promise<Collected> {
  const query = `gateway=${deps.context.gateway}&after=${after}&waitMs=${deps.waitMs}`;
  const response = await request(`${node.endpoint}/dgrid/v1/attestations?${query}`, {
    ...(deps.dispatcher === undefined ? {} : { dispatcher: deps.dispatcher }),
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
  return keep(deps, node, after, attestations);
}

/** Saves attestations in their order, up to the first one that is refused. */
async function keep(
  deps: CollectDeps,
  node: AttestedNode,
  after: bigint,
  attestations: readonly unknown[],
): Promise<Collected> {
  let last = after;
  for (const wire of attestations) {
    const checked = check(wire, { ...deps.context, node: node.account, signer: node.signer });
    if ('error' in checked) return { last, refused: checked };
    if (checked.attestation.sequence <= last) continue; // seen before: its number is taken
    await deps.log.save(checked);
    last = checked.attestation.sequence;
  }
  return { last };
}

function check(wire: unknown, context: AttestationContext): CheckedAttestation | Refused {
  try {
    return checkAttestation(wire, context);
  } catch (error) {
    return { error, sequence: sequenceOf(wire) };
  }
}

/** Where a refused attestation says it stands; 0 when it does not even say that. */
function sequenceOf(wire: unknown): bigint {
  const { sequence } = (wire ?? {}) as { readonly sequence?: unknown };
  return typeof sequence === 'string' && /^\d{1,18}$/.test(sequence) ? BigInt(sequence) : 0n;
}

function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => undefined);
}
