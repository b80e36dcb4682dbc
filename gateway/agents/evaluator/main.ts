import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { parseDeployment } from '../../lib/deployment.ts';
import type { DeploymentAddresses } from '../../lib/deployment.ts';
import { helpText, leave, readCommandLine, readNamed, readSignerKey } from '../../lib/program.ts';
import { reasonOf } from '../../lib/reason.ts';
import { SettingsError, readSettings } from '../../lib/settings.ts';
import type { Values } from '../../lib/settings.ts';
import { bytesToHex } from '../../protocol/bytes.ts';
import { createSigner } from '../../protocol/signature.ts';
import type { Signer } from '../../protocol/signature.ts';
import type { Address } from '../../protocol/types.ts';
import { createEvaluatorAgent } from './app.ts';
import { createChainReader } from '../chain.ts';
import type { ChainReader } from '../chain.ts';
import { examineSetup } from './doctor.ts';
import { createEvaluator } from './evaluator.ts';
import { createFormatRunner } from './format-runner.ts';
import type { FormatRunner } from './format-runner.ts';
import { createLimiter } from './limiter.ts';
import { withBehaviour } from './scorers/behaviour.ts';
import { createBuiltInScorer } from './scorers/built-in.ts';
import { withDeadline } from './scorers/deadline.ts';
import { createDefaultScorer } from './scorers/default.ts';
import { withFallback } from './scorers/fallback.ts';
import type { Fault } from './scorers/fallback.ts';
import { createLocalEmbedder } from './scorers/local-model.ts';
import { createScorerFaults } from './scorer-faults.ts';
import type { Scorer } from './scorers/scorer.ts';
import { createScorerThread } from './scorers/scorer-thread.ts';
import { EVALUATOR_SETTINGS } from './settings.ts';
import { createEvaluationStore } from './store.ts';

const PROGRAM = {
  name: 'evaluator',
  summary: 'The evaluator agent: scores the answers it is drawn for, commits first and reveals when it is asked to.',
  path: 'gateway/agents/evaluator/main.ts',
  commands: { doctor: 'says for everything that serving needs whether it works, and leaves with 0 or 1' },
  options: { behaviour: 'NAME' },
  settings: EVALUATOR_SETTINGS,
};

type Config = Values<typeof EVALUATOR_SETTINGS>;

const CLOSE_MS = 3_000;

function note(level: 'info' | 'warn', message: string, details: object = {}): void {
  process.stderr.write(`${JSON.stringify({ level, time: Date.now(), msg: message, ...details })}\n`);
}

const loadSigner = async (config: Config): Promise<Signer> =>
  createSigner(await readSignerKey(EVALUATOR_SETTINGS, config));

async function builtInScorer(config: Config, format: FormatRunner): Promise<Scorer> {
  const onSilent = (missing: string, reason: unknown): void =>
    note('warn', `no ${missing}`, { reason: reasonOf(reason) });
  if (config.localModel === '') return createBuiltInScorer(config, { format, onSilent });
  const localEmbed = await createLocalEmbedder({ model: config.localModel }).catch((error: unknown) => {
    throw new SettingsError([`DGRID_EVALUATOR_LOCAL_MODEL: ${reasonOf(error)}`]);
  });
  return createBuiltInScorer(config, { format, onSilent, localEmbed });
}

async function loadScorer(config: Config, format: FormatRunner, faults = createScorerFaults()): Promise<Scorer> {
  const onFault = (fault: Fault): void => {
    faults.add(fault);
    note('warn', 'scorer failed', { dimensions: fault.dimensions, reason: reasonOf(fault.reason) });
  };
  const scorer =
    config.scorer === ''
      ? withDeadline(await builtInScorer(config, format), config.scorerMs)
      : await foreignScorer(config);
  return withBehaviour(config.behaviour, withFallback(scorer, createDefaultScorer(format), onFault));
}

async function foreignScorer({ scorer: path, scorerMs: deadlineMs }: Config): Promise<Scorer> {
  return createScorerThread({ path, deadlineMs }).catch((error: unknown) => {
    throw new SettingsError([`DGRID_EVALUATOR_SCORER: ${path}: ${reasonOf(error)}`]);
  });
}

type Parts = {
  readonly deployment: DeploymentAddresses;
  readonly account: Address;
  readonly chain: ChainReader;
  readonly format: FormatRunner;
};

function openParts(config: Config): Parts {
  const deployment = readNamed(EVALUATOR_SETTINGS.deploymentFile.env, config.deploymentFile, parseDeployment);
  const { rpcUrl, rpcMs: timeoutMs } = config;
  return {
    deployment,
    account: config.account.toLowerCase() as Address,
    chain: createChainReader({ ...deployment, rpcUrl, timeoutMs }),
    format: createFormatRunner({
      deadlineMs: config.formatMs,
      onTimeout: (constraints) => note('warn', 'format check given up', { constraints }),
    }),
  };
}

function openStore(config: Config) {
  mkdirSync(config.dataDir, { recursive: true });
  return createEvaluationStore(join(config.dataDir, 'evaluations.sqlite'));
}

async function serve(config: Config): Promise<void> {
  const { deployment, account, chain, format } = openParts(config);
  const signer = await loadSigner(config);
  const faults = createScorerFaults();
  const scorer = await loadScorer(config, format, faults);
  const store = openStore(config);
  const evaluator = createEvaluator({
    account,
    signer,
    signingDomain: { chainId: deployment.chainId, verifyingContract: deployment.nodeStaking },
    chain,
    scorer,
    store,
    nowMs: () => performance.now(),
    randomSalt: () => bytesToHex(randomBytes(32)),
    schedule: createLimiter(config),
  });
  const { bodyLimitBytes } = config;
  const onFault = (event: string, details: object): void => note('warn', event, details);
  const server = createEvaluatorAgent({
    account,
    scorerId: scorer.id,
    evaluator,
    bodyLimitBytes,
    onFault,
    metrics: faults.text,
  });
  server.on('error', (error) => leave(PROGRAM, new Error(`cannot listen: ${error.message}`)));
  server.listen(config.port, config.host, () => {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : config.port;
    const url = `http://${config.host}:${port}`;
    note('info', 'evaluator listens', { url, account, signer: signer.address, scorerId: scorer.id });
  });
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    // Answers under way may finish; what hangs is cut after a moment.
    setTimeout(() => server.closeAllConnections(), CLOSE_MS).unref();
    server.close(() => {
      store.close();
      void format.close();
    });
    server.closeIdleConnections();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
}

async function doctor(config: Config): Promise<void> {
  const { deployment, account, chain, format } = openParts(config);
  const checks = await examineSetup({
    account,
    chainId: deployment.chainId,
    chain,
    signer: () => loadSigner(config),
    scorer: () => loadScorer(config, format),
    tryDataDir: () => openStore(config).close(),
  });
  for (const { ok, name, detail } of checks) process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${detail}\n`);
  await format.close();
  process.exitCode = checks.every(({ ok }) => ok) ? 0 : 1;
}

try {
  const { help, command, file, values } = readCommandLine(PROGRAM, process.argv.slice(2));
  if (help) process.stdout.write(`${helpText(PROGRAM)}\n`);
  else {
    const { behaviour = process.env['DGRID_EVALUATOR_BEHAVIOUR'] } = values;
    const env = { ...process.env, DGRID_EVALUATOR_BEHAVIOUR: behaviour };
    const config = readSettings(EVALUATOR_SETTINGS, { file, env });
    await (command === 'doctor' ? doctor(config) : serve(config));
  }
} catch (error) {
  leave(PROGRAM, error);
}
