import { ADDRESS, HTTP_URL, choice, flag, integer, list, readSettings, text } from './lib/settings.ts';

/** Every option of the gateway process: the one description that parsing, errors and the reference page come from. */
export const GATEWAY_SETTINGS = {
  rpcUrl: text({ env: 'DGRID_RPC_URL', doc: 'JSON-RPC endpoint of the chain.', ...HTTP_URL }),
  deploymentFile: text({ env: 'DGRID_DEPLOYMENT', doc: 'Path of the deployment file of the chain.' }),
  account: text({ env: 'DGRID_ACCOUNT', doc: 'Account that is registered as gateway.', ...ADDRESS }),
  signerKey: text({
    env: 'DGRID_SIGNER_KEY',
    doc: 'Private key of the registered signer: signs receipts and sends transactions; or give a keystore.',
    secret: true,
    fallback: '',
    pattern: /^(0x[0-9a-fA-F]{64})?$/,
    form: 'a private key (0x and 64 hex digits)',
  }),
  signerKeystore: text({
    env: 'DGRID_SIGNER_KEYSTORE',
    doc: 'Path of an encrypted JSON keystore with that key.',
    fallback: '',
  }),
  signerPassword: text({
    env: 'DGRID_SIGNER_PASSWORD',
    doc: 'Password of the keystore.',
    secret: true,
    fallback: '',
  }),
  dataKey: text({
    env: 'DGRID_DATA_KEY',
    doc: 'Key that content at rest is encrypted under; empty: derived from the signer key. Set the old signer key here when the signer is replaced.',
    secret: true,
    fallback: '',
    pattern: /^(0x[0-9a-fA-F]{64})?$/,
    form: '32 bytes (0x and 64 hex digits)',
  }),
  keysFile: text({
    env: 'DGRID_KEYS',
    doc: 'The API keys, hashed, with their credit and limits: a file that `scripts/api-keys.ts` writes and the gateway reads anew when it changes.',
  }),
  dataDir: text({ env: 'DGRID_DATA_DIR', doc: 'Folder of the store; one gateway per folder.' }),
  acceptLostStore: flag({
    env: 'DGRID_ACCEPT_LOST_STORE',
    doc: 'Start although the chain has batches of this gateway that the store has not; what it lost is never recorded or paid.',
    fallback: false,
  }),
  retainEpochs: integer({
    env: 'DGRID_RETAIN_EPOCHS',
    doc: 'For how many epochs the receipts of a final epoch stay in the store.',
    min: 2,
    max: 1_000_000,
    fallback: 365,
  }),
  retainDatasets: integer({
    env: 'DGRID_RETAIN_DATASETS',
    // Who audits the newest epoch needs the golds of eight before it, and the table in force, which may be older by two.
    doc: 'For how many epochs the dataset of a final epoch stays in the data folder; the chain keeps its digest.',
    min: 10,
    max: 1_000_000,
    fallback: 3_650,
  }),
  host: text({ env: 'DGRID_HOST', doc: 'Address to listen on.', fallback: '127.0.0.1' }),
  port: integer({
    env: 'DGRID_PORT',
    doc: 'Port to listen on; 0 lets the system choose.',
    min: 0,
    max: 65_535,
    fallback: 8080,
  }),
  logLevel: choice({
    env: 'DGRID_LOG_LEVEL',
    doc: 'Least severe level that is logged.',
    options: ['fatal', 'error', 'warn', 'info', 'debug', 'silent'],
    fallback: 'info',
  }),
  paramsFile: text({
    env: 'DGRID_PARAMS',
    doc: 'Protocol parameters; empty: those shipped with the program.',
    fallback: '',
  }),
  goldFile: text({
    env: 'DGRID_GOLDS',
    doc: 'Private gold tasks as JSON lines; empty: generated ones only.',
    fallback: '',
  }),
  routingModelFile: text({
    env: 'DGRID_ROUTING_MODEL',
    doc: 'Trained quality predictor that routing starts from; empty: none, history alone.',
    fallback: '',
  }),
  goldsPerEpoch: integer({
    env: 'DGRID_GOLDS_PER_EPOCH',
    doc: 'Gold tasks prepared for each epoch.',
    min: 0,
    max: 100_000,
    fallback: 64,
  }),
  confirmations: integer({
    env: 'DGRID_CONFIRMATIONS',
    doc: 'Blocks until a transaction counts.',
    min: 1,
    max: 1_000,
    fallback: 1,
  }),
  finalityBlocks: integer({
    env: 'DGRID_FINALITY_BLOCKS',
    doc: 'Blocks after which no reorganisation of the chain is expected to undo anything; anchors are watched for as long, and an epoch is proposed after it. Must pass well within the record window.',
    min: 0,
    max: 100_000,
    fallback: 64,
  }),
  maxFeeGwei: integer({
    env: 'DGRID_MAX_FEE_GWEI',
    doc: 'Most that is paid for a unit of gas.',
    min: 1,
    max: 1_000_000,
    fallback: 500,
  }),
  chainPollMs: integer({
    env: 'DGRID_CHAIN_POLL_MS',
    doc: 'How often the chain and the outbox are looked at.',
    min: 20,
    max: 60_000,
    fallback: 500,
  }),
  txTimeoutMs: integer({
    env: 'DGRID_TX_TIMEOUT_MS',
    doc: 'How long a transaction may stay unmined before it is replaced by one that pays more.',
    min: 1_000,
    max: 3_600_000,
    fallback: 60_000,
  }),
  batchIntervalMs: integer({
    env: 'DGRID_BATCH_INTERVAL_MS',
    doc: 'How often a batch is closed.',
    min: 50,
    max: 3_600_000,
    fallback: 10_000,
  }),
  attestationGraceMs: integer({
    env: 'DGRID_ATTESTATION_GRACE_MS',
    doc: 'How long a receipt waits for its node’s attestation.',
    min: 0,
    max: 60_000,
    fallback: 2_000,
  }),
  maxBatchReceipts: integer({
    env: 'DGRID_MAX_BATCH_RECEIPTS',
    doc: 'Most receipts in one batch.',
    min: 1,
    max: 50_000,
    fallback: 10_000,
  }),
  answerTimeoutMs: integer({
    env: 'DGRID_ANSWER_TIMEOUT_MS',
    doc: 'How long an evaluator, or a replayed node, has to answer.',
    min: 50,
    max: 600_000,
    fallback: 10_000,
  }),
  recordMarginSeconds: integer({
    env: 'DGRID_RECORD_MARGIN_S',
    doc: 'Time before the record window closes at which open examinations are given up.',
    min: 0,
    max: 86_400,
    fallback: 600,
  }),
  tableGraceSeconds: integer({
    env: 'DGRID_TABLE_GRACE_S',
    doc: 'How long the opening of an epoch waits for the table of two epochs before.',
    min: 0,
    max: 86_400,
    fallback: 60,
  }),
  outboxConcurrency: integer({
    env: 'DGRID_OUTBOX_CONCURRENCY',
    doc: 'Outbox rows in work at once.',
    min: 1,
    max: 1_000,
    fallback: 32,
  }),
  allowedNetworks: list({
    env: 'DGRID_ALLOWED_NETWORKS',
    doc: 'Addresses and ranges beside the public internet where nodes, evaluators and metadata may be; on chain 31337 this machine is one.',
    fallback: [],
  }),
  connectMs: integer({
    env: 'DGRID_CONNECT_MS',
    doc: 'Time to connect to a node.',
    min: 10,
    max: 60_000,
    fallback: 2_000,
  }),
  headersMs: integer({
    env: 'DGRID_HEADERS_MS',
    doc: 'Time until a node’s status line.',
    min: 10,
    max: 600_000,
    fallback: 30_000,
  }),
  plainMs: integer({
    env: 'DGRID_PLAIN_MS',
    doc: 'Time until a plain answer’s status line.',
    min: 10,
    max: 3_600_000,
    fallback: 120_000,
  }),
  firstTokenMs: integer({
    env: 'DGRID_FIRST_TOKEN_MS',
    doc: 'Time from the status line to the first content event.',
    min: 10,
    max: 600_000,
    fallback: 30_000,
  }),
  chunkMs: integer({
    env: 'DGRID_CHUNK_MS',
    doc: 'Time between content events.',
    min: 10,
    max: 600_000,
    fallback: 20_000,
  }),
  totalMs: integer({
    env: 'DGRID_TOTAL_MS',
    doc: 'Time for a whole answer.',
    min: 10,
    max: 3_600_000,
    fallback: 600_000,
  }),
  maxAttempts: integer({
    env: 'DGRID_MAX_ATTEMPTS',
    doc: 'Nodes asked for one request at most.',
    min: 1,
    max: 10,
    fallback: 3,
  }),
  maxAnswerBytes: integer({
    env: 'DGRID_MAX_ANSWER_BYTES',
    doc: 'Longest answer.',
    min: 1_024,
    max: 1_073_741_824,
    fallback: 8_388_608,
  }),
  bodyLimitBytes: integer({
    env: 'DGRID_BODY_LIMIT_BYTES',
    doc: 'Longest request body.',
    min: 1_024,
    max: 1_073_741_824,
    fallback: 4_194_304,
  }),
  corsOrigins: list({
    env: 'DGRID_CORS_ORIGINS',
    doc: 'Origins whose pages may call the API from a browser, like `https://app.example`; `*`: all; empty: none.',
    fallback: [],
  }),
  maxInFlight: integer({
    env: 'DGRID_MAX_IN_FLIGHT',
    doc: 'Requests in work at once; more are told to come back.',
    min: 1,
    max: 100_000,
    fallback: 2_048,
  }),
  keepAliveMs: integer({
    env: 'DGRID_KEEP_ALIVE_MS',
    doc: 'Silence on a stream after which a comment is sent.',
    min: 100,
    max: 600_000,
    fallback: 10_000,
  }),
  docs: flag({
    env: 'DGRID_DOCS',
    doc: 'Whether `/docs` and `/openapi.json` describe the interface to everybody.',
    fallback: true,
  }),
  exploreBps: integer({
    env: 'DGRID_EXPLORE_BPS',
    doc: 'Share of requests that explore, in basis points.',
    min: 0,
    max: 5_000,
    fallback: 700,
  }),
} as const;

type Values = ReturnType<typeof readSettings<typeof GATEWAY_SETTINGS>>;

export type Config = Values & {
  readonly limits: Pick<Values, 'connectMs' | 'headersMs' | 'plainMs' | 'firstTokenMs' | 'chunkMs' | 'totalMs'>;
};

/** @throws SettingsError listing every missing, unknown or broken option. */
export function readConfig(env: Readonly<Record<string, string | undefined>>, file?: unknown): Config {
  const values = readSettings(GATEWAY_SETTINGS, { env, file });
  const { connectMs, headersMs, plainMs, firstTokenMs, chunkMs, totalMs } = values;
  return Object.freeze({ ...values, limits: { connectMs, headersMs, plainMs, firstTokenMs, chunkMs, totalMs } });
}
