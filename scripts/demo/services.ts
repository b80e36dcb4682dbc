import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../lib/artifacts.ts';
import type { Network } from './joining.ts';
import type { ProfileName } from './backends/profiles.ts';
import { JUDGE_PROFILE } from './members.ts';
import type { EvaluatorMember, Member, Members, NodeMember } from './members.ts';
import type { DemoNode } from './network-file.ts';
import type { Pace } from './pace.ts';
import { answers } from './supervisor.ts';
import type { Child, Supervisor } from './supervisor.ts';
import { goldLine } from './tasks.ts';
import type { DemoTask } from './tasks.ts';

/** The servers of the network: backends in one process, every agent and the gateway in one of its own. */

const START_DEADLINE_MS = 90_000;
const READY_DEADLINE_MS = 60_000;

/** Compiled once, started fourteen times, and again at the next run. */
const NODE_ENV = { NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/dgrid-demo'), NODE_NO_WARNINGS: '1' };

/** Limits of a network on one machine: short, so that a stalled backend costs its node and not the demo. */
const GATEWAY_LIMITS = {
  DGRID_LOG_LEVEL: 'info',
  DGRID_CHAIN_POLL_MS: '150',
  DGRID_FINALITY_BLOCKS: '4',
  DGRID_BATCH_INTERVAL_MS: '700',
  DGRID_ATTESTATION_GRACE_MS: '2000',
  DGRID_RECORD_MARGIN_S: '2',
  DGRID_TABLE_GRACE_S: '4',
  DGRID_GOLDS_PER_EPOCH: '24',
  DGRID_HEADERS_MS: '1500',
  DGRID_FIRST_TOKEN_MS: '1500',
  DGRID_PLAIN_MS: '2500',
  DGRID_CHUNK_MS: '800',
  DGRID_TOTAL_MS: '5000',
  // Newcomers on a fresh network: more traffic than usual goes to nodes about which little is known.
  DGRID_EXPLORE_BPS: '2500',
};

function startModule(
  supervisor: Supervisor,
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Child {
  return supervisor.start({ name, command: process.execPath, args, env: { ...NODE_ENV, ...env }, cwd: ROOT });
}

/** Our own backends; none when the network file names others. */
export function startBackends(supervisor: Supervisor, { nodes, judge }: Members, seed: string): void {
  const entry = (profile: ProfileName, { name, model, backendUrl }: DemoNode): object => ({
    profile,
    model,
    port: Number(new URL(backendUrl).port),
    seed: `${seed}/${name}`,
  });
  const entries = [
    ...nodes.flatMap(({ profile, backend }) => (profile === undefined ? [] : [entry(profile, backend)])),
    ...(judge === undefined ? [] : [entry(JUDGE_PROFILE, judge)]),
  ];
  if (entries.length > 0)
    startModule(supervisor, 'backends', [join(ROOT, 'scripts/demo/backends/main.ts'), JSON.stringify(entries)], {});
}

export async function backendsReady(supervisor: Supervisor, { nodes, judge }: Members): Promise<void> {
  const own = nodes.flatMap(({ profile, backend }) => (profile === undefined ? [] : [backend]));
  const urls = [...own, ...(judge === undefined ? [] : [judge])].map(({ backendUrl }) => `${backendUrl}/healthz`);
  await Promise.all(urls.map((url) => supervisor.until(`the backend at ${url}`, answers(url), START_DEADLINE_MS)));
}

export function startAgents(
  supervisor: Supervisor,
  network: Network,
  { nodes, evaluators, judge }: Members,
  dir: string,
): void {
  for (const node of nodes)
    startModule(
      supervisor,
      `node-${node.name}`,
      [join(ROOT, 'gateway/agents/node/main.ts')],
      nodeEnv(node, network, dir),
    );
  for (const evaluator of evaluators)
    startModule(supervisor, evaluator.name, [join(ROOT, 'gateway/agents/evaluator/main.ts')], {
      ...evaluatorEnv(evaluator, network, dir),
      ...judgeEnv(judge),
    });
}

function nodeEnv(node: NodeMember, network: Network, dir: string): Record<string, string> {
  return {
    DGRID_NODE_ACCOUNT: node.account.address,
    DGRID_NODE_SIGNER_KEY: node.signer.privateKey,
    DGRID_NODE_BACKEND_URL: node.backend.backendUrl,
    DGRID_NODE_RPC_URL: network.chain.rpcUrl,
    DGRID_NODE_DEPLOYMENT: network.deploymentFile,
    DGRID_NODE_DATA_DIR: join(dir, `data-${node.name}`),
    DGRID_NODE_PORT: String(node.port),
  };
}

function evaluatorEnv(evaluator: EvaluatorMember, network: Network, dir: string): Record<string, string> {
  return {
    DGRID_EVALUATOR_ACCOUNT: evaluator.account.address,
    DGRID_EVALUATOR_SIGNER_KEY: evaluator.signer.privateKey,
    DGRID_EVALUATOR_RPC_URL: network.chain.rpcUrl,
    DGRID_EVALUATOR_DEPLOYMENT: network.deploymentFile,
    DGRID_EVALUATOR_DATA_DIR: join(dir, `data-${evaluator.name}`),
    DGRID_EVALUATOR_PORT: String(evaluator.port),
    DGRID_EVALUATOR_BEHAVIOUR: evaluator.lies ? 'liar:inverted' : 'honest',
  };
}

function judgeEnv(judge: DemoNode | undefined): Record<string, string> {
  if (judge === undefined) return {};
  return { DGRID_EVALUATOR_MODEL_URL: judge.backendUrl, DGRID_EVALUATOR_MODEL: judge.model };
}

export type GatewayInputs = {
  readonly dir: string;
  readonly apiKey: string;
  readonly golds: readonly DemoTask[];
  readonly pace: Pace;
  /** Options of the gateway that are not the demo's usual ones. */
  readonly env?: Readonly<Record<string, string>>;
};

export function startGateway(supervisor: Supervisor, network: Network, gateway: Member, inputs: GatewayInputs): Child {
  const { dir, apiKey, golds, pace } = inputs;
  const dataDir = join(dir, 'data-gateway');
  mkdirSync(dataDir, { recursive: true });
  const keysFile = join(dir, 'keys.json');
  const hash = createHash('sha256').update(apiKey, 'utf8').digest('hex');
  writeFileSync(keysFile, JSON.stringify([{ hash, name: 'demo' }]));
  const goldFile = join(dir, 'golds.jsonl');
  writeFileSync(goldFile, golds.map(goldLine).join(''));
  return startModule(supervisor, 'gateway', [join(ROOT, 'gateway/main.ts')], {
    ...GATEWAY_LIMITS,
    DGRID_ANSWER_TIMEOUT_MS: String(pace.answerTimeoutMs),
    DGRID_RPC_URL: network.chain.rpcUrl,
    DGRID_DEPLOYMENT: network.deploymentFile,
    DGRID_ACCOUNT: gateway.account.address,
    DGRID_SIGNER_KEY: gateway.signer.privateKey,
    DGRID_KEYS: keysFile,
    DGRID_GOLDS: goldFile,
    DGRID_DATA_DIR: dataDir,
    DGRID_PORT: String(gateway.port),
    ...inputs.env,
  });
}

/** Every server answers, and the gateway has read the nodes from the chain. */
export async function servicesReady(supervisor: Supervisor, { nodes, evaluators, gateway }: Members): Promise<void> {
  const agents = [...nodes, ...evaluators].map(({ name, url }) =>
    supervisor.until(name, answers(`${url}/healthz`), START_DEADLINE_MS),
  );
  await Promise.all([...agents, supervisor.until('the gateway', answers(`${gateway.url}/healthz`), START_DEADLINE_MS)]);
  await supervisor.until('a gateway that is ready', answers(`${gateway.url}/readyz`), READY_DEADLINE_MS);
}
