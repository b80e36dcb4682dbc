import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { Wallet } from 'ethers';

import { ROOT } from './lib/artifacts.ts';
import { Exit, UsageError, defineCommand, runMain } from './lib/command.ts';
import type { Io, OptionValues } from './lib/command.ts';
import { newPassword } from './lib/keys.ts';
import { JSON_OPTION, createReporter, rpcOf } from './lib/session.ts';
import { ROLES, parseAddress, parseRole } from './lib/units.ts';

const OPTIONS = {
  role: { type: 'string', value: 'ROLE', help: 'inference, evaluator or gateway' },
  dir: { type: 'string', value: 'FOLDER', help: 'where to put keys and configuration' },
  name: { type: 'string', value: 'TEXT', help: 'name others see (default: the role)' },
  endpoint: { type: 'string', value: 'URL', help: 'where the network reaches the server, without a slash at its end' },
  backend: { type: 'string', value: 'URL', help: 'inference: OpenAI-compatible server behind the node' },
  model: { type: 'string', value: 'ID', help: 'inference: model that it serves' },
  account: { type: 'string', value: 'ADDRESS', help: 'account whose key stays elsewhere; only a signer is made' },
  rpc: { type: 'string', value: 'URL', help: 'EVM JSON-RPC for the configuration' },
  deployment: { type: 'string', value: 'FILE', help: 'deployment file for the configuration' },
  ...JSON_OPTION,
} as const;

type Options = OptionValues<typeof OPTIONS>;
type RoleName = (typeof ROLES)[number];

/** Port that a role's server listens on unless it is told otherwise, its program, and the variable of its password. */
const SERVERS = {
  inference: { port: 8_801, main: 'gateway/agents/node/main.ts', password: 'DGRID_NODE_SIGNER_PASSWORD' },
  evaluator: { port: 8_901, main: 'gateway/agents/evaluator/main.ts', password: 'DGRID_EVALUATOR_SIGNER_PASSWORD' },
  gateway: { port: 8_080, main: 'gateway/main.ts', password: 'DGRID_SIGNER_PASSWORD' },
} as const;

type Plan = { readonly role: RoleName; readonly folder: string; readonly options: Options; readonly io: Io };
type File = { readonly name: string; readonly text: string; readonly mode: number };

function metadata({ role, options }: Plan): object {
  const model = {
    id: options.model ?? 'model-id',
    contextLength: 8_192,
    maxOutputTokens: 4_096,
    capabilities: [],
    price: { input: 100_000, output: 400_000 },
  };
  return {
    version: 1,
    name: options.name ?? role,
    endpoint: options.endpoint ?? `http://127.0.0.1:${SERVERS[role].port}`,
    models: role === 'inference' ? [model] : [],
  };
}

function httpUrl(option: string, value: string): string {
  if (!/^https?:\/\/[^\s/]/.test(value)) throw new UsageError(`${option} is not an http or https URL: ${value}`);
  return value;
}

/** What the role's server needs to start, short of the password of its keystore. */
function configuration({ role, folder, options, io }: Plan, account: string): object {
  const deployment = options.deployment ?? io.env['DGRID_DEPLOYMENT'] ?? join(ROOT, 'deployments/31337.json');
  const common = {
    account,
    signerKeystore: join(folder, 'signer.keystore.json'),
    deploymentFile: resolve(deployment),
    dataDir: join(folder, 'data'),
    host: '127.0.0.1',
    port: SERVERS[role].port,
  };
  const rpcUrl = httpUrl('--rpc', rpcOf(options.rpc, io));
  if (role === 'inference') {
    return { ...common, rpcUrl, backendUrl: httpUrl('--backend', options.backend ?? 'http://127.0.0.1:11434/v1') };
  }
  return role === 'evaluator' ? { ...common, rpcUrl } : { ...common, rpcUrl, keysFile: join(folder, 'api-keys.json') };
}

/** A key for callers of a gateway, and what is kept of it: 256 random bits cannot be searched for by their hash. */
function newApiKey(): { readonly key: string; readonly record: { readonly hash: string; readonly name: string } } {
  const key = `dgrid-${randomBytes(32).toString('base64url')}`;
  return { key, record: { hash: createHash('sha256').update(key, 'utf8').digest('hex'), name: 'first' } };
}

async function keystore(name: string, variable: string, io: Io): Promise<{ file: File; address: string }> {
  const wallet = Wallet.createRandom();
  const password = await newPassword(`${name} key`, variable, io);
  const text = await wallet.encrypt(password);
  return { file: { name: `${name}.keystore.json`, text: `${text}\n`, mode: 0o600 }, address: wallet.address };
}

function json(name: string, value: unknown): File {
  return { name, text: `${JSON.stringify(value, null, 2)}\n`, mode: 0o644 };
}

function writeAll(folder: string, files: readonly File[]): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // `wx` never replaces a file: a key that is overwritten is gone.
  for (const { name, text, mode } of files) writeFileSync(join(folder, name), text, { mode, flag: 'wx' });
}

function nextSteps({ role, folder, options }: Plan, account: string): readonly string[] {
  const at = (name: string) => join(folder, name);
  const { main, password } = SERVERS[role];
  const owner = `--keystore ${options.account === undefined ? at('account.keystore.json') : 'KEYSTORE'}`;
  const chain = [
    ...(options.rpc === undefined ? [] : [` --rpc ${options.rpc}`]),
    ...(options.deployment === undefined ? [] : [` --deployment ${resolve(options.deployment)}`]),
  ].join('');
  const keys = `${owner} --signer-keystore ${at('signer.keystore.json')}${chain}`;
  return [
    `next, in ${ROOT}:`,
    `1. edit ${at('metadata.json')} and ${at('config.json')}`,
    `2. send ${account} some ether and DGAI${role === 'gateway' ? ', and the signer some ether' : ''}`,
    `3. npx node scripts/register.ts --role ${role} --metadata ${at('metadata.json')} --stake AMOUNT ${keys} --dry-run`,
    ...(role === 'gateway' ? [`   npx node scripts/fees.ts deposit --amount AMOUNT ${owner}${chain}`] : []),
    `4. set ${password}, then start npx node ${main} --config ${at('config.json')}`,
    `5. npx node scripts/doctor.ts --role ${role} --account ${account}${chain}`,
  ];
}

/** Keys and configuration of a new node; nothing is sent anywhere. */
export const init = defineCommand(
  {
    name: 'init',
    summary: 'Makes encrypted keystores, the metadata and the configuration of a new node; sends nothing.',
    options: OPTIONS,
    notes: [
      'Passwords: DGRID_KEYSTORE_PASSWORD for the account key, DGRID_SIGNER_PASSWORD for the signer key,',
      'else they are asked for, twice. No file is ever replaced.',
      'A gateway gets one API key for its callers: shown once, kept as its hash in api-keys.json.',
    ],
  },
  async ({ options, io }) => {
    const role = ROLES[parseRole(options.role)] ?? 'inference';
    if (options.dir === undefined) throw new UsageError('--dir is missing');
    const folder = resolve(options.dir);
    const known = ['account.keystore.json', 'signer.keystore.json', 'metadata.json', 'config.json', 'api-keys.json'];
    const taken = known.find((name) => existsSync(join(folder, name)));
    if (taken !== undefined) throw new UsageError(`${join(folder, taken)} exists already`);
    const plan = { role, folder, options, io };
    const files: File[] = [];
    let account: string;
    if (options.account === undefined) {
      const made = await keystore('account', 'DGRID_KEYSTORE_PASSWORD', io);
      files.push(made.file);
      account = made.address;
    } else {
      account = parseAddress('--account', options.account);
    }
    const signer = await keystore('signer', 'DGRID_SIGNER_PASSWORD', io);
    files.push(signer.file, json('metadata.json', metadata(plan)), json('config.json', configuration(plan, account)));
    const api = role === 'gateway' ? newApiKey() : undefined;
    if (api !== undefined) files.push(json('api-keys.json', [api.record]));
    writeAll(folder, files);
    const reporter = createReporter(options.json, io);
    reporter.facts([
      ['account', account],
      ['signer', signer.address],
      ...files.map(({ name }) => ['wrote', join(folder, name)] as const),
      // Under --json it stands in the document, and nowhere else.
      ...(api === undefined || options.json ? [] : [['API key', `${api.key} (shown this once)`] as const]),
    ]);
    nextSteps(plan, account).forEach(reporter.line);
    const written = files.map(({ name }) => join(folder, name));
    reporter.result({ role, account, signer: signer.address, files: written, ...(api && { apiKey: api.key }) });
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(init);
