import { parseKeys } from './account/key-file.ts';
import { parseDeployment } from './lib/deployment.ts';
import { GATEWAY_SETTINGS, readConfig } from './config.ts';
import { parseGoldStore } from './gold/store.ts';
import { keepCompiled } from './lib/compiled.ts';
import { helpText, leave, readCommandLine, readNamed, readSignerKey } from './lib/program.ts';
import { reasonOf } from './lib/reason.ts';
import type { Hex } from './protocol/types.ts';
import { DEFAULT_PARAMS, parseParams } from './poq/params.ts';
import { parseQualityModel } from './route/quality/model-file.ts';
import { createQualityPredictor } from './route/quality/predictor.ts';
import { createLogger } from './telemetry/logger.ts';
import type { Inputs } from './wiring/gateway.ts';

const PROGRAM = {
  name: 'gateway',
  summary: 'The gateway: OpenAI-compatible API, routing, receipts, Proof of Quality.',
  path: 'gateway/main.ts',
  commands: {},
  options: {},
  settings: GATEWAY_SETTINGS,
};

async function readInputs(file: unknown): Promise<Inputs> {
  const config = readConfig(process.env, file);
  const { deploymentFile, paramsFile, keysFile, goldFile, routingModelFile } = GATEWAY_SETTINGS;
  const contracts = readNamed(deploymentFile.env, config.deploymentFile, parseDeployment);
  const params =
    config.paramsFile === ''
      ? DEFAULT_PARAMS
      : readNamed(paramsFile.env, config.paramsFile, (text) => parseParams(JSON.parse(text)));
  const keys = readNamed(keysFile.env, config.keysFile, parseKeys);
  const storedGolds =
    config.goldFile === '' ? [] : readNamed(goldFile.env, config.goldFile, (text) => parseGoldStore(text, 'golds'));
  const foresight =
    config.routingModelFile === ''
      ? undefined
      : readNamed(routingModelFile.env, config.routingModelFile, (text) =>
          createQualityPredictor(parseQualityModel(text)),
        );
  const signerKey = await readSignerKey(GATEWAY_SETTINGS, config);
  const dataKey = config.dataKey === '' ? signerKey : (config.dataKey as Hex);
  return {
    config,
    signerKey,
    dataKey,
    contracts,
    params,
    keys,
    storedGolds,
    foresight,
    log: createLogger(config.logLevel),
  };
}

async function main(): Promise<void> {
  const { help, file } = readCommandLine(PROGRAM, process.argv.slice(2));
  if (help) {
    console.log(helpText(PROGRAM));
    return;
  }
  const inputs = await readInputs(file);
  const { config, log } = inputs;
  keepCompiled();
  const { createGateway } = await import('./wiring/gateway.ts'); // nearly all of the code
  const gateway = await createGateway(inputs);
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    gateway.stop().then(
      () => process.exit(0),
      (error: unknown) => leave(PROGRAM, error),
    );
  };
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('SIGTERM', () => stop('SIGTERM'));
  gateway.start();
  const url = await gateway.app.http.listen({ host: config.host, port: config.port }).catch((cause: unknown) => {
    throw new Error(`cannot listen: ${reasonOf(cause)}`);
  });
  log.info({ url }, 'listening');
}

main().catch((error: unknown) => leave(PROGRAM, error));
