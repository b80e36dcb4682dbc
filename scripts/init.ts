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

/** Ports that the agents listen on unless they are told otherwise. */
const PORTS = { inference: 8_801, evaluator: 8_901, gateway: 8_080 } as const;
const MAINS = {
  inference: 'gateway/agents/node/main.ts',
  evaluator: 'gateway/agents/evaluator/main.ts',
  gateway: 'gateway/main.ts',
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
    endpoint: options.endpoint ?? `http://127.0.0.1:${PORTS[role]}`,
    models: role === 'inference' ? [model] : [],
  };
}

/** The file that the role's server reads; its options are listed by `--help` of that server. */
function agent({ role, folder, options, io }: Plan, account: string): object {
  const rpcUrl = rpcOf(options.rpc, io);
  const deployment = options.deployment ?? io.env['DGRID_DEPLOYMENT'] ?? join(ROOT, 'deployments/31337.json');
  const dataDir = join(folder, 'data');
  const listen = { host: '127.0.0.1', port: PORTS[role] };
  if (role === 'gateway') {
    const keysFile = join(folder, 'api-keys.json');
    return { account, rpcUrl, deploymentFile: deployment, keysFile, dataDir, ...listen };
  }
  const common = { account, signerKeystore: join(folder, 'signer.keystore.json'), deploymentFile: deployment, dataDir };
  if (role === 'evaluator') return { ...common, rpcUrl, ...listen };
  return { ...common, backendUrl: options.backend ?? 'http://127.0.0.1:11434/v1', ...listen };
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

function nextSteps({ role, folder }: Plan, account: string): readonly string[] {
  const at = (name: string) => join(folder, name);
  const keys = `--keystore ${at('account.keystore.json')} --signer-keystore ${at('signer.keystore.json')}`;
  return [
    `1. edit ${at('metadata.json')} and ${at('agent.json')}`,
    `2. send ${account} some ether and DGAI${role === 'gateway' ? ', and the signer some ether' : ''}`,
    `3. node scripts/register.ts --role ${role} --metadata ${at('metadata.json')} --stake AMOUNT ${keys} --dry-run`,
    role === 'gateway'
      ? '4. node scripts/fees.ts deposit --amount AMOUNT, then start node gateway/main.ts --config agent.json'
      : `4. start ${MAINS[role]} with agent.json (its --help names the variable)`,
    `5. node scripts/doctor.ts --role ${role} --account ${account}`,
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
    ],
  },
  async ({ options, io }) => {
    const role = ROLES[parseRole(options.role)] ?? 'inference';
    if (options.dir === undefined) throw new UsageError('--dir is missing');
    const folder = resolve(options.dir);
    const known = ['account.keystore.json', 'signer.keystore.json', 'metadata.json', 'agent.json', 'api-keys.json'];
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
    files.push(signer.file, json('metadata.json', metadata(plan)), json('agent.json', agent(plan, account)));
    if (role === 'gateway') files.push(json('api-keys.json', []));
    writeAll(folder, files);
    const reporter = createReporter(options.json, io);
    reporter.facts([
      ['account', account],
      ['signer', signer.address],
      ...files.map(({ name }) => ['wrote', join(folder, name)] as const),
    ]);
    nextSteps(plan, account).forEach(reporter.line);
    reporter.result({ role, account, signer: signer.address, files: files.map(({ name }) => join(folder, name)) });
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(init);
