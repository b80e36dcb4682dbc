import { ADDRESS, HTTP_URL, integer, list, text } from '../../lib/settings.ts';

/** Options of a node agent, from the environment or the JSON file that `--config` names. */
export const NODE_SETTINGS = {
  account: text({
    env: 'DGRID_NODE_ACCOUNT',
    doc: "The operator's account that is registered as inference node.",
    ...ADDRESS,
  }),
  signerKey: text({
    env: 'DGRID_NODE_SIGNER_KEY',
    doc: 'Private key that signs attestations (0x and 64 hex digits); or give a keystore.',
    secret: true,
    fallback: '',
    pattern: /^(0x[0-9a-fA-F]{64})?$/,
    form: 'a private key',
  }),
  signerKeystore: text({
    env: 'DGRID_NODE_SIGNER_KEYSTORE',
    doc: 'Path of an encrypted JSON keystore with that key.',
    fallback: '',
  }),
  signerPassword: text({
    env: 'DGRID_NODE_SIGNER_PASSWORD',
    doc: 'Password of the keystore.',
    secret: true,
    fallback: '',
  }),
  backendUrl: text({
    env: 'DGRID_NODE_BACKEND_URL',
    doc: 'Base URL of the OpenAI-compatible backend; `/v1` is added to a bare host.',
    ...HTTP_URL,
  }),
  backendKey: text({
    env: 'DGRID_NODE_BACKEND_KEY',
    doc: 'API key sent to the backend; empty: none.',
    secret: true,
    fallback: '',
  }),
  models: list({
    env: 'DGRID_NODE_MODELS',
    doc: 'Pairs `offered=backend` where a model is called otherwise by the backend.',
    fallback: [],
  }),
  gateways: list({ env: 'DGRID_NODE_GATEWAYS', doc: 'Gateway accounts that are served; empty: all.', fallback: [] }),
  rpcUrl: text({
    env: 'DGRID_NODE_RPC_URL',
    doc: 'JSON-RPC endpoint of the chain, to check who asks; empty: whoever says it is a gateway is believed.',
    fallback: '',
    pattern: /^(https?:\/\/[^\s/]+(\/[^\s]*)?)?$/,
    form: 'an http or https URL',
  }),
  deploymentFile: text({ env: 'DGRID_NODE_DEPLOYMENT', doc: 'Path of the deployment file of the chain.' }),
  dataDir: text({ env: 'DGRID_NODE_DATA_DIR', doc: 'Folder of the attestation file.' }),
  host: text({ env: 'DGRID_NODE_HOST', doc: 'Address to listen on.', fallback: '127.0.0.1' }),
  port: integer({ env: 'DGRID_NODE_PORT', doc: 'Port to listen on; 0: any.', min: 0, max: 65_535, fallback: 8_801 }),
  attestAfterMs: integer({
    env: 'DGRID_NODE_ATTEST_AFTER_MS',
    doc: 'Longest wait of an answer for its signature.',
    min: 1,
    max: 1_000,
    fallback: 250,
  }),
  connectMs: integer({
    env: 'DGRID_NODE_CONNECT_MS',
    doc: 'Limit for connecting to the backend.',
    min: 1,
    max: 60_000,
    fallback: 2_000,
  }),
  answerMs: integer({
    env: 'DGRID_NODE_ANSWER_MS',
    doc: 'Limit for a whole answer of the backend.',
    min: 1,
    max: 3_600_000,
    fallback: 300_000,
  }),
  silenceMs: integer({
    env: 'DGRID_NODE_SILENCE_MS',
    doc: 'Limit for silence within a streamed answer.',
    min: 1,
    max: 600_000,
    fallback: 60_000,
  }),
  bodyLimitBytes: integer({
    env: 'DGRID_NODE_BODY_LIMIT_BYTES',
    doc: 'Largest request body.',
    min: 1_024,
    max: 268_435_456,
    fallback: 33_554_432,
  }),
} as const;
