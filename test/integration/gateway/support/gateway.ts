import type { KeyTerms } from '../../../../gateway/account/key-file.ts';
import { createApiKey, createKeyring } from '../../../../gateway/account/keyring.ts';
import { createLedger } from '../../../../gateway/account/ledger.ts';
import type { Ledger } from '../../../../gateway/account/ledger.ts';
import { createFormatRunner } from '../../../../gateway/agents/evaluator/format-runner.ts';
import { buildApp } from '../../../../gateway/app.ts';
import type { App, AppDeps } from '../../../../gateway/app.ts';
import { createBreaker } from '../../../../gateway/execute/breaker.ts';
import type { Breaker } from '../../../../gateway/execute/breaker.ts';
import { measure } from '../../../../gateway/execute/measure.ts';
import { createNodeClient } from '../../../../gateway/execute/node-client.ts';
import type { Address } from '../../../../gateway/protocol/types.ts';
import { createConditionBook } from '../../../../gateway/registry/conditions.ts';
import type { ConditionBook } from '../../../../gateway/registry/conditions.ts';
import type { RegisteredNode } from '../../../../gateway/registry/ports.ts';
import { createQualityBook } from '../../../../gateway/registry/quality-book.ts';
import { createLogger } from '../../../../gateway/telemetry/logger.ts';
import { createMetrics } from '../../../../gateway/telemetry/metrics.ts';
import { createMeetsFormat } from '../../../../gateway/wiring/repair.ts';
import { createMemoryReceiptLog } from './memory-receipt-log.ts';
import type { MemoryReceiptLog } from './memory-receipt-log.ts';

export const GATEWAY: Address = `0x${'99'.repeat(20)}`;
export const account = (index: number): Address => `0x${(index + 1).toString(16).padStart(40, '0')}`;

export function inferenceNode(
  index: number,
  endpoint: string,
  overrides: Partial<RegisteredNode> = {},
): RegisteredNode {
  return {
    account: account(index),
    role: 0,
    signer: account(index + 1_000),
    stake: 10_000n * 10n ** 18n,
    activeFromEpoch: 0n,
    inactiveFromEpoch: 2n ** 32n - 1n,
    metadata: {
      version: 1,
      name: `node-${index}`,
      endpoint,
      models: [
        {
          id: 'demo',
          contextLength: 8_192,
          maxOutputTokens: 2_048,
          capabilities: ['json', 'tools'],
          price: { input: 100_000, output: 400_000 },
        },
      ],
    },
    ...overrides,
  };
}

export type TestGateway = {
  readonly url: string;
  readonly key: string;
  readonly keyHash: string;
  readonly app: App;
  readonly receipts: MemoryReceiptLog;
  readonly breaker: Breaker;
  readonly conditions: ConditionBook;
  readonly ledger: Ledger;
  readonly close: () => Promise<void>;
};

/** A whole gateway over the given nodes, listening on loopback, with short time limits. */
export async function startGateway(
  nodes: readonly RegisteredNode[],
  { terms = {}, ...overrides }: Partial<AppDeps> & { readonly terms?: KeyTerms } = {},
): Promise<TestGateway> {
  const { key, record } = createApiKey('test');
  const keyring = createKeyring([{ ...record, ...terms }]);
  const ledger = createLedger({ keyOf: keyring.byHash, totals: [], nowMs: Date.now });
  const receipts = createMemoryReceiptLog();
  const nowMs = (): number => performance.now();
  const breaker = createBreaker(
    { consecutive: 3, window: 20, ratioBps: 5_000, openMs: 60_000, maxOpenMs: 60_000, slowStartMs: 0 },
    nowMs,
  );
  const conditions = createConditionBook(nowMs);
  const client = createNodeClient({ connectMs: 200, keepAliveMs: 1_000 });
  const format = createFormatRunner({ deadlineMs: 1_000, onTimeout: () => undefined });
  const app = buildApp({
    gateway: GATEWAY,
    domain: {
      chainId: 31337n,
      nodeStaking: `0x${'a1'.repeat(20)}`,
      proofRegistry: `0x${'a2'.repeat(20)}`,
      rewardDistributor: `0x${'a3'.repeat(20)}`,
    },
    nodes: { list: () => nodes },
    chain: { blockTime: () => 1_700_000_000n, epoch: () => 3n, minimumStake: () => 10_000n * 10n ** 18n },
    receipts,
    client,
    meter: { measure: async (job) => measure(job) },
    breaker,
    conditions,
    quality: createQualityBook(),
    limits: { connectMs: 300, headersMs: 300, firstTokenMs: 300, chunkMs: 250, totalMs: 3_000, plainMs: 300 },
    maxAttempts: 3,
    maxAnswerBytes: 1_048_576,
    exploreBps: 0,
    randomUint32: () => 0,
    epochs: { find: async () => undefined },
    datasets: { epoch: async () => undefined, batch: async () => undefined },
    params: () => ({ version: 1 }),
    checkKey: keyring.check,
    meetsFormat: createMeetsFormat(format),
    ledger,
    votes: { cast: async () => undefined },
    notReady: () => [],
    metrics: createMetrics(),
    log: createLogger('silent'),
    nowMs,
    bodyLimitBytes: 1_048_576,
    corsOrigins: [],
    maxInFlight: 100,
    keepAliveMs: 10_000,
    docs: true,
    ...overrides,
  });
  const url = await app.http.listen({ port: 0, host: '127.0.0.1' });
  return {
    url,
    key,
    keyHash: record.hash,
    app,
    receipts,
    breaker,
    conditions,
    ledger,
    async close() {
      await app.http.close();
      await client.close();
      await format.close();
    },
  };
}
