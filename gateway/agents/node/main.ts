import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { createNodeClient } from '../../execute/node-client.ts';
import { parseDeployment } from '../../lib/deployment.ts';
import { openKeystore } from '../../lib/keystore.ts';
import { SettingsError, readSettings, settingsHelp } from '../../lib/settings.ts';
import type { Values } from '../../lib/settings.ts';
import { createSigner } from '../../protocol/signature.ts';
import type { Signer } from '../../protocol/signature.ts';
import type { Address, Hex } from '../../protocol/types.ts';
import { createNodeAgent } from './app.ts';
import { createAttestationBook } from './attestation-book.ts';
import { createBackend } from './backend.ts';
import type { Backend } from './backend.ts';
import { NODE_SETTINGS } from './config.ts';
import { examine } from './doctor.ts';

/** `node main.ts` serves; `node main.ts doctor` says whether it could. */
type Config = Values<typeof NODE_SETTINGS>;

const MAX_ANSWER_BYTES = 33_554_432;
const RETAIN_MS = 86_400_000;

function note(level: 'info' | 'warn', message: string, details: object = {}): void {
  process.stderr.write(`${JSON.stringify({ level, time: Date.now(), msg: message, ...details })}\n`);
}

function loadConfig(): Config {
  const path = process.env['DGRID_NODE_CONFIG'];
  const file: unknown = path === undefined ? undefined : JSON.parse(readFileSync(path, 'utf8'));
  return readSettings(NODE_SETTINGS, { file, env: process.env });
}

async function loadSigner(config: Config): Promise<Signer> {
  if (config.signerKey !== '') return createSigner(config.signerKey as Hex);
  if (config.signerKeystore === '')
    throw new SettingsError(['DGRID_NODE_SIGNER_KEY: missing; give a key or DGRID_NODE_SIGNER_KEYSTORE']);
  return createSigner(await openKeystore(readFileSync(config.signerKeystore, 'utf8'), config.signerPassword));
}

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

async function serve(config: Config): Promise<void> {
  const deployment = parseDeployment(readFileSync(config.deploymentFile, 'utf8'));
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
    gateways: config.gateways.map((gateway) => gateway.toLowerCase() as Address),
    offered: [...modelNames(config).keys()],
    bodyLimitBytes: config.bodyLimitBytes,
    onFault: (message, details) => note('warn', message, details),
  });
  server.on('error', (error) => {
    note('warn', `cannot listen on ${config.host}:${config.port}: ${error.message}`);
    process.exit(2);
  });
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
    deployment: () => parseDeployment(readFileSync(config.deploymentFile, 'utf8')),
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
  const [command] = process.argv.slice(2);
  if (command === '--help') process.stdout.write(`${settingsHelp(NODE_SETTINGS)}\n`);
  else if (command === 'doctor') await doctor(loadConfig());
  else if (command === undefined) await serve(loadConfig());
  else throw new SettingsError([`no such command: ${command}; use none, doctor or --help`]);
} catch (error) {
  const problems =
    error instanceof SettingsError ? error.problems : [error instanceof Error ? error.message : String(error)];
  for (const problem of problems) process.stderr.write(`node agent: ${problem}\n`);
  process.exit(2);
}
