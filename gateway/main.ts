import { readFileSync } from 'node:fs';

import { parseKeys } from './account/keyring.ts';
import { parseDeployment } from './lib/deployment.ts';
import { GATEWAY_SETTINGS, readConfig } from './config.ts';
import type { Config } from './config.ts';
import { parseGoldStore } from './gold/store.ts';
import { openKeystore } from './lib/keystore.ts';
import type { Hex } from './protocol/types.ts';
import { SettingsError, settingsHelp } from './lib/settings.ts';
import { DEFAULT_PARAMS, parseParams } from './poq/params.ts';
import { createLogger } from './telemetry/logger.ts';
import { createGateway } from './wiring/gateway.ts';
import type { Inputs } from './wiring/gateway.ts';

/** The gateway process: options, start, signals, graceful end. Exit code 2: an option is wrong; 1: it could not run. */
async function readInputs(): Promise<Inputs> {
  const config = readConfig(process.env, configFile(process.argv.slice(2)));
  const signerKey = await readSignerKey(config);
  return {
    config,
    signerKey,
    dataKey: config.dataKey === '' ? signerKey : (config.dataKey as Hex),
    contracts: readDeployment(config.deploymentFile),
    params: config.paramsFile === '' ? DEFAULT_PARAMS : parseParams(readJson(config.paramsFile)),
    keys: parseKeys(readFileSync(config.keysFile, 'utf8')),
    storedGolds: readGolds(config),
    log: createLogger(config.logLevel),
  };
}

function readDeployment(path: string): Inputs['contracts'] {
  try {
    return parseDeployment(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new SettingsError([`DGRID_DEPLOYMENT: ${path}: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

function configFile(args: readonly string[]): unknown {
  const [option, path, ...rest] = args;
  if (option === undefined) return undefined;
  if (option !== '--config' || path === undefined || rest.length > 0) {
    throw new SettingsError([`usage: node gateway/main.ts [--config FILE]; not understood: ${args.join(' ')}`]);
  }
  return readJson(path);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new SettingsError([`${path}: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

async function readSignerKey({ signerKey, signerKeystore, signerPassword }: Config): Promise<Hex> {
  if (signerKey !== '') return signerKey as Hex;
  if (signerKeystore === '') {
    throw new SettingsError(['DGRID_SIGNER_KEY: missing; give the key or DGRID_SIGNER_KEYSTORE']);
  }
  return await openKeystore(readFileSync(signerKeystore, 'utf8'), signerPassword);
}

function readGolds({ goldFile }: Config): Inputs['storedGolds'] {
  return goldFile === '' ? [] : parseGoldStore(readFileSync(goldFile, 'utf8'), goldFile);
}

function leave(code: number, error: unknown): never {
  const problems =
    error instanceof SettingsError ? error.problems : [error instanceof Error ? error.message : String(error)];
  for (const problem of problems) console.error(`gateway: ${problem}`);
  process.exit(code);
}

const USAGE = `The gateway: OpenAI-compatible API, routing, receipts, Proof of Quality.

Usage: node gateway/main.ts [--config FILE]

Options come from the environment, or from the JSON object in FILE under the names of docs/configuration.md:
${settingsHelp(GATEWAY_SETTINGS)}

Exit codes: 0 stopped by a signal, 1 could not run, 2 an option is missing or wrong.`;

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    console.log(USAGE);
    return;
  }
  let inputs: Inputs;
  try {
    inputs = await readInputs();
  } catch (error) {
    leave(2, error);
  }
  const { config, log } = inputs;
  const gateway = await createGateway(inputs);
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    gateway.stop().then(
      () => process.exit(0),
      (error: unknown) => leave(1, error),
    );
  };
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('SIGTERM', () => stop('SIGTERM'));
  gateway.start();
  const url = await gateway.app.http.listen({ host: config.host, port: config.port });
  log.info({ url }, 'listening');
}

main().catch((error: unknown) => leave(1, error));
