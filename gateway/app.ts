import type { FastifyInstance } from 'fastify';

import type { Ledger } from './account/ledger.ts';
import type { Breaker } from './execute/breaker.ts';
import { DgridError } from './errors.ts';
import { circuitKey, createExecute } from './execute/execute.ts';
import type { ExecuteDeps, Executed, Observation, Target } from './execute/execute.ts';
import type { Meter } from './execute/meter.ts';
import type { NodeClient } from './execute/node-client.ts';
import type { HttpDeps } from './http/ports.ts';
import { createServer } from './http/server.ts';
import { createRandomBytes } from './lib/random.ts';
import { Role } from './protocol/constants.ts';
import { bytesToHex } from './protocol/bytes.ts';
import type { Address } from './protocol/types.ts';
import { createPipeline } from './pipeline.ts';
import type { ReceiptLog, VoteLog } from './receipt/ports.ts';
import type { ConditionBook } from './registry/conditions.ts';
import { createMissedBook } from './registry/missed-book.ts';
import type { MissedBook } from './registry/missed-book.ts';
import { createDirectory } from './registry/directory.ts';
import type { ChainView, NodeSource } from './registry/ports.ts';
import type { QualityBook } from './registry/quality-book.ts';
import type { QualityPredictor } from './route/quality/predictor.ts';
import { modelViews, nodeViews } from './registry/views.ts';
import { endpointView } from './route/endpoint-view.ts';
import { NobodyEligible } from './route/no-eligible.ts';
import { planRoute } from './route/plan.ts';
import type { Plan } from './route/plan.ts';
import { needOf } from './shapes.ts';
import type { Serve, ServeOutcome, ServeRequest } from './serve.ts';
import { createLiveView } from './wiring/live-view.ts';
import { noteKeptOut, noteMissed } from './wiring/missed.ts';
import { withRepair } from './wiring/repair.ts';
import type { MeetsFormat } from './wiring/repair.ts';

export type AppDeps = Pick<
  HttpDeps,
  | 'domain'
  | 'epochs'
  | 'datasets'
  | 'params'
  | 'checkKey'
  | 'notReady'
  | 'metrics'
  | 'log'
  | 'nowMs'
  | 'bodyLimitBytes'
  | 'corsOrigins'
  | 'maxInFlight'
  | 'keepAliveMs'
  | 'docs'
> & {
  readonly gateway: Address;
  readonly nodes: NodeSource;
  readonly chain: ChainView;
  readonly receipts: ReceiptLog;
  readonly client: NodeClient;
  readonly meter: Pick<Meter, 'measure'>;
  readonly breaker: Breaker;
  /** Holds a plain answer against its `response_format`. */
  readonly meetsFormat: MeetsFormat;
  readonly ledger: Ledger;
  readonly votes: VoteLog;
  readonly conditions: ConditionBook;
  readonly quality: QualityBook;
  /** A predictor trained on rows, where the operator has some. */
  readonly foresight?: QualityPredictor | undefined;
  readonly session?: (node: Address) => string;
  readonly limits: ExecuteDeps['limits'];
  readonly maxAttempts: number;
  readonly maxAnswerBytes: number;
  readonly exploreBps: number;
  /** Uniform 32-bit numbers; injected so that tests can pin a draw. */
  readonly randomUint32: () => number;
};

export type App = {
  readonly http: FastifyInstance;
  /** The pipeline itself, for golds and replays. */
  readonly serve: Serve;
};

type Asked = Pick<ServeRequest, 'endpoint' | 'body' | 'pin' | 'exclude' | 'traceId'>;

/** Whom to ask, and what the decisions of the last minutes meant for each node. */
function createRouting(deps: AppDeps) {
  const directory = createDirectory(deps.nodes);
  const view = createLiveView(deps);
  const missed = createMissedBook(deps.nowMs);
  const plan = (request: Asked, complete: boolean): Plan => {
    view.glance();
    return planRoute({
      ...endpointView(request.endpoint ?? 'chat', request.body),
      candidates: directory.served(),
      live: view.live,
      foresee: deps.foresight?.predict,
      epoch: deps.chain.epoch() ?? 0n,
      minimumStake: deps.chain.minimumStake(),
      pin: request.pin,
      exclude: request.exclude,
      draw: { explore: deps.randomUint32(), pick: deps.randomUint32(), second: deps.randomUint32() },
      exploreBps: deps.exploreBps,
      complete,
      traceId: request.traceId,
    });
  };
  const route = (request: ServeRequest): Plan => {
    const routed = { candidates: directory.served(), random: deps.randomUint32 };
    try {
      // One decision in a hundred is kept with every candidate it weighed.
      const planned = plan(request, deps.randomUint32() % 100 === 0);
      view.passOver(planned.decision.passedOver);
      noteMissed(missed, planned.decision, routed);
      return planned;
    } catch (error) {
      if (error instanceof NobodyEligible) noteKeptOut(missed, error, routed);
      throw error;
    }
  };
  return { directory, missed, route, plan };
}

/** Wires the data plane together. Reads no environment and does not listen. */
export function buildApp(deps: AppDeps): App {
  const randomBytes = createRandomBytes();
  const { directory, missed, route, plan } = createRouting(deps);
  const serve = createPipeline({
    gateway: deps.gateway,
    route,
    execute: withRepair(
      createExecute({ ...deps, observe: (target) => observe(deps, target) }),
      deps.meetsFormat,
      deps.nowMs,
    ),
    meter: deps.meter,
    hold: (request, plan) => deps.ledger.reserve(request.keyHash, () => needOf(request, plan)),
    receipts: durable(deps.receipts),
    blockTime: deps.chain.blockTime,
    nowMs: deps.nowMs,
    newId: () => bytesToHex(randomBytes(32)),
    newSalt: () => bytesToHex(randomBytes(16)),
    onServed: (outcome, executed, overheadMs) => note(deps, outcome, executed, overheadMs),
    onReleaseFailure: (error) => deps.log.warn({ error }, 'a reservation stays open until the next start'),
  });
  const http = createServer({
    ...deps,
    serve,
    explain: (body) => plan({ body }, true).decision.record,
    models: () => modelViews(directory.served()),
    nodes: () => nodeViews(deps.nodes.list(), deps.conditions, deps.quality),
    node: (account) => nodeDetail(deps, account, missed),
    findReceipt: deps.receipts.find,
    account: deps.ledger.view,
    vote: deps.votes.cast,
  });
  return { http, serve };
}

/** A node as the list shows it, and why it may not be asked just now. */
function nodeDetail(deps: AppDeps, account: Address, missed: MissedBook): object | undefined {
  const node = deps.nodes.list().find((entry) => entry.account === account);
  const [view] = node === undefined ? [] : nodeViews([node], deps.conditions, deps.quality);
  if (node === undefined || view === undefined) return undefined;
  const breakers = node.metadata.models.map(({ id }) => {
    const state = deps.breaker.stateOf(circuitKey(account, id));
    const blockedMs = 'untilMs' in state ? Math.max(0, Math.round(state.untilMs - deps.nowMs())) : 0;
    return [id, { state: state.state, blockedMs }] as const;
  });
  if (node.role !== Role.inference) return view;
  return { ...view, breakers: Object.fromEntries(breakers), requests: missed.of(account) };
}

function observe(deps: AppDeps, target: Target): (observation: Observation) => void {
  const end = deps.conditions.begin(target.account, target.modelId);
  return (observation) => {
    deps.metrics.attemptEnded(observation.ok ? 'served' : observation.failureClass);
    if (!observation.ok) return end(observation);
    end({ ok: true, firstTokenMs: observation.result.firstTokenMs });
  };
}

/** Whatever goes wrong in the store, the caller hears that the answer does not count, and may try again. */
function durable({ reserve, commit, release }: ReceiptLog): Pick<ReceiptLog, 'reserve' | 'commit' | 'release'> {
  const translated = (cause: unknown): never => {
    throw new DgridError('DGRID_STORE_UNAVAILABLE', 'The receipt could not be written; nothing is charged.', { cause });
  };
  return {
    reserve: (id) => reserve(id).catch(translated),
    commit: (served) => commit(served).catch(translated),
    release,
  };
}

function note(
  { metrics, conditions }: AppDeps,
  { receipt }: ServeOutcome,
  { target, result }: Executed,
  overheadMs: number,
): void {
  const { firstTokenMs, totalMs } = result;
  const { completionTokens } = receipt;
  conditions.measured(target.account, target.modelId, { firstTokenMs, totalMs, completionTokens });
  metrics.overhead(overheadMs);
  metrics.tokens({ prompt: receipt.promptTokens, completion: receipt.completionTokens });
  if (result.usage === undefined) return;
  const off = Math.abs(result.usage.completionTokens - receipt.completionTokens);
  metrics.claimOff((10_000 * off) / Math.max(1, receipt.completionTokens));
}
