import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { decodeFunctionData, encodeFunctionResult } from 'viem';

import { nodeStakingAbi } from '../../../gateway/chain/abi/node-staking.ts';
import { proofRegistryAbi } from '../../../gateway/chain/abi/proof-registry.ts';
import { ZERO_ADDRESS, ZERO_HASH } from '../../../gateway/protocol/types.ts';
import type { Address, Hex } from '../../../gateway/protocol/types.ts';

/** A JSON-RPC endpoint on loopback that answers from memory, encoded by viem from the compiled interfaces. */
export type FakeChain = {
  readonly url: string;
  readonly calls: string[];
  readonly batches: Map<bigint, { gateway: Address; root: Hex; seed: Hex }>;
  readonly signers: Map<string, Address>;
  chainId: bigint;
  failing: boolean;
  readonly close: () => Promise<void>;
};

type Call = { readonly id: number; readonly method: string; readonly params: readonly [{ to: Address; data: Hex }?] };

export async function startFakeChain(addresses: { nodeStaking: Address; proofRegistry: Address }): Promise<FakeChain> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const call = JSON.parse(Buffer.concat(parts).toString()) as Call;
      if (state.failing) return void response.writeHead(503).end('{}');
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: call.id, result: answer(state, addresses, call) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const state: FakeChain = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: [],
    batches: new Map(),
    signers: new Map(),
    chainId: 31337n,
    failing: false,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return state;
}

function answer(state: FakeChain, addresses: { nodeStaking: Address; proofRegistry: Address }, call: Call): string {
  if (call.method === 'eth_chainId') return `0x${state.chainId.toString(16)}`;
  const { to, data } = call.params[0] ?? { to: ZERO_ADDRESS, data: '0x' };
  if (to === addresses.proofRegistry) {
    const { functionName, args } = decodeFunctionData({ abi: proofRegistryAbi, data });
    state.calls.push(functionName);
    if (functionName !== 'batchOf') throw new Error(`unexpected ${functionName}`);
    const known = state.batches.get(args[0]) ?? { gateway: ZERO_ADDRESS, root: ZERO_HASH, seed: ZERO_HASH };
    const times = { epoch: 2n, anchorBlock: 9n, anchoredAt: 10n, recordBy: 20n, recordsRoot: ZERO_HASH };
    return encodeFunctionResult({ abi: proofRegistryAbi, functionName, result: { ...known, ...times } });
  }
  const { functionName, args } = decodeFunctionData({ abi: nodeStakingAbi, data });
  state.calls.push(functionName);
  if (functionName === 'currentEpoch') return encodeFunctionResult({ abi: nodeStakingAbi, functionName, result: 2n });
  if (functionName !== 'nodeOf') throw new Error(`unexpected ${functionName}`);
  return nodeResult(args[0], args[1], state.signers.get(`${args[0].toLowerCase()}:${args[1]}`));
}

function nodeResult(account: Address, role: number, signer: Address | undefined): Hex {
  const result = {
    account,
    role,
    stake: 10_000n * 10n ** 18n,
    unbonding: 0n,
    unbondingAvailableAt: 0n,
    activeFromEpoch: 1n,
    inactiveFromEpoch: 2n ** 32n - 1n,
    jailedUntilEpoch: 0n,
    signer: signer ?? ZERO_ADDRESS,
    payout: account,
    pendingPayout: ZERO_ADDRESS,
    registeredAt: signer === undefined ? 0n : 1_790_000_000n,
    metadataHash: ZERO_HASH,
    metadataUri: 'data:application/json,{"name":"somebody with a rather long description of itself"}',
  };
  return encodeFunctionResult({ abi: nodeStakingAbi, functionName: 'nodeOf', result });
}
