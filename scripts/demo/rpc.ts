/** The few raw JSON-RPC calls that the demo makes itself; everything else goes through the operator commands' library. */

export async function rpcCall(
  url: string,
  method: string,
  params: readonly unknown[],
  signal?: AbortSignal,
): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: signal ?? AbortSignal.timeout(10_000),
  });
  const answer = (await response.json()) as {
    readonly result?: unknown;
    readonly error?: { readonly message?: string };
  };
  if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message ?? 'refused'}`);
  return answer.result;
}

export type BlockHead = { readonly number: number; readonly timestamp: bigint };

export async function latestBlock(url: string, signal?: AbortSignal): Promise<BlockHead> {
  const block = (await rpcCall(url, 'eth_getBlockByNumber', ['latest', false], signal)) as Readonly<
    Record<string, string>
  >;
  return { number: Number(block['number']), timestamp: BigInt(block['timestamp'] ?? 0) };
}
