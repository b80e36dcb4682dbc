import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';

import { RecordStatus } from '../../gateway/protocol/constants.ts';
import { ensureArtifacts } from '../lib/artifacts.ts';
import { connect } from '../lib/chain.ts';
import { CommandError } from '../lib/command.ts';
import { dgai } from '../lib/units.ts';
import { reachTime, startChain } from './chain.ts';
import { goldsAnchored, readChainFacts } from './chain-facts.ts';
import { createChatClient } from './chat-client.ts';
import type { Dataset } from './dataset.ts';
import { checkInvariants } from './invariants.ts';
import type { Check } from './invariants.ts';
import { deployNetwork, fundMembers, registerMembers } from './joining.ts';
import type { Network } from './joining.ts';
import { awaitLateReceipts, missingIds } from './late-receipts.ts';
import { createMembers } from './members.ts';
import type { Members } from './members.ts';
import { checkMerit } from './merit.ts';
import type { DemoOptions } from './options.ts';
import { measureContention, paceOf } from './pace.ts';
import type { Progress } from './progress.ts';
import { operatorResults } from './results.ts';
import { latestBlock } from './rpc.ts';
import type { OperatorResult } from './results.ts';
import { backendsReady, servicesReady, startAgents, startBackends, startGateway } from './services.ts';
import { claimAll, epochsFinal, readDatasets, verifyOne } from './settle.ts';
import type { Supervisor } from './supervisor.ts';
import { splitTasks } from './tasks.ts';
import { createTraffic } from './traffic.ts';
import type { Sent } from './traffic.ts';

/** The demo from the first process to the last check, in the order of the network's own loop. */
export type DemoInput = {
  readonly options: DemoOptions;
  readonly deployerKey: string;
  /** Everything that is written goes here. */
  readonly dir: string;
  readonly supervisor: Supervisor;
  readonly progress: Progress;
};

export type DemoResult = {
  readonly results: readonly OperatorResult[];
  readonly checks: readonly Check[];
  readonly requests: {
    readonly sent: number;
    readonly answered: number;
    readonly streamed: number;
    readonly refused: number;
  };
  readonly gatewayUrl: string;
  readonly apiKey: string;
  readonly rpcUrl: string;
  readonly deploymentFile: string;
};

const REQUESTS_PER_EPOCH = 62;
/** Traffic stops well before an epoch's end, so that its receipts are anchored in it. */
const SPREAD_SHARE = 0.66;
const REPLY_TIMEOUT_MS = 20_000;
const JOIN_DEADLINE_MS = 90_000;

export async function runDemo(input: DemoInput): Promise<DemoResult> {
  const { options } = input;
  if (options.rpc !== undefined) await connect(options.rpc); // nothing is started for a chain that is not there
  const { tasks, golds } = splitTasks(options.tasks);
  const contention = measureContention();
  const apiKey = `dgrid-${createHash('sha256').update(`demo key ${options.seed}`).digest('base64url')}`;
  const members = await createMembers(options.seed, options.network);
  const network = await assemble(input, members, { apiKey, golds, contention });
  const gatewayUrl = members.gateway.url;
  const sent = await sendTraffic(input, network, { gatewayUrl, apiKey, tasks });
  await settle(input, network, gatewayUrl);
  const audited = await audit(input, { members, network, sent, apiKey });
  const { chain, deploymentFile } = network;
  return { ...audited, requests: countRequests(sent), gatewayUrl, apiKey, rpcUrl: chain.rpcUrl, deploymentFile };
}

type AuditInput = {
  readonly members: Members;
  readonly network: Network;
  readonly sent: readonly Sent[];
  readonly apiKey: string;
};

/** What everybody got, and whether all of it can be followed back to the chain. */
async function audit(
  { options, dir, progress, supervisor }: DemoInput,
  { members, network, sent, apiKey }: AuditInput,
): Promise<Pick<DemoResult, 'results' | 'checks'>> {
  const gatewayUrl = members.gateway.url;
  const datasets = await readDatasets(gatewayUrl, options.epochs);
  const late = await awaitLateReceipts(supervisor, { gatewayUrl, apiKey, ids: missingIds(sent, datasets) });
  const facts = await readChainFacts(network, options.epochs);
  const paid = facts.claims.reduce((sum, claim) => sum + claim.amount, 0n);
  progress.phase('claims', `${facts.claims.length} paid: ${dgai(paid)}`);
  const receiptId = receiptToVerify(sent, datasets);
  const verified = await verifyOne(network, { gatewayUrl, apiKey, receiptId, dir });
  const results = operatorResults({ members, datasets, facts, sent });
  const liar = members.evaluators.find(({ lies }) => lies)?.name ?? '';
  const merit = options.isOwnCast && options.epochs > 1 ? checkMerit(results, liar) : [];
  const invariants = checkInvariants({ facts, datasets, deployment: network.deployment, sent, late });
  const checks = [...invariants, ...verified, ...merit];
  supervisor.signal.throwIfAborted();
  progress.phase('verified', `${checks.filter(({ ok }) => ok).length} of ${checks.length} checks hold`);
  return { results, checks };
}

/** One that a caller of the demo got and a committee scored. */
function receiptToVerify(sent: readonly Sent[], datasets: readonly Dataset[]): string {
  const ours = new Set(sent.filter(({ ok }) => ok).map((request) => request.receiptId));
  const scored = datasets
    .flatMap(({ receipts }) => receipts)
    .find(({ record, receipt }) => record['status'] === RecordStatus.scored && ours.has(String(receipt['id'])));
  if (scored === undefined) throw new CommandError('no answer of the demo was examined and scored');
  return String(scored.receipt['id']);
}

type GatewayInputs = { readonly apiKey: string; readonly golds: DemoOptions['tasks']; readonly contention: number };

/** Chain, contracts, operators and servers: all up, registered and ready, and then genesis. */
async function assemble(input: DemoInput, members: Members, inputs: GatewayInputs): Promise<Network> {
  const { options, deployerKey, dir, supervisor, progress } = input;
  mkdirSync(dir, { recursive: true });
  startBackends(supervisor, members, options.seed);
  const starting = startChain(options.chain, options.rpc, supervisor);
  ensureArtifacts((line) => progress.phase('contracts', line));
  const chain = await starting;
  progress.phase('chain', `${options.chain} at ${chain.rpcUrl}`);
  const pace = paceOf(inputs.contention, chain.blockSeconds, options.slow);
  if (pace.factor > 1) progress.phase('pace', `a busy processor or slow blocks: epochs of ${pace.epochDuration} s`);
  const network = await deployNetwork(chain, dir, deployerKey, pace);
  progress.phase(
    'contracts',
    `${Object.keys(network.deployment.contracts).length} deployed, 500,000,000 DGAI in reserve`,
  );
  startAgents(supervisor, network, members, dir);
  await fundMembers(network, members);
  await registerMembers(network, members, dir);
  const { nodes, evaluators, gateway } = members;
  progress.phase(
    'operators',
    `${nodes.length} nodes, ${evaluators.length} evaluators and a gateway registered and staked`,
  );
  startGateway(supervisor, network, gateway, { dir, apiKey: inputs.apiKey, golds: inputs.golds, pace });
  await backendsReady(supervisor, members);
  await servicesReady(supervisor, members);
  await supervisor.until('the golds of epoch 0 on chain', goldsAnchored(network, gateway), JOIN_DEADLINE_MS);
  if ((await latestBlock(chain.rpcUrl)).timestamp >= network.timing.genesis)
    throw new CommandError('genesis came before everybody was registered: the chain or this machine is too slow');
  progress.phase('servers', `gateway at ${gateway.url}, all agents healthy, golds of epoch 0 anchored`);
  return network;
}

type TrafficInput = { readonly gatewayUrl: string; readonly apiKey: string; readonly tasks: DemoOptions['tasks'] };

async function sendTraffic(
  input: DemoInput,
  network: Network,
  { gatewayUrl, apiKey, tasks }: TrafficInput,
): Promise<Sent[]> {
  const { options, supervisor, progress } = input;
  const { genesis, epochDuration } = network.timing;
  const durationMs = Number(epochDuration) * 1_000;
  const all: Sent[] = [];
  const traffic = createTraffic({
    ask: createChatClient({ baseUrl: gatewayUrl, apiKey, timeoutMs: REPLY_TIMEOUT_MS }),
    tasks,
    seed: options.seed,
    requestsPerEpoch: REQUESTS_PER_EPOCH,
    spreadMs: durationMs * SPREAD_SHARE,
    onReply(sent) {
      all.push(sent);
      progress.live(`epoch ${sent.epoch}: ${all.length} requests, ${all.filter(({ ok }) => ok).length} answered`);
    },
  });
  for (let epoch = 0; epoch < options.epochs; epoch += 1) {
    const start = genesis + BigInt(epoch) * epochDuration;
    // Only genesis may be brought nearer: from then on the epochs take their time.
    await reachTime(
      epoch === 0 ? network.chain : { ...network.chain, isOwn: false },
      supervisor,
      start,
      durationMs * 10,
    );
    const sent = await Promise.race([traffic(epoch), failureOf(supervisor)]);
    const answered = sent.filter(({ ok }) => ok);
    const nodes = new Set(answered.map(({ node }) => node)).size;
    const retried = answered.filter(({ attempts }) => attempts > 1).length;
    progress.phase(
      `epoch ${epoch}`,
      `${sent.length} requests, ${answered.length} answered by ${nodes} nodes, ${retried} after another node failed`,
    );
  }
  return all;
}

function failureOf({ signal }: Supervisor): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

async function settle(
  { options, supervisor, progress }: DemoInput,
  network: Network,
  gatewayUrl: string,
): Promise<void> {
  await epochsFinal(supervisor, gatewayUrl, options.epochs - 1, (states) => {
    progress.live(`distributions: ${states.map((state, epoch) => `${epoch} ${state}`).join(', ')}`);
  });
  progress.phase('epochs', `${options.epochs} final`);
  await claimAll(network, gatewayUrl, options.epochs);
}

function countRequests(sent: readonly Sent[]): DemoResult['requests'] {
  const answered = sent.filter(({ ok }) => ok).length;
  return {
    sent: sent.length,
    answered,
    streamed: sent.filter(({ streamed }) => streamed).length,
    refused: sent.length - answered,
  };
}

/** The checks that failed, as one line. @throws CommandError when there are any. */
export function requireAll(checks: readonly Check[]): void {
  const failed = checks.filter(({ ok }) => !ok).map(({ name }) => name);
  if (failed.length > 0)
    throw new CommandError(`${failed.length} of ${checks.length} checks failed: ${failed.join(', ')}`);
}
