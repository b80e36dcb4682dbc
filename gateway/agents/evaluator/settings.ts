import { ADDRESS, HTTP_URL, choice, integer, text } from '../../lib/settings.ts';
import { BEHAVIOURS } from './scorers/behaviour.ts';

const OPTIONAL_URL = {
  fallback: '',
  pattern: /^(https?:\/\/[^\s/]+(\/[^\s]*)?)?$/,
  form: 'an http or https URL',
} as const;

/** Options of an evaluator agent, from the environment or the JSON file that `--config` names. */
export const EVALUATOR_SETTINGS = {
  account: text({
    env: 'DGRID_EVALUATOR_ACCOUNT',
    doc: "The operator's account that is registered as evaluator.",
    ...ADDRESS,
  }),
  signerKey: text({
    env: 'DGRID_EVALUATOR_SIGNER_KEY',
    doc: 'Private key that signs evaluations (0x and 64 hex digits); or give a keystore.',
    secret: true,
    fallback: '',
    pattern: /^(0x[0-9a-fA-F]{64})?$/,
    form: 'a private key',
  }),
  signerKeystore: text({
    env: 'DGRID_EVALUATOR_SIGNER_KEYSTORE',
    doc: 'Path of an encrypted JSON keystore with that key.',
    fallback: '',
  }),
  signerPassword: text({
    env: 'DGRID_EVALUATOR_SIGNER_PASSWORD',
    doc: 'Password of the keystore.',
    secret: true,
    fallback: '',
  }),
  rpcUrl: text({ env: 'DGRID_EVALUATOR_RPC_URL', doc: 'JSON-RPC endpoint of the chain.', ...HTTP_URL }),
  deploymentFile: text({ env: 'DGRID_EVALUATOR_DEPLOYMENT', doc: 'Path of the deployment file of the chain.' }),
  dataDir: text({ env: 'DGRID_EVALUATOR_DATA_DIR', doc: 'Folder of the evaluations. Losing it can cost the stake.' }),
  host: text({ env: 'DGRID_EVALUATOR_HOST', doc: 'Address to listen on.', fallback: '127.0.0.1' }),
  port: integer({
    env: 'DGRID_EVALUATOR_PORT',
    doc: 'Port to listen on; 0: any.',
    min: 0,
    max: 65_535,
    fallback: 8_901,
  }),
  scorer: text({
    env: 'DGRID_EVALUATOR_SCORER',
    doc: 'Path of a module that exports createScorer; empty: the default scorer.',
    fallback: '',
  }),
  modelUrl: text({
    env: 'DGRID_EVALUATOR_MODEL_URL',
    doc: 'Base URL of an OpenAI-compatible model of your own for a second opinion; empty: none.',
    ...OPTIONAL_URL,
  }),
  modelName: text({ env: 'DGRID_EVALUATOR_MODEL', doc: 'What that server calls the model.', fallback: 'default' }),
  modelKey: text({
    env: 'DGRID_EVALUATOR_MODEL_KEY',
    doc: 'API key sent to that server; empty: none.',
    secret: true,
    fallback: '',
  }),
  modelMs: integer({
    env: 'DGRID_EVALUATOR_MODEL_MS',
    doc: 'Limit for its answer; without one the default scorer judges alone.',
    min: 10,
    max: 600_000,
    fallback: 6_000,
  }),
  embeddingsUrl: text({
    env: 'DGRID_EVALUATOR_EMBEDDINGS_URL',
    doc: 'Base URL of an OpenAI-compatible server of embeddings, which compares what answers mean; empty: none.',
    ...OPTIONAL_URL,
  }),
  embeddingsModel: text({
    env: 'DGRID_EVALUATOR_EMBEDDINGS_MODEL',
    doc: 'What that server calls the model.',
    fallback: 'default',
  }),
  embeddingsKey: text({
    env: 'DGRID_EVALUATOR_EMBEDDINGS_KEY',
    doc: 'API key sent to that server; empty: none.',
    secret: true,
    fallback: '',
  }),
  embeddingsMs: integer({
    env: 'DGRID_EVALUATOR_EMBEDDINGS_MS',
    doc: 'Limit for its vectors; without them meaning is not compared.',
    min: 10,
    max: 600_000,
    fallback: 2_000,
  }),
  localModel: text({
    env: 'DGRID_EVALUATOR_LOCAL_MODEL',
    doc: 'Embedding model to load into this process with transformers.js, instead of a server; empty: none.',
    fallback: '',
  }),
  codeRunner: text({
    env: 'DGRID_EVALUATOR_CODE_RUNNER',
    doc: 'What runs the code of answers: `sandbox` (JavaScript), the path of a program, a URL; empty: no code is run.',
    fallback: '',
  }),
  codeRunnerMs: integer({
    env: 'DGRID_EVALUATOR_CODE_RUNNER_MS',
    doc: 'Limit for one answer; without a result the other scorers judge alone.',
    min: 10,
    max: 60_000,
    fallback: 3_000,
  }),
  scorerMs: integer({
    env: 'DGRID_EVALUATOR_SCORER_MS',
    doc: 'Limit for a whole score; one that is later is given up, and the default scorer judges in its place.',
    min: 10,
    max: 600_000,
    fallback: 9_000,
  }),
  judgeUrl: text({
    env: 'DGRID_EVALUATOR_JUDGE_URL',
    doc: 'Base URL of an OpenAI-compatible chat model that rates answers; empty: none.',
    ...OPTIONAL_URL,
  }),
  judgeModel: text({
    env: 'DGRID_EVALUATOR_JUDGE_MODEL',
    doc: 'What that server calls the model.',
    fallback: 'default',
  }),
  judgeKey: text({
    env: 'DGRID_EVALUATOR_JUDGE_KEY',
    doc: 'API key sent to that server; empty: none.',
    secret: true,
    fallback: '',
  }),
  judgeMs: integer({
    env: 'DGRID_EVALUATOR_JUDGE_MS',
    doc: 'Limit for its rating; without one the other scorers judge alone.',
    min: 10,
    max: 600_000,
    fallback: 8_000,
  }),
  behaviour: choice({
    env: 'DGRID_EVALUATOR_BEHAVIOUR',
    doc: 'For demonstrations of attacks: what the evaluator does with the scores it finds.',
    options: BEHAVIOURS,
    fallback: 'honest',
  }),
  concurrency: integer({
    env: 'DGRID_EVALUATOR_CONCURRENCY',
    doc: 'Evaluations under way at once.',
    min: 1,
    max: 256,
    fallback: 8,
  }),
  queueLimit: integer({
    env: 'DGRID_EVALUATOR_QUEUE_LIMIT',
    doc: 'Evaluations that may wait; more are refused with 503.',
    min: 0,
    max: 100_000,
    fallback: 512,
  }),
  formatMs: integer({
    env: 'DGRID_EVALUATOR_FORMAT_MS',
    doc: "Limit for checking a caller's own schema or expression.",
    min: 10,
    max: 60_000,
    fallback: 1_000,
  }),
  rpcMs: integer({
    env: 'DGRID_EVALUATOR_RPC_MS',
    doc: 'Limit for one question to the chain.',
    min: 10,
    max: 120_000,
    fallback: 5_000,
  }),
  bodyLimitBytes: integer({
    env: 'DGRID_EVALUATOR_BODY_LIMIT_BYTES',
    doc: 'Largest request body.',
    min: 1_024,
    max: 268_435_456,
    fallback: 16_777_216,
  }),
} as const;
