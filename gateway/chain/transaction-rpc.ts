import { BaseError, HttpRequestError, TimeoutError, TransactionReceiptNotFoundError, keccak256 } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';

import type { Address, Hex } from '../protocol/types.ts';
import type { ChainClient } from './clients.ts';
import { marketFees } from './fees.ts';
import type { Fees } from './fees.ts';
import type { TransactionRpc } from './sender.ts';

export type TransactionRpcDeps = { readonly client: ChainClient; readonly privateKey: Hex };

/** Where a chain has no word on tips. */
const USUAL_TIP = 1_000_000_000n;

export function createTransactionRpc({ client, privateKey }: TransactionRpcDeps): TransactionRpc {
  const account = privateKeyToAccount(privateKey);
  const { address } = account;
  return {
    address: address.toLowerCase() as Address,
    async nonces() {
      const [latest, pending] = await Promise.all([
        client.getTransactionCount({ address, blockTag: 'latest' }),
        client.getTransactionCount({ address, blockTag: 'pending' }),
      ]);
      return { latest, pending: Math.max(latest, pending) };
    },
    estimateGas: (to, data) => client.estimateGas({ account, to, data, blockTag: 'pending' }),
    async fees(): Promise<Fees> {
      const { baseFeePerGas } = await client.getBlock({ blockTag: 'latest' });
      if (baseFeePerGas === null) return { kind: 'legacy', gasPrice: await client.getGasPrice() };
      return marketFees(baseFeePerGas, await client.estimateMaxPriorityFeePerGas().catch(() => USUAL_TIP));
    },
    async sign({ nonce, to, data, gas, fees }) {
      const common = { chainId: client.chain.id, nonce, to, data, gas, value: 0n };
      const raw =
        fees.kind === 'legacy'
          ? await account.signTransaction({ ...common, type: 'legacy', gasPrice: fees.gasPrice })
          : await account.signTransaction({
              ...common,
              type: 'eip1559',
              maxFeePerGas: fees.maxFeePerGas,
              maxPriorityFeePerGas: fees.maxPriorityFeePerGas,
            });
      return { hash: keccak256(raw), raw };
    },
    async broadcast(raw) {
      try {
        await client.sendRawTransaction({ serializedTransaction: raw });
        return 'sent';
      } catch (error) {
        return arrival(error);
      }
    },
    async receipt(hash) {
      try {
        return await client.getTransactionReceipt({ hash });
      } catch (error) {
        if (error instanceof TransactionReceiptNotFoundError) return undefined;
        throw error;
      }
    },
    blockNumber: () => client.getBlockNumber(),
  };
}

/** @throws the error when it says that the server refused the transaction. */
function arrival(error: unknown): 'sent' | 'unknown' {
  if (!(error instanceof BaseError)) throw error;
  if (/already known|known transaction|already imported|nonce too low/i.test(error.message)) return 'sent';
  if (error.walk((cause) => cause instanceof HttpRequestError || cause instanceof TimeoutError) !== null)
    return 'unknown';
  throw error;
}
