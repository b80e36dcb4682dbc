import type { Logger } from 'pino';
import type { Dispatcher } from 'undici';

import { drawReceipts } from '../anchor/draw-receipts.ts';
import type { AnchorChain } from '../anchor/ports.ts';
import type { Membership } from '../chain/membership.ts';
import type { Member } from '../chain/node-follower.ts';
import type { DeploymentAddresses } from '../lib/deployment.ts';
import { distribute } from '../epoch/distribute.ts';
import { createReadiness } from '../epoch/readiness.ts';
import { gatherFacts } from '../epoch/gather-facts.ts';
import type { GatherDeps } from '../epoch/gather-facts.ts';
import type { DatasetFiles, EpochLog } from '../epoch/ports.ts';
import type { Tables } from '../epoch/tables.ts';
import { createEvaluatorClient } from '../evaluate/evaluator-client.ts';
import type { EvaluatorNode, ExaminationLog } from '../evaluate/ports.ts';
import type { GoldLog } from '../gold/ports.ts';
import { prepareGolds } from '../gold/prepare.ts';
import type { GoldRules } from '../gold/prepare.ts';
import { reasonOf } from '../lib/reason.ts';
import { steadyNow } from '../lib/steady-now.ts';
import { isDrawn, isExaminable, isReplayed } from '../poq/sampling.ts';
import { scoreReceipt } from '../poq/score.ts';
import { Flag, RecordStatus, Role } from '../protocol/constants.ts';
import { paramsHash } from '../protocol/commitments.ts';
import { answerContent, endpointOf } from '../protocol/content.ts';
import { epochOf } from '../protocol/epoch.ts';
import type { EpochClock } from '../protocol/epoch.ts';
import type { ProtocolParams } from '../protocol/params.ts';
import type { Signer } from '../protocol/signature.ts';
import type { Address } from '../protocol/types.ts';
import type { AttestationLog } from '../receipt/attestation.ts';
import type { RegisteredNode, ScoreReport } from '../registry/ports.ts';
import type { Serve } from '../serve.ts';
import type { WorkerDeps } from '../workers.ts';
import type { AnchorLog } from '../anchor/ports.ts';
import type { PassedLog } from '../anchor/passed-serials.ts';
import type { BatchLog } from '../batch/ports.ts';
import type { Seal } from '../batch/seal.ts';
import type { OutboxLog } from '../outbox/outbox.ts';
import { passedSerials } from './passed.ts';

/** The adapters and facts that the background half of the gateway is assembled from. */
export type Background = {
  readonly log: Logger;
  readonly gateway: Address;
  readonly signer: Signer;
  /** Signs receipts, in a thread of its own. */
  readonly seal: Seal;
  /** Calls nodes and evaluators, at addresses that may be called only. */
  readonly dispatcher: Dispatcher;
  readonly contracts: DeploymentAddresses;
  readonly clock: EpochClock;
  readonly recordWindow: bigint;
  readonly params: ProtocolParams;
  readonly chain: AnchorChain;
  readonly nodes: { readonly list: () => readonly RegisteredNode[]; readonly members: () => readonly Member[] };
  readonly membership: Membership;
  readonly logs: {
    readonly outbox: OutboxLog;
    readonly batch: BatchLog;
    readonly anchor: AnchorLog;
    readonly passed: PassedLog;
    readonly examination: ExaminationLog;
    readonly attestation: AttestationLog;
    readonly epoch: EpochLog;
    readonly gold: GoldLog;
  };
  /** Where the datasets of epochs go. */
  readonly files: DatasetFiles;
  readonly tables: Tables;
  readonly serve: Serve;
  readonly recordScore: (report: ScoreReport) => void;
  readonly golds: GoldRules;
  readonly settings: BackgroundSettings;
};

export type BackgroundSettings = {
  readonly pollMs: number;
  readonly batchIntervalMs: number;
  readonly attestationGraceMs: number;
  readonly maxBatchReceipts: number;
  readonly answerTimeoutMs: number;
  readonly recordMarginSeconds: number;
  readonly tableGraceSeconds: number;
  readonly outboxConcurrency: number;
  readonly confirmations: number;
  readonly finalityBlocks: number;
  /** sha256 hex of the keys that golds and replays are sent under. */
  readonly goldKeyHash: string;
  readonly replayKeyHash: string;
};

export function workerDeps(background: Background): WorkerDeps {
  const { log, settings, clock, chain, logs } = background;
  return {
    outbox: {
      log: logs.outbox,
      now: steadyNow,
      pollMs: settings.pollMs,
      concurrency: settings.outboxConcurrency,
      onError: (row, error, retryInMs) =>
        log.warn({ row: row.key, attempts: row.attempts, retryInMs, reason: reasonOf(error) }, 'outbox row failed'),
    },
    anchorBatch: anchorBatch(background),
    anchorEpoch: anchorEpoch(background),
    watchAnchors: watchAnchors(background),
    examine: examine(background),
    replay: replay(background),
    batch: {
      log: logs.batch,
      nowMs: steadyNow,
      attestationGraceMs: settings.attestationGraceMs,
      maxReceipts: settings.maxBatchReceipts,
      seal: background.seal,
    },
    collect: {
      nodes: () =>
        background.nodes
          .list()
          .filter(({ role }) => role === Role.inference)
          .map(({ account, signer, metadata }) => ({ account, signer, endpoint: metadata.endpoint })),
      log: logs.attestation,
      context: { gateway: background.gateway, ...domainsOf(background.contracts) },
      waitMs: 5_000,
      dispatcher: background.dispatcher,
      onError: (node, error) => log.warn({ node, reason: reasonOf(error) }, 'attestations not collected'),
    },
    keeper: { clock, time: () => chain.head().timestamp, log: logs.epoch, firstEpoch: 0n },
    golds: {
      log: logs.gold,
      serve: background.serve,
      clock,
      time: () => chain.head().timestamp,
      keyHash: settings.goldKeyHash,
      requestBody: background.golds.requestBody,
      timeoutMs: 60_000,
      onError: (gold, error) => log.warn({ index: gold.leaf.index, reason: reasonOf(error) }, 'gold not answered'),
    },
    intervals: { batchMs: settings.batchIntervalMs, pollMs: settings.pollMs },
    onError: (task, error) => log.error({ task, reason: reasonOf(error) }, 'background task failed'),
  };
}

function watchAnchors({ log, chain, logs, settings }: Background): WorkerDeps['watchAnchors'] {
  return {
    chain,
    log: logs.anchor,
    finalityBlocks: BigInt(settings.finalityBlocks),
    onUndone: (what, { fromSerial, anchored: { batchId, block } }) =>
      log.warn(
        { what, fromSerial: `${fromSerial}`, batchId: `${batchId}`, block: `${block}` },
        'undone by a reorganisation of the chain',
      ),
  };
}

export function domainsOf({ chainId, proofRegistry, nodeStaking }: DeploymentAddresses) {
  return {
    leafDomain: { chainId, contract: proofRegistry },
    signingDomain: { chainId, verifyingContract: nodeStaking },
  };
}

function anchorBatch(background: Background): WorkerDeps['anchorBatch'] {
  const { chain, logs, params, settings, tables } = background;
  return {
    chain,
    log: logs.anchor,
    passed: passedSerials(background),
    leafDomain: domainsOf(background.contracts).leafDomain,
    confirmations: BigInt(settings.confirmations),
    epochAt: (time) => epochOf(background.clock, time),
    ready: createReadiness({
      paramsHash: paramsHash(params),
      inForce: chain.epochState,
      tables,
      onWait: (epoch, reason) =>
        background.log.error({ epoch: `${epoch}`, reason }, 'nothing is anchored in this epoch'),
    }),
    draw: async (epoch, seed, receipts) => {
      const { rateOf } = await tables.of(epoch);
      return drawReceipts(seed, receipts, {
        isExaminable,
        isDrawn,
        isReplayed,
        rateOf,
        replayRateBps: params.replayRateBps,
      });
    },
    scorer: async (epoch) => {
      const { maskOf } = await tables.of(epoch);
      return (receipt, examination) =>
        scoreReceipt({
          receipt,
          examination,
          tableMask: maskOf(receipt.family),
          comparable: (examination?.replays ?? 0) >= 2,
          params,
        });
    },
    recordMargin: BigInt(settings.recordMarginSeconds),
    pollMs: settings.pollMs,
    onRecorded: (receipts, records) => {
      receipts.forEach(({ receipt }, index) => {
        const record = records[index]?.record;
        if (record === undefined || record.status !== RecordStatus.scored) return;
        const { node, model, family, complexity } = receipt;
        const { score, quality } = record;
        background.recordScore({ node, model, family, complexity, score, quality });
      });
    },
  };
}

function anchorEpoch(background: Background): WorkerDeps['anchorEpoch'] {
  const { chain, logs, clock, params, settings, golds } = background;
  return {
    chain,
    log: logs.epoch,
    clock,
    recordWindow: background.recordWindow,
    tableGrace: BigInt(settings.tableGraceSeconds),
    goldWindowEpochs: params.goldWindowEpochs,
    prepareGolds: (epoch) =>
      prepareGolds(epoch, { log: logs.gold, ...golds, leafDomain: domainsOf(background.contracts).leafDomain }),
    facts: (epoch, status) => gatherFacts(epoch, status, factsDeps(background)),
    distribute: (facts, history, round) =>
      distribute(facts, history, round, {
        signer: background.signer,
        ...domainsOf(background.contracts),
        datasets: background.files,
      }),
    pollMs: settings.pollMs,
    finalityBlocks: BigInt(settings.finalityBlocks),
    onVanished: ({ of, epoch }) => {
      background.log.warn({ what: of, epoch: `${epoch}` }, 'undone by a reorganisation of the chain');
      if (of === 'open') background.tables.forget(epoch);
    },
  };
}

function factsDeps({ contracts, clock, params, membership, logs, golds }: Background): GatherDeps {
  return {
    network: contracts,
    clock,
    params,
    activeIn: membership.activeIn,
    log: logs.epoch,
    golds: logs.gold,
    truth: golds.truth,
  };
}

function examine(background: Background): WorkerDeps['examine'] {
  const { gateway, logs, params, tables, settings, log } = background;
  const { signer } = background;
  const { signingDomain } = domainsOf(background.contracts);
  return {
    log: logs.examination,
    client: createEvaluatorClient({ gateway, signer, signingDomain, dispatcher: background.dispatcher }),
    signer,
    signingDomain,
    params,
    evaluators: (epoch) => evaluatorsOf(background, epoch),
    trust: async (epoch, evaluator) => (await tables.of(epoch)).trustOf(evaluator),
    answerTimeoutMs: settings.answerTimeoutMs,
    onMissing: (evaluator, step, error) =>
      log.warn({ evaluator, step, reason: reasonOf(error) }, 'evaluator did not answer'),
  };
}

async function evaluatorsOf({ membership, nodes }: Background, epoch: bigint): Promise<readonly EvaluatorNode[]> {
  const active = new Set(await membership.activeIn(Role.evaluator, epoch));
  return nodes.members().filter(({ account, role }) => role === Role.evaluator && active.has(account));
}

function replay({ logs, params, nodes, serve, settings, log, chain, clock }: Background): WorkerDeps['replay'] {
  return {
    log: logs.examination,
    params,
    nodes: () => servingNow(nodes.list(), epochOf(clock, chain.head().timestamp) ?? 0n),
    serveOn: async (node, body) => {
      const { head, content } = await serve({
        endpoint: endpointOf(body),
        body: { ...body, model: 'auto' },
        keyHash: settings.replayKeyHash,
        flags: Flag.replay,
        pin: [node],
        signal: AbortSignal.timeout(settings.answerTimeoutMs),
      });
      return { replayId: head.receiptId, modelId: head.modelId, response: answerContent(content) };
    },
    onMissing: (node, error) => log.warn({ node, reason: reasonOf(error) }, 'replay not answered'),
  };
}

function servingNow(nodes: readonly RegisteredNode[], epoch: bigint): readonly Address[] {
  return nodes
    .filter((node) => node.role === Role.inference && node.activeFromEpoch <= epoch && epoch < node.inactiveFromEpoch)
    .map(({ account }) => account);
}
