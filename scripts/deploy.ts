import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { dataLength } from 'ethers';

import { ROOT } from './lib/artifacts.ts';
import { connect, gasPrice, view } from './lib/chain.ts';
import { Exit, UsageError, defineCommand, runMain } from './lib/command.ts';
import type { OptionValues } from './lib/command.ts';
import { ZERO_HASH, mergeParams, parseParamsFile, presetOf, protocolParamsHash } from './lib/deploy/config.ts';
import type { DeployConfig, DeployParams } from './lib/deploy/config.ts';
import { deployAll, planDeployment } from './lib/deploy/deploy.ts';
import type { DeployPlan } from './lib/deploy/deploy.ts';
import { contractsOf } from './lib/deployment.ts';
import { ACCOUNT_KEY_OPTIONS, accountKey, loadWallet } from './lib/keys.ts';
import { CHAIN_OPTIONS, SEND_OPTIONS, createReporter, rpcOf } from './lib/session.ts';
import { date, dgai, duration, eth, parseAddress, parseInteger } from './lib/units.ts';

const TIMING_OPTIONS = {
  'genesis-delay': 'genesisDelay',
  'epoch-duration': 'epochDuration',
  'record-window': 'recordWindow',
  'round-duration': 'roundDuration',
  'dispute-window': 'disputeWindow',
  'arbiter-deadline': 'arbiterDeadline',
  unbonding: 'unbonding',
} as const;

function seconds(help: string) {
  return { type: 'string', value: 'SECONDS', help } as const;
}

const OPTIONS = {
  rpc: CHAIN_OPTIONS.rpc,
  out: { type: 'string', value: 'FILE', help: 'deployment file to write (default: deployments/<chainId>.json)' },
  force: { type: 'boolean', help: 'overwrite that file' },
  params: { type: 'string', value: 'FILE', help: 'parameters that differ from the preset (docs/operations.md)' },
  genesis: { type: 'string', value: 'UNIX', help: 'second at which epoch 0 starts, instead of a delay' },
  'genesis-delay': seconds('from the newest block to the start of epoch 0'),
  'epoch-duration': seconds('length of an epoch'),
  'record-window': seconds('from anchoring receipts to the last moment for their records'),
  'round-duration': seconds('before the next round of attestations may start'),
  'dispute-window': seconds('from a proposal to its finalisation'),
  'arbiter-deadline': seconds('for a verdict that still slashes'),
  unbonding: seconds('from a request to the payment of unbonded stake'),
  'protocol-params': { type: 'string', value: 'FILE', help: 'protocol parameters (default: the gateway’s own file)' },
  admin: { type: 'string', value: 'ADDRESS', help: 'announces acts of the timelock (default: the deployer)' },
  'timelock-delay': seconds('from an announcement in the timelock to its execution'),
  arbiter: { type: 'string', value: 'ADDRESS', help: 'rules on challenges (default: the timelock)' },
  shadow: { type: 'boolean', help: 'do not activate payments, also on chain 31337' },
  activate: { type: 'boolean', help: 'activate payments at once, also on a live chain' },
  ...ACCOUNT_KEY_OPTIONS,
  ...SEND_OPTIONS,
} as const;

type Options = OptionValues<typeof OPTIONS>;

function configOf(options: Options, chainId: bigint): DeployConfig {
  if (options.activate && options.shadow) throw new UsageError('--activate and --shadow exclude each other');
  const file = options.params === undefined ? {} : parseParamsFile(options.params, readParams(options.params));
  const timing = Object.fromEntries(
    Object.entries(TIMING_OPTIONS).flatMap(([option, key]) => {
      const text = options[option as keyof typeof TIMING_OPTIONS];
      return text === undefined ? [] : [[key, Number(parseInteger(`--${option}`, text, 1n, 4_294_967_295n))]];
    }),
  );
  const delay = options['timelock-delay'];
  const administration =
    delay === undefined ? {} : { timelockDelay: Number(parseInteger('--timelock-delay', delay, 0n, 4_294_967_295n)) };
  const merged = mergeParams(mergeParams(presetOf(chainId), file), { timing, administration });
  const params: DeployParams = { ...merged, activate: options.activate || (merged.activate && !options.shadow) };
  return {
    params,
    paramsHash: protocolParamsHash(options['protocol-params']),
    genesisTableRoot: ZERO_HASH,
    ...(options.genesis === undefined ? {} : { genesis: parseInteger('--genesis', options.genesis, 1n) }),
    ...(options.admin === undefined ? {} : { admin: parseAddress('--admin', options.admin) }),
    ...(options.arbiter === undefined ? {} : { arbiter: parseAddress('--arbiter', options.arbiter) }),
  };
}

function readParams(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new UsageError(`cannot read --params ${file}`);
  }
}

/** Creation costs 200 gas and 16 gas of calldata per byte, and some hundred thousand for storage. */
function approximateGas(plan: DeployPlan): bigint {
  return plan.creations.reduce((sum, { data }) => sum + 350_000n + 216n * BigInt(dataLength(data)), 300_000n);
}

function facts(plan: DeployPlan, { params, paramsHash }: DeployConfig): (readonly [string, string])[] {
  const { timing, minimumStakes, anchoring, rewards } = params;
  const durations = Object.values(TIMING_OPTIONS).map((key) => [key, duration(BigInt(timing[key]))] as const);
  return [
    ['chain', plan.chainId.toString()],
    ['deployer', plan.deployer],
    ['genesis', date(plan.genesis)],
    ...durations,
    [
      'minimum stakes',
      Object.entries(minimumStakes)
        .map(([role, amount]) => `${role} ${amount}`)
        .join(', ') + ' DGAI',
    ],
    ['fee per unit', `${anchoring.feePerUnit} DGAI, burned; pools at most ${rewards.maxRewardPerUnit} DGAI per unit`],
    ['reserve', `${rewards.reserve} DGAI, ${rewards.emissionPpm} ppm an epoch`],
    ['timelock', `${duration(BigInt(params.administration.timelockDelay))} before an act of administration`],
    ['payments', params.activate ? 'from the first epoch' : 'not before activate(): shadow epochs'],
    ['parameters hash', paramsHash],
    ...plan.creations.map(({ name }) => [name, plan.addresses[name]] as const),
  ];
}

/** Deploys the network's contracts and writes where they are. */
export const deploy = defineCommand(
  {
    name: 'deploy',
    summary: 'Deploys all contracts, wires them, funds the reserve, hands over to the timelock and writes the file.',
    options: OPTIONS,
    notes: [
      'The preset is that of a local chain for chain id 31337, and of the live network otherwise.',
      'Exit codes: 0 done, 1 refused or failed, 2 bad option, 3 chain unreachable.',
    ],
  },
  async ({ options, io }) => {
    const { provider, chainId } = await connect(rpcOf(options.rpc, io));
    const config = configOf(options, chainId);
    const out = options.out ?? join(ROOT, 'deployments', `${chainId}.json`);
    if (existsSync(out) && !options.force && !options['dry-run']) {
      throw new UsageError(`${out} exists: give --out FILE, or --force to replace it`);
    }
    const signer = (await loadWallet(accountKey(options), io)).connect(provider);
    const reporter = createReporter(options.json, io);
    const input = { provider, signer, config, log: reporter.line };
    const plan = await planDeployment(input);
    const cost = approximateGas(plan) * (await gasPrice(provider));
    reporter.facts([
      ...facts(plan, config),
      ['gas', `about ${eth(cost)} of ${eth(await provider.getBalance(signer))}`],
    ]);
    if (options['dry-run']) {
      reporter.line('dry run: nothing was sent');
      reporter.result({ dryRun: true, chainId, genesis: plan.genesis, addresses: plan.addresses });
      return Exit.ok;
    }
    const deployment = await deployAll(input);
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, `${JSON.stringify(deployment, null, 2)}\n`);
    const left = await view<bigint>(contractsOf(deployment, provider).token, 'balanceOf', [signer.address]);
    reporter.line(`wrote ${out}; ${signer.address} holds the other ${dgai(left)}`);
    reporter.result(deployment);
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(deploy);
