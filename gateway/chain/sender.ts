import { createWalletClient, encodeFunctionData, http } from 'viem';
import type { Abi, Hex as ViemHex, TransactionReceipt } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';

import type { Address, Hex } from '../protocol/types.ts';
import type { ChainClient } from './clients.ts';

/** Sends the gateway's transactions one nonce after the other; several may be in flight. */
export type Sender = {
  readonly address: Address;
  /** Resolves with the receipt once it has `confirmations`; rejects when the call would or did revert. */
  readonly send: (call: ContractCall) => Promise<TransactionReceipt>;
};

export type ContractCall = {
  readonly address: Address;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
};

export type SenderOptions = {
  readonly client: ChainClient;
  readonly rpcUrl: string;
  readonly privateKey: Hex;
  readonly confirmations: number;
  /** How long a transaction may stay unmined before the caller is told, and may try again. */
  readonly timeoutMs: number;
};

export function createSender({ client, rpcUrl, privateKey, confirmations, timeoutMs }: SenderOptions): Sender {
  const account = privateKeyToAccount(privateKey);
  const wallet = createWalletClient({ account, chain: client.chain, transport: http(rpcUrl, { timeout: 10_000 }) });
  let queue: Promise<unknown> = Promise.resolve();
  let nextNonce: number | undefined;

  async function submit(call: ContractCall): Promise<ViemHex> {
    const data = encodeFunctionData(call);
    try {
      // Simulated on top of what is already waiting, so that a row of dependent calls can be sent in one go.
      const gas = await client.estimateGas({ account, to: call.address, data, blockTag: 'pending' });
      nextNonce ??= await client.getTransactionCount({ address: account.address, blockTag: 'pending' });
      const hash = await wallet.sendTransaction({ to: call.address, data, gas: (gas * 12n) / 10n, nonce: nextNonce });
      nextNonce += 1;
      return hash;
    } catch (error) {
      nextNonce = undefined; // whatever was sent or lost, the chain knows the next one
      throw error;
    }
  }

  return {
    address: account.address.toLowerCase() as Address,
    async send(call) {
      const submitted = queue.then(() => submit(call));
      queue = submitted.catch(() => undefined);
      const hash = await submitted;
      const receipt = await client
        .waitForTransactionReceipt({ hash, confirmations, timeout: timeoutMs })
        .catch((error: unknown) => {
          nextNonce = undefined;
          throw error;
        });
      if (receipt.status !== 'success') throw new Error(`${call.functionName} reverted in ${hash}`);
      return receipt;
    },
  };
}
