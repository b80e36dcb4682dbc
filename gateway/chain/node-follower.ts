import type { Role } from '../protocol/constants.ts';
import { canonicalJson } from '../protocol/canonical-json.ts';
import type { JsonValue } from '../protocol/canonical-json.ts';
import { keccakText } from '../protocol/keccak.ts';
import { NodeMetadata } from '../protocol/metadata.ts';
import type { Address, Hex } from '../protocol/types.ts';
import type { RegisteredNode } from '../registry/ports.ts';
import { request } from 'undici';
import type { Dispatcher } from 'undici';
import { Value } from 'typebox/value';

import { nodeStakingAbi } from './abi/node-staking.ts';
import type { ChainClient } from './clients.ts';

/** Keeps the registered nodes of every role, with checked metadata, in memory. */
export type NodeFollower = {
  /** Nodes whose metadata could be read: those that can be spoken to. */
  readonly list: () => readonly RegisteredNode[];
  /** Every registered node. Committees are drawn from these, whatever their metadata is worth. */
  readonly members: () => readonly Member[];
  readonly refresh: () => Promise<void>;
  readonly stop: () => void;
};

export type NodeFollowerDeps = {
  readonly client: ChainClient;
  readonly staking: Address;
  readonly pollMs: number;
  readonly onError: (account: Address | undefined, error: unknown) => void;
  readonly read?: (uri: string, hash: Hex) => Promise<NodeMetadata>;
  readonly nowMs?: () => number;
};

/** A node as the chain has it, with its agent's address if its metadata could be read. */
export type Member = Omit<RegisteredNode, 'metadata'> & { readonly endpoint?: string };

type ChainNode = Omit<RegisteredNode, 'metadata'> & { readonly metadataHash: Hex; readonly metadataUri: string };

const PAGE = 100n;
const ROLES: readonly Role[] = [0, 1, 2];
/** Epoch number of what never happens, as the contract has it. */
const NEVER = 2n ** 32n - 1n;
const MAX_FETCHES = 8;
const RETRY_MS = 30_000;
const METADATA_TIMEOUT_MS = 5_000;
const MAX_METADATA_BYTES = 64 * 1024;

export async function followNodes(deps: NodeFollowerDeps): Promise<NodeFollower> {
  const metadata = createMetadataBook(deps);
  let nodes: readonly RegisteredNode[] = [];
  let members: readonly Member[] = [];
  let fingerprint = '';

  async function refresh(): Promise<void> {
    const known = (await Promise.all(ROLES.map((role) => readRole(deps, role)))).flat();
    const found = await metadata.resolve(known);
    const resolved = known.map((node) => factsOf(node, found.get(node.metadataHash)));
    // The lists keep their identity while nothing changes, so that readers may cache by it.
    const next = JSON.stringify(resolved, (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
    if (next === fingerprint) return;
    fingerprint = next;
    members = resolved.map(({ metadata: found, ...node }) =>
      found === undefined ? node : { ...node, endpoint: found.endpoint },
    );
    nodes = resolved.flatMap(({ metadata: found, ...node }) =>
      found === undefined ? [] : [{ ...node, metadata: found }],
    );
  }

  await refresh();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    refresh()
      .catch((error: unknown) => deps.onError(undefined, error))
      .finally(() => {
        busy = false;
      });
  }, deps.pollMs);
  return { list: () => nodes, members: () => members, refresh, stop: () => clearInterval(timer) };
}

async function readRole({ client, staking }: NodeFollowerDeps, role: Role): Promise<readonly ChainNode[]> {
  const contract = { address: staking, abi: nodeStakingAbi } as const;
  const nodes: ChainNode[] = [];
  for (let from = 0n; ; from += PAGE) {
    const page = await client.readContract({ ...contract, functionName: 'nodesOf', args: [role, from, PAGE] });
    for (const node of page) {
      nodes.push({ ...node, role, account: lower(node.account), signer: lower(node.signer) });
    }
    if (BigInt(page.length) < PAGE) return nodes;
  }
}

function lower(address: Address): Address {
  return address.toLowerCase() as Address;
}

type Resolved = Omit<RegisteredNode, 'metadata'> & { readonly metadata?: NodeMetadata };

function factsOf(node: ChainNode, metadata: NodeMetadata | undefined): Resolved {
  const { account, role, signer, stake, activeFromEpoch, inactiveFromEpoch } = node;
  const facts = { account, role, signer, stake, activeFromEpoch, inactiveFromEpoch };
  return metadata === undefined ? facts : { ...facts, metadata };
}

/** Registering costs nothing but gas: whoever has neither stake nor office must not be able to make us fetch. */
function isWorthAsking({ stake, activeFromEpoch, inactiveFromEpoch }: ChainNode): boolean {
  return stake > 0n || (activeFromEpoch !== NEVER && inactiveFromEpoch === NEVER);
}

type MetadataBook = {
  /** Checked metadata by hash, as far as it can be had. Keeps nothing of nodes that are gone. */
  readonly resolve: (nodes: readonly ChainNode[]) => Promise<ReadonlyMap<Hex, NodeMetadata>>;
};

function createMetadataBook({ onError, read = readMetadata, nowMs = Date.now }: NodeFollowerDeps): MetadataBook {
  let documents = new Map<Hex, NodeMetadata>();
  let retryAt = new Map<string, number>();
  const keyOf = ({ metadataHash, metadataUri }: ChainNode): string => `${metadataHash} ${metadataUri}`;

  async function fetch(node: ChainNode): Promise<void> {
    try {
      documents.set(node.metadataHash, await read(node.metadataUri, node.metadataHash));
    } catch (error) {
      retryAt.set(keyOf(node), nowMs() + RETRY_MS);
      onError(node.account, error);
    }
  }

  return {
    async resolve(nodes) {
      const keys = new Set(nodes.map(keyOf));
      const hashes = new Set(nodes.map(({ metadataHash }) => metadataHash));
      documents = new Map([...documents].filter(([hash]) => hashes.has(hash)));
      retryAt = new Map([...retryAt].filter(([key]) => keys.has(key)));
      const now = nowMs();
      const missing = nodes.filter(
        (node) => isWorthAsking(node) && !documents.has(node.metadataHash) && (retryAt.get(keyOf(node)) ?? now) <= now,
      );
      await Promise.all(
        Array.from({ length: MAX_FETCHES }, async () => {
          for (let node = missing.shift(); node !== undefined; node = missing.shift()) await fetch(node);
        }),
      );
      return documents;
    },
  };
}

/** @throws when the document cannot be fetched, is not what the hash on chain says, or breaks the schema. */
export async function readMetadata(uri: string, hash: Hex, dispatcher?: Dispatcher): Promise<NodeMetadata> {
  const value = JSON.parse(await fetchText(uri, dispatcher)) as JsonValue;
  if (keccakText(canonicalJson(value)) !== hash)
    throw new Error(`metadata of ${uri.slice(0, 100)} is not the one registered`);
  return Value.Parse(NodeMetadata, value);
}

async function fetchText(uri: string, dispatcher: Dispatcher | undefined): Promise<string> {
  if (uri.startsWith('data:')) return dataUriText(uri);
  if (!/^https?:\/\//.test(uri)) throw new Error(`metadata URI scheme not supported: ${uri.slice(0, 40)}`);
  const response = await request(uri, {
    signal: AbortSignal.timeout(METADATA_TIMEOUT_MS),
    ...(dispatcher === undefined ? {} : { dispatcher }),
  });
  if (response.statusCode !== 200) throw new Error(`metadata answered ${response.statusCode}`);
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response.body as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_METADATA_BYTES) throw new Error(`metadata longer than ${MAX_METADATA_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function dataUriText(uri: string): string {
  const comma = uri.indexOf(',');
  const payload = uri.slice(comma + 1);
  if (comma === -1 || payload.length > MAX_METADATA_BYTES * 2) throw new Error('malformed data URI');
  return uri.slice(0, comma).endsWith(';base64')
    ? Buffer.from(payload, 'base64').toString('utf8')
    : decodeURIComponent(payload);
}
