import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { createChainReader } from '../chain.ts';
import { createNodeClient } from '../../execute/node-client.ts';
import { parseDeployment } from '../../lib/deployment.ts';
import type { DeploymentAddresses } from '../../lib/deployment.ts';
import { helpText, leave, readCommandLine, readNamed, readSignerKey } from '../../lib/program.ts';
import { readSettings } from '../../lib/settings.ts';
import type { Values } from '../../lib/settings.ts';
import { Role } from '../../protocol/constants.ts';
import { createSigner } from '../../protocol/signature.ts';
import type { Signer } from '../../protocol/signature.ts';
import type { Address } from '../../protocol/types.ts';
import { createAdmission } from './admission.ts';
import { createNodeAgent } from './app.ts';
import type { NodeAgentDeps } from './app.ts';
import { createAttestationBook } from './attestation-book.ts';
import { createBackend } from './backend.ts';
import type { Backend } from './backend.ts';
import { NODE_SETTINGS } from './config.ts';
import { examine } from './doctor.ts';

const PROGRAM = {
  name: 'node agent',
  summary: 'The node agent: puts an OpenAI-compatible backend behind a server that signs what it answered.',
  path: 'gateway/agents/node/main.ts',
  commands: { doctor: 'says for everything that serving needs whether it works, and leaves with 0 or 1' },
  options: {},
  settings: NODE_SETTINGS,
};

type Config = Values<typeof NODE_SETTINGS>;

const MAX_ANSWER_BYTES = 33_554_432;
const CHAIN_MS = 5_000;
const RETAIN_MS = 86_400_000;

function note(level: 'info' | 'warn', message: string, details: object = {}): void {
  process.stderr.write(`${JSON.stringify({ level, time: Date.now(), msg: message, ...details })}\n`);
}

const loadSigner = async (config: Config): Promise<Signer> => createSigner(await readSignerKey(NODE_SETTINGS, config));

const loadDeployment = ({ deploymentFile }: Config): DeploymentAddresses =>
  readNamed(NODE_SETTINGS.deploymentFile.env, deploymentFile, parseDeployment);

function modelNames(config: Config): ReadonlyMap<string, string> {
  return new Map(
    config.models.map((pair) => {
      const [offered = '', backend = offered] = pair.split('=');
      return [offered, backend];
    }),
  );
}

function openBackend(config: Config): { backend: Backend; close: () => Promise<void> } {
  const { connectMs, answerMs, silenceMs } = config;
  const client = createNodeClient({ connectMs, keepAliveMs: 30_000 });
  const limits = { connectMs, headersMs: answerMs, firstTokenMs: answerMs, chunkMs: silenceMs, totalMs: answerMs };
  const { backendUrl: baseUrl, backendKey: key } = config;
  const backend = createBackend({
    client,
    baseUrl,
    key,
    names: modelNames(config),
    limits,
    maxAnswerBytes: MAX_ANSWER_BYTES,
  });
  return { backend, close: client.close };
}

/** Gateways without stake are nobody's: whoever pays the gas could register one. */
function admissionOf(
  { rpcUrl }: Config,
  { chainId, nodeStaking, proofRegistry }: DeploymentAddresses,
  account: Address,
): Pick<NodeAgentDeps, 'admission'> {
  if (rpcUrl === '') {
    note('warn', 'requests are not checked for who sends them', { remedy: NODE_SETTINGS.rpcUrl.env });
    return {};
  }
  const chain = createChainReader({ rpcUrl, nodeStaking, proofRegistry, timeoutMs: CHAIN_MS });
  const admission = createAdmission({
    account,
    domain: { chainId, verifyingContract: nodeStaking },
    signerOf: async (gateway) => {
      const node = await chain.nodeOf(gateway, Role.gateway);
      return node === undefined || node.stake === 0n ? undefined : node.signer;
    },
    nowMs: Date.now,
  });
  return { admission };
}

async function serve(config: Config): Promise<void> {
  const deployment = loadDeployment(config);
  const signer = await loadSigner(config);
  mkdirSync(config.dataDir, { recursive: true });
  const account = config.account.toLowerCase() as Address;
  const { attestAfterMs } = config;
  const path = join(config.dataDir, 'attestations.sqlite');
  const book = createAttestationBook({
    ...deployment,
    path,
    account,
    signer,
    attestAfterMs,
    nowMs: Date.now,
    retainMs: RETAIN_MS,
  });
  const { backend, close } = openBackend(config);
  const server = createNodeAgent({
    account,
    backend,
    book,
    ...admissionOf(config, deployment, account),
    gateways: config.gateways.map((gateway) => gateway.toLowerCase() as Address),
    offered: [...modelNames(config).keys()],
    bodyLimitBytes: config.bodyLimitBytes,
    onFault: (message, details) => note('warn', message, details),
  });
  server.on('error', (error) => leave(PROGRAM, new Error(`cannot listen: ${error.message}`)));
  server.listen(config.port, config.host, () => {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : config.port;
    note('info', 'node agent listens', { url: `http://${config.host}:${port}`, account, signer: signer.address });
  });
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    // Answers under way may finish; what hangs is cut after a moment.
    setTimeout(() => server.closeAllConnections(), 3_000).unref();
    server.close(() => {
      book.close();
      void close();
    });
    server.closeIdleConnections();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
}

async function doctor(config: Config): Promise<void> {
  const { backend, close } = openBackend(config);
  const checks = await examine({
    deployment: () => loadDeployment(config),
    signer: () => loadSigner(config),
    makeDataDir: () => mkdirSync(config.dataDir, { recursive: true }),
    backend,
    names: modelNames(config),
  });
  for (const { ok, name, detail } of checks) process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${detail}\n`);
  await close();
  process.exitCode = checks.every(({ ok }) => ok) ? 0 : 1;
}

try {
  const { help, command, file } = readCommandLine(PROGRAM, process.argv.slice(2));
  if (help) process.stdout.write(`${helpText(PROGRAM)}\n`);
  else {
    const config = readSettings(NODE_SETTINGS, { file, env: process.env });
    await (command === 'doctor' ? doctor(config) : serve(config));
  }
} catch (error) {
  leave(PROGRAM, error);
}
