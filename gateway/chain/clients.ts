import { createPublicClient, defineChain, http } from 'viem';
import type { Chain, PublicClient, Transport } from 'viem';

/** viem's view of whatever EVM chain stands behind the RPC: nothing is assumed but its id. */
export type ChainClient = PublicClient<Transport, Chain>;

export type ClientOptions = { readonly rpcUrl: string; readonly chainId: bigint; readonly pollMs: number };

export function createChainClient({ rpcUrl, chainId, pollMs }: ClientOptions): ChainClient {
  const chain = defineChain({
    id: Number(chainId),
    name: `chain ${chainId}`,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  return createPublicClient({
    chain,
    transport: http(rpcUrl, { timeout: 10_000, retryCount: 2 }),
    pollingInterval: pollMs,
    cacheTime: 0,
  });
}
