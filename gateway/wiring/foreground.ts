import { randomInt } from 'node:crypto';

import type { Keyring } from '../account/keyring.ts';
import type { Ledger } from '../account/ledger.ts';
import { createFormatRunner } from '../agents/evaluator/format-runner.ts';
import { buildApp } from '../app.ts';
import type { App, AppDeps } from '../app.ts';
import { readEpoch } from '../chain/anchor-chain.ts';
import type { ChainClient } from '../chain/clients.ts';
import type { HeadFollower } from '../chain/head.ts';
import type { StakingFacts } from '../chain/staking-facts.ts';
import { createEpochViews } from '../claim/epoch-view.ts';
import type { Config } from '../config.ts';
import type { EpochLog } from '../epoch/ports.ts';
import { BREAKER_DEFAULTS, createBreaker } from '../execute/breaker.ts';
import { measure } from '../execute/measure.ts';
import { createMeter } from '../execute/meter.ts';
import type { Meter } from '../execute/meter.ts';
import { createNodeClient } from '../execute/node-client.ts';
import type { NodeClient } from '../execute/node-client.ts';
import { createSessions } from '../execute/sessions.ts';
import type { DeploymentAddresses } from '../lib/deployment.ts';
import { epochOf } from '../protocol/epoch.ts';
import type { Outbound } from '../lib/outbound.ts';
import { steadyNow } from '../lib/steady-now.ts';
import type { ProtocolParams } from '../protocol/params.ts';
import { createSigner } from '../protocol/signature.ts';
import type { Address, Hex } from '../protocol/types.ts';
import type { ReceiptLog, VoteLog } from '../receipt/ports.ts';
import { createConditionBook } from '../registry/conditions.ts';
import type { ChainView, NodeSource } from '../registry/ports.ts';
import { createQualityBook } from '../registry/quality-book.ts';
import type { QualityBook } from '../registry/quality-book.ts';
import type { QualityPredictor } from '../route/quality/predictor.ts';
import type { PublishedDatasets } from '../store/published-datasets.ts';
import type { Log } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { formatConstrained } from './format-constrained.ts';
import type { MeterThreadData } from './meter-thread.ts';
import { createMeetsFormat } from './repair.ts';

/** The foreground half: API, routing, calls to nodes, receipts. */
export type ForegroundInputs = {
  readonly config: Config;
  readonly contracts: DeploymentAddresses;
  readonly params: ProtocolParams;
  readonly keyring: Keyring;
  readonly ledger: Ledger;
  readonly log: Log;
  readonly client: ChainClient;
  readonly head: HeadFollower;
  readonly staking: StakingFacts;
  readonly nodes: NodeSource;
  readonly outbound: Pick<Outbound, 'connect'>;
  readonly gateway: Address;
  readonly signerKey: Hex;
  /** What content at rest is encrypted under. */
  readonly dataKey: Hex;
  readonly receipts: ReceiptLog;
  readonly votes: VoteLog;
  readonly distributions: Pick<EpochLog, 'distribution'>;
  readonly datasets: PublishedDatasets;
  readonly foresight?: QualityPredictor | undefined;
};

export type Foreground = {
  readonly app: App;
  readonly quality: QualityBook;
  readonly close: () => Promise<void>;
};

const NODE_KEEP_ALIVE_MS = 10_000;
/** For one answer's schema; what takes longer is taken for met. */
const FORMAT_MS = 500;
/** Measured on the thread that pumps bytes: about 0.1 ms of work at most. */
const SHORT_CHARS = 2_000;
const METER_THREAD = new URL('./meter-thread.ts', import.meta.url);

export function createForeground(inputs: ForegroundInputs): Foreground {
  const { config, contracts, params, log, gateway, nodes } = inputs;
  const client = clientOf(inputs);
  const meter = meterOf(config, inputs.dataKey);
  const quality = createQualityBook();
  const format = createFormatRunner({
    deadlineMs: FORMAT_MS,
    onTimeout: (constraints) => log.warn({ constraints }, 'a format was not checked in time'),
  });
  const app = buildApp({
    ...config,
    gateway,
    domain: {
      chainId: contracts.chainId,
      nodeStaking: contracts.nodeStaking,
      proofRegistry: contracts.proofRegistry,
      rewardDistributor: contracts.rewardDistributor,
    },
    nodes,
    chain: chainView(inputs),
    session: sessionsOf(inputs),
    receipts: inputs.receipts,
    client,
    meter,
    breaker: createBreaker(BREAKER_DEFAULTS, steadyNow),
    conditions: createConditionBook(steadyNow),
    quality,
    foresight: inputs.foresight,
    randomUint32: () => randomInt(2 ** 32),
    epochs: epochReads(inputs),
    datasets: inputs.datasets,
    params: () => params,
    checkKey: inputs.keyring.check,
    meetsFormat: createMeetsFormat(format),
    ledger: inputs.ledger,
    votes: inputs.votes,
    notReady: () => (nodes.list().length === 0 ? ['no node is registered'] : []),
    metrics: createMetrics(),
    log,
    nowMs: steadyNow,
  });
  const close = async (): Promise<void> => {
    await client.close();
    await meter.close();
    await format.close();
  };
  return { app, quality, close };
}

function clientOf({ config, outbound }: ForegroundInputs): NodeClient {
  return createNodeClient({
    connectMs: config.connectMs,
    keepAliveMs: NODE_KEEP_ALIVE_MS,
    connect: outbound.connect,
  });
}

function sessionsOf({ gateway, signerKey, contracts }: ForegroundInputs): (node: Address) => string {
  const domain = { chainId: contracts.chainId, verifyingContract: contracts.nodeStaking };
  return createSessions({ gateway, signer: createSigner(signerKey), domain, nowMs: Date.now });
}

function meterOf({ maxInFlight }: Config, dataKey: Hex): Meter {
  return createMeter({
    maxQueue: maxInFlight * 2,
    thread: METER_THREAD,
    threadData: { dataKey } satisfies MeterThreadData,
    short: { maxChars: SHORT_CHARS, measure: (job) => measure(job, { formatConstrained }) },
  });
}

function chainView({ head, staking }: ForegroundInputs): ChainView {
  return {
    blockTime: () => head.head().timestamp,
    epoch: () => epochOf(staking.clock, head.head().timestamp),
    minimumStake: () => staking.minimumStake,
  };
}

function epochReads({ client, contracts, staking, distributions }: ForegroundInputs): AppDeps['epochs'] {
  return {
    find: createEpochViews({
      clock: staking.clock,
      distributor: { chainId: contracts.chainId, contract: contracts.rewardDistributor },
      status: (epoch) => readEpoch(client, contracts.rewardDistributor, epoch),
      result: distributions.distribution,
    }),
  };
}
