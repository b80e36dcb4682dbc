import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createHmac, hkdfSync, randomBytes, randomInt } from 'node:crypto';

import type { App } from '../app.ts';
import { createKeyring, hashKey } from '../account/keyring.ts';
import type { Keyring } from '../account/keyring.ts';
import type { ApiKey } from '../account/key-file.ts';
import { dayOf } from '../account/account.ts';
import { createLedger } from '../account/ledger.ts';
import { domainsOf, workerDeps } from './background.ts';
import type { Background } from './background.ts';
import type { GoldRules } from '../gold/prepare.ts';
import { createAnchorChain, readRules } from '../chain/anchor-chain.ts';
import { createChainClient } from '../chain/clients.ts';
import type { ChainClient } from '../chain/clients.ts';
import type { DeploymentAddresses } from '../lib/deployment.ts';
import { followHead } from '../chain/head.ts';
import type { HeadFollower } from '../chain/head.ts';
import { createMembership } from '../chain/membership.ts';
import { followNodes, readMetadata } from '../chain/node-follower.ts';
import type { NodeFollower } from '../chain/node-follower.ts';
import { createTransactions } from './transactions.ts';
import { readStaking } from '../chain/staking-facts.ts';
import type { StakingFacts } from '../chain/staking-facts.ts';
import type { Config } from '../config.ts';
import { createForeground } from './foreground.ts';
import { createTables } from '../epoch/tables.ts';
import { createGoldSource } from '../gold/source.ts';
import { goldKey, goldLeafOf, goldRequestBody, goldTruth, parseGoldTask } from '../gold/task.ts';
import type { GoldTask } from '../gold/task.ts';
import { createOutbound, parseNetworks } from '../lib/outbound.ts';
import type { Outbound } from '../lib/outbound.ts';
import { reasonOf } from '../lib/reason.ts';
import type { JsonObject } from '../protocol/content.ts';
import { bytesToHex, hexToBytes } from '../protocol/bytes.ts';
import type { ProtocolParams } from '../protocol/params.ts';
import { createSigner } from '../protocol/signature.ts';
import type { Address, Hex } from '../protocol/types.ts';
import { createAnchorLog } from '../store/anchor-log.ts';
import { createLostBatches } from '../store/lost-batches.ts';
import { createAttestationLog } from '../store/attestation-log.ts';
import { createBatchLog, storedSerials } from '../store/batch-log.ts';
import { createContentCipher } from '../store/content-cipher.ts';
import { createDatasetFiles } from '../store/dataset-files.ts';
import { createEpochLog } from '../store/epoch-log.ts';
import { createExaminationLog } from '../store/examination-log.ts';
import { createGoldLog } from '../store/gold-log.ts';
import { createOutboxLog, wakeOutbox } from '../store/outbox-log.ts';
import { createPublishedDatasets } from '../store/published-datasets.ts';
import { createInFlight } from '../store/in-flight.ts';
import { createSealThread } from '../batch/seal-thread.ts';
import { createReceiptLog } from '../store/receipt-log.ts';
import { createSpendingLog } from '../store/spending-log.ts';
import { openStore } from '../store/sqlite.ts';
import type { Store } from '../store/store.ts';
import { createVoteLog } from '../store/vote-log.ts';
import type { DatasetFiles } from '../epoch/ports.ts';
import type { ReceiptLog } from '../receipt/ports.ts';
import type { Log } from '../telemetry/logger.ts';
import { createWorkers } from '../workers.ts';
import { watchKeys } from './key-watch.ts';
import { createRetention } from './retention.ts';
import type { QualityPredictor } from '../route/quality/predictor.ts';
import { requireSameRules, requireWholeStore } from './start-checks.ts';

/** What the process read from files before anything was started. */
export type Inputs = {
  readonly config: Config;
  readonly contracts: DeploymentAddresses;
  readonly params: ProtocolParams;
  readonly keys: readonly ApiKey[];
  readonly signerKey: Hex;
  /** What content at rest is encrypted under. */
  readonly dataKey: Hex;
  readonly storedGolds: readonly GoldTask[];
  readonly foresight: QualityPredictor | undefined;
  readonly log: Log;
};

/** A running gateway, short of listening. `stop` goes back in reverse order of start. */
export type Gateway = { readonly app: App; readonly start: () => void; readonly stop: () => Promise<void> };

type ChainSide = {
  readonly outbound: Outbound;
  readonly client: ChainClient;
  readonly head: HeadFollower;
  readonly nodes: NodeFollower;
  readonly staking: StakingFacts;
};

/** How soon a key that was made, changed or revoked counts. */
const KEYS_EVERY_MS = 1_000;

/** Scored receipts that routing starts from after a restart. */
const ROUTING_HISTORY = 5_000;

export async function createGateway(inputs: Inputs): Promise<Gateway> {
  const side = await openChain(inputs);
  const gateway = inputs.config.account.toLowerCase() as Address;
  const store = await openFile(inputs.config);
  const transactions = createTransactions(inputs, side.client, store);
  const chain = createAnchorChain({ ...side, sender: transactions.sender, contracts: inputs.contracts, gateway });
  const { logs, receipts, files } = await openLogs(inputs, { store, gateway, firstSerial: await chain.nextSerial() });
  const keyring = createKeyring(inputs.keys);
  const keys = keysOf(inputs, keyring);
  const totals = await createSpendingLog(store).totals(dayOf(Date.now()));
  const { app, quality, close } = createForeground({
    ...inputs,
    ...side,
    gateway,
    keyring,
    ledger: createLedger({ keyOf: keyring.byHash, totals, nowMs: Date.now }),
    receipts,
    votes: createVoteLog(store),
    distributions: logs.epoch,
    datasets: createPublishedDatasets({ log: logs.epoch, files }),
  });
  const golds = goldRules(inputs, await logs.gold.everPrepared());
  for (const report of await logs.anchor.recentScores(ROUTING_HISTORY)) quality.recordScore(report);
  const sealing = createSealThread({ signerKey: inputs.signerKey, ...domainsOf(inputs.contracts) });
  const parts = { side, gateway, chain, logs, files, golds, serve: app.serve, seal: sealing.seal };
  const workers = createWorkers(workerDeps({ ...backgroundOf(inputs, parts), recordScore: quality.recordScore }));
  const retention = await createRetention({ ...inputs, store, files });
  return {
    app,
    start() {
      keys.start();
      retention.start();
      transactions.start();
      workers.start();
    },
    async stop() {
      await app.http.close();
      await retention.stop();
      await keys.stop();
      await transactions.stop(); // what waits for a block ends, and goes on at the next start
      await workers.stop();
      await sealing.close();
      side.nodes.stop();
      side.head.stop();
      await close();
      await side.outbound.close();
      await store.close();
    },
  };
}

function keysOf({ config, log }: Inputs, keyring: Keyring): ReturnType<typeof watchKeys> {
  return watchKeys({
    path: config.keysFile,
    everyMs: KEYS_EVERY_MS,
    onKeys: keyring.replace,
    onError: (reason) => log.error({ reason }, 'key file not read; the keys stay as they were'),
  });
}

type Logs = Background['logs'];
type OpenLogs = {
  readonly logs: Logs;
  readonly receipts: ReceiptLog;
  readonly files: DatasetFiles;
};

async function openFile({ dataDir }: Config): Promise<Store> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  return await openStore(join(dataDir, 'gateway.db'));
}

type LogsOf = { readonly store: Store; readonly gateway: Address; readonly firstSerial: bigint };

async function openLogs({ config, dataKey }: Inputs, { store, gateway, firstSerial }: LogsOf): Promise<OpenLogs> {
  requireWholeStore({ onChain: firstSerial, stored: await storedSerials(store) }, config.acceptLostStore);
  const cipher = createContentCipher(dataKey);
  await wakeOutbox(store);
  const inFlight = createInFlight();
  const logs = {
    outbox: createOutboxLog(store),
    batch: createBatchLog({ store, firstSerial }),
    anchor: createAnchorLog(store),
    passed: createLostBatches(store),
    examination: createExaminationLog(store, cipher),
    attestation: createAttestationLog(store, inFlight),
    epoch: createEpochLog({ store, gateway, payerOf: createPayerHash(dataKey) }),
    gold: createGoldLog(store, cipher),
  };
  const files = await createDatasetFiles(join(config.dataDir, 'datasets'));
  return { logs, receipts: await createReceiptLog({ store, cipher, firstSerial, inFlight }), files };
}

type BackgroundSide = Pick<Background, 'gateway' | 'chain' | 'logs' | 'files' | 'golds' | 'serve' | 'seal'> & {
  readonly side: ChainSide;
};

function backgroundOf(inputs: Inputs, { side, ...parts }: BackgroundSide): Omit<Background, 'recordScore'> {
  const { config, contracts, params, log, signerKey } = inputs;
  const { chain, logs } = parts;
  return {
    ...parts,
    log,
    signer: createSigner(signerKey),
    dispatcher: side.outbound.dispatcher,
    contracts,
    clock: side.staking.clock,
    recordWindow: side.staking.recordWindow,
    params,
    nodes: side.nodes,
    membership: createMembership({
      ...{ client: side.client, staking: contracts.nodeStaking, nodes: side.nodes, head: side.head.head },
      ...{ blockHash: chain.blockHash, finalityBlocks: BigInt(config.finalityBlocks) },
    }),
    tables: createTables({ inForce: chain.epochState, distribution: logs.epoch.distribution }),
    settings: {
      ...config,
      pollMs: config.chainPollMs,
      // Keys that exist nowhere else: the traffic of golds and replays is paid by the gateway itself.
      goldKeyHash: hashKey(`gold ${randomBytes(32).toString('hex')}`),
      replayKeyHash: hashKey(`replay ${randomBytes(32).toString('hex')}`),
    },
  };
}

async function openChain({ config, contracts, params, log }: Inputs): Promise<ChainSide> {
  const pollMs = config.chainPollMs;
  const outbound = outboundOf(config, contracts.chainId);
  const client = createChainClient({ rpcUrl: config.rpcUrl, chainId: contracts.chainId, pollMs });
  const chainId = await client.getChainId().then(BigInt, (error: unknown) => {
    throw new Error(`no chain answers at ${config.rpcUrl}: ${reasonOf(error)}`);
  });
  if (chainId !== contracts.chainId) {
    throw new Error(`the RPC at ${config.rpcUrl} is chain ${chainId}, the deployment file is for ${contracts.chainId}`);
  }
  requireSameRules(params, await readRules(client, contracts));
  const staking = await readStaking(client, contracts.nodeStaking);
  const onError = (error: unknown): void => log.warn({ reason: reasonOf(error) }, 'chain not read');
  const head = await followHead({ client, pollMs, onError });
  const nodes = await followNodes({
    client,
    staking: contracts.nodeStaking,
    pollMs: 4 * pollMs,
    read: (uri, hash) => readMetadata(uri, hash, outbound.dispatcher),
    onError: (account, error) => log.warn({ account, reason: reasonOf(error) }, 'node not read'),
  });
  return { client, head, nodes, staking, outbound };
}

/** The chain that developers run on their own machine, with their nodes beside it. */
const LOCAL_CHAIN = 31_337n;

function outboundOf({ connectMs, allowedNetworks }: Config, chainId: bigint): Outbound {
  const local = chainId === LOCAL_CHAIN ? ['127.0.0.0/8', '::1'] : [];
  return createOutbound({ connectMs, allowed: parseNetworks([...allowedNetworks, ...local]) });
}

/** @param used tasks of earlier runs, which are public or will be: they are retired. */
function goldRules({ config, storedGolds }: Inputs, used: readonly JsonObject[]): GoldRules {
  const retired = new Set(used.map((task) => goldKey(parseGoldTask(task))));
  const source = createGoldSource({ random: randomInt, stored: storedGolds, retired });
  return {
    prepare: (epoch) =>
      source.take(config.goldsPerEpoch).map((task, index) => {
        const salt = bytesToHex(randomBytes(32));
        return { leaf: goldLeafOf(task, epoch, index, salt), task };
      }),
    requestBody: goldRequestBody,
    truth: goldTruth,
  };
}

/** Payers appear in a dataset as a keyed hash: stable for one gateway, meaningless to everybody else. */
function createPayerHash(dataKey: Hex): (keyHash: string) => Hex {
  const key = Buffer.from(hkdfSync('sha256', hexToBytes(dataKey), 'DGrid', 'payer hash v1', 32));
  return (keyHash) => bytesToHex(createHmac('sha256', key).update(keyHash).digest());
}
