import { request } from 'undici';

import { bytesToHex, hexToBytes, writeWord } from '../protocol/bytes.ts';
import type { WordType } from '../protocol/bytes.ts';
import { keccakText } from '../protocol/keccak.ts';
import type { Address, Hex } from '../protocol/types.ts';

/**
 * The few questions an agent has for the chain, over plain JSON-RPC. All answers are fixed words, so a general ABI
 * library, whose start would cost more than the rest of the agent's, is not needed.
 */
export type ChainReader = {
  readonly chainId: () => Promise<bigint>;
  readonly currentEpoch: () => Promise<bigint>;
  readonly batchOf: (batchId: bigint) => Promise<ChainBatch>;
  /** Undefined: nobody is registered there. */
  readonly nodeOf: (account: Address, role: number) => Promise<ChainNode | undefined>;
};

export type ChainBatch = { readonly gateway: Address; readonly epoch: bigint; readonly root: Hex; readonly seed: Hex };

export type ChainNode = {
  readonly signer: Address;
  readonly stake: bigint;
  readonly activeFromEpoch: bigint;
  readonly inactiveFromEpoch: bigint;
};

export type ChainReaderDeps = {
  readonly rpcUrl: string;
  readonly nodeStaking: Address;
  readonly proofRegistry: Address;
  readonly timeoutMs: number;
};

const MAX_ANSWER_BYTES = 256 * 1024;

type Argument = { readonly type: WordType; readonly value: Hex | bigint | number };

export function createChainReader({ rpcUrl, nodeStaking, proofRegistry, timeoutMs }: ChainReaderDeps): ChainReader {
  const rpc = (method: string, params: readonly unknown[]): Promise<unknown> => post(rpcUrl, method, params, timeoutMs);
  const view = async (to: Address, signature: string, args: readonly Argument[]): Promise<readonly Hex[]> =>
    words(await rpc('eth_call', [{ to, data: callData(signature, args) }, 'latest']));
  return {
    chainId: async () => BigInt(String(await rpc('eth_chainId', []))),
    async currentEpoch() {
      const [epoch] = await view(nodeStaking, 'currentEpoch()', []);
      return integer(epoch);
    },
    async batchOf(batchId) {
      const found = await view(proofRegistry, 'batchOf(uint64)', [{ type: 'uint64', value: batchId }]);
      const [gateway, epoch, root, , , , seed] = found;
      return { gateway: address(gateway), epoch: integer(epoch), root: word(root), seed: word(seed) };
    },
    async nodeOf(account, role) {
      // word 0 is the offset of the struct: its last field, the metadata URI, has no fixed length
      const [, ...fields] = await view(nodeStaking, 'nodeOf(address,uint8)', [
        { type: 'address', value: account },
        { type: 'uint8', value: role },
      ]);
      const [, , stake, , , activeFrom, inactiveFrom, , signer, , , registeredAt] = fields;
      if (integer(registeredAt) === 0n) return undefined;
      return {
        signer: address(signer),
        stake: integer(stake),
        activeFromEpoch: integer(activeFrom),
        inactiveFromEpoch: integer(inactiveFrom),
      };
    },
  };
}

function callData(signature: string, args: readonly Argument[]): Hex {
  const bytes = new Uint8Array(4 + 32 * args.length);
  bytes.set(hexToBytes(keccakText(signature)).subarray(0, 4));
  args.forEach(({ type, value }, index) => writeWord(bytes, 4 + 32 * index, type, value));
  return bytesToHex(bytes);
}

function words(result: unknown): readonly Hex[] {
  if (typeof result !== 'string' || !/^0x(?:[0-9a-fA-F]{64})+$/.test(result))
    throw new Error('the chain answered with something that is not a list of words: wrong address or wrong chain');
  return (result.slice(2).toLowerCase().match(/.{64}/g) ?? []).map((part): Hex => `0x${part}`);
}

function word(value: Hex | undefined): Hex {
  if (value === undefined) throw new Error('the chain answered with too few words');
  return value;
}

const integer = (value: Hex | undefined): bigint => BigInt(word(value));
const address = (value: Hex | undefined): Address => `0x${word(value).slice(26)}`;

async function post(url: string, method: string, params: readonly unknown[], timeoutMs: number): Promise<unknown> {
  const response = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response.body as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_ANSWER_BYTES) throw new Error(`${method}: the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    parts.push(part);
  }
  if (response.statusCode !== 200)
    throw new Error(`${method}: the endpoint answered with status ${response.statusCode}`);
  const answer = JSON.parse(Buffer.concat(parts).toString('utf8')) as {
    result?: unknown;
    error?: { message?: unknown };
  };
  if (answer.error !== undefined) throw new Error(`${method}: ${String(answer.error.message).slice(0, 200)}`);
  return answer.result;
}
