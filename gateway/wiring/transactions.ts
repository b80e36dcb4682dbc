import { setTimeout as pause } from 'node:timers/promises';

import type { ChainClient } from '../chain/clients.ts';
import { createSender } from '../chain/sender.ts';
import type { Sender } from '../chain/sender.ts';
import { createTransactionRpc } from '../chain/transaction-rpc.ts';
import type { Config } from '../config.ts';
import { reasonOf } from '../lib/reason.ts';
import { repeat } from '../lib/repeat.ts';
import { steadyNow } from '../lib/steady-now.ts';
import type { Hex } from '../protocol/types.ts';
import type { Store } from '../store/store.ts';
import { createTransactionLog } from '../store/transaction-log.ts';
import type { Log } from '../telemetry/logger.ts';

type Inputs = { readonly config: Config; readonly signerKey: Hex; readonly log: Log };

export type Transactions = {
  readonly sender: Sender;
  readonly start: () => void;
  /** Whoever waits for a block is told; what was sent is in the store. */
  readonly stop: () => Promise<void>;
};

const WEI_PER_GWEI = 1_000_000_000n;

/** The signer's transactions, looked after until they are final. */
export function createTransactions(
  { config, signerKey, log }: Inputs,
  client: ChainClient,
  store: Store,
): Transactions {
  const stopping = new AbortController();
  const { send, tend } = createSender({
    rpc: createTransactionRpc({ client, privateKey: signerKey }),
    book: createTransactionLog(store),
    confirmations: config.confirmations,
    finalityBlocks: BigInt(config.finalityBlocks),
    timeoutMs: config.txTimeoutMs,
    maxFeePerGas: BigInt(config.maxFeeGwei) * WEI_PER_GWEI,
    now: steadyNow,
    pause: () => pause(config.chainPollMs, undefined, { signal: stopping.signal }),
  });
  const tending = repeat(tend, {
    everyMs: 2 * config.chainPollMs,
    onError: (error) => log.warn({ reason: reasonOf(error) }, 'transactions not looked after'),
  });
  return {
    sender: { send },
    start: tending.start,
    async stop() {
      stopping.abort();
      await tending.stop();
    },
  };
}
