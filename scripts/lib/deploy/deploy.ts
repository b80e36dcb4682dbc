import { spawnSync } from 'node:child_process';

import { AbiCoder, Contract, Interface, ZeroAddress, concat, getCreateAddress } from 'ethers';
import type { ParamType, Provider, TransactionReceipt, Wallet } from 'ethers';

import { CONTRACT_NAMES, CONTRACT_PATHS, ROOT, ensureArtifacts, readArtifact } from '../artifacts.ts';
import type { ContractName } from '../artifacts.ts';
import { chainTime, mined, sendAndWait, sendOnly } from '../chain.ts';
import { CommandError } from '../command.ts';
import { contractsOf, readAbi } from '../deployment.ts';
import type { DeployedContract, Deployment, JsonArgument } from '../deployment.ts';
import { baseUnits, checkAdministration } from './config.ts';
import type { DeployConfig } from './config.ts';

/** Puts the whole network on a chain: predicted addresses, one nonce after the other, then the reserve. */

type Argument = string | bigint | boolean | readonly Argument[] | { readonly [name: string]: Argument };
type Addresses = Readonly<Record<ContractName, string>>;
type Creation = { readonly name: ContractName; readonly args: readonly Argument[]; readonly data: string };

export type DeployPlan = {
  readonly chainId: bigint;
  readonly deployer: string;
  readonly nonce: number;
  readonly genesis: bigint;
  readonly addresses: Addresses;
  readonly creations: readonly Creation[];
};

export type DeployInput = {
  readonly provider: Provider;
  readonly signer: Wallet;
  readonly config: DeployConfig;
  readonly log?: (line: string) => void;
};

/** Enough for the largest creation. EIP-7825 allows 16.7 million per transaction. */
const CREATION_GAS = 8_000_000n;
/** Enough for the dearest call after them. */
const CALL_GAS = 500_000n;
/** Of OpenZeppelin's AccessManager. */
const ADMIN_ROLE = 0n;

/**
 * Works out addresses and constructor arguments; sends nothing. The contracts name each other by immutable addresses,
 * so those are computed from the deployer's nonce, in the order of `CONTRACT_NAMES`.
 */
export async function planDeployment({ provider, signer, config, log }: DeployInput): Promise<DeployPlan> {
  const { chainId } = await provider.getNetwork();
  checkAdministration(config, chainId);
  ensureArtifacts(log);
  const nonce = await provider.getTransactionCount(signer.address, 'pending');
  const genesis = config.genesis ?? (await chainTime(provider)) + BigInt(config.params.timing.genesisDelay);
  const addresses = Object.fromEntries(
    CONTRACT_NAMES.map((name, index) => [name, getCreateAddress({ from: signer.address, nonce: nonce + index })]),
  ) as Addresses;
  const args = constructorArguments(config, { at: addresses, deployer: signer.address, genesis });
  const creations = CONTRACT_NAMES.map((name) => ({ name, args: args[name], data: creationCode(name, args[name]) }));
  return { chainId, deployer: signer.address, nonce, genesis, addresses, creations };
}

type Wiring = { readonly at: Addresses; readonly deployer: string; readonly genesis: bigint };

function constructorArguments(
  config: DeployConfig,
  wiring: Wiring,
): Readonly<Record<ContractName, readonly Argument[]>> {
  const { at, deployer } = wiring;
  return {
    AccessManager: [deployer],
    DGAIToken: [deployer],
    NodeStaking: [stakingConfig(config, wiring)],
    ProofRegistry: [
      {
        staking: at.NodeStaking,
        distributor: at.RewardDistributor,
        authority: at.AccessManager,
        floorBps: BigInt(config.params.anchoring.floorBps),
        feePerUnit: baseUnits(config.params.anchoring.feePerUnit),
      },
    ],
    RewardDistributor: [distributorConfig(config, wiring)],
    EvidenceCourt: [
      {
        staking: at.NodeStaking,
        registry: at.ProofRegistry,
        distributor: at.RewardDistributor,
        authority: at.AccessManager,
        arbiter: config.arbiter ?? at.TimelockController,
        minimumBond: baseUnits(config.params.court.minimumBond),
        bondBps: BigInt(config.params.court.bondBps),
      },
    ],
    TimelockController: timelockArguments(config, deployer),
  };
}

function stakingConfig({ params }: DeployConfig, { at, genesis }: Wiring): Argument {
  const { genesisDelay: _delay, ...durations } = params.timing;
  const { inference, evaluator, gateway } = params.minimumStakes;
  return {
    token: at.DGAIToken,
    registry: at.ProofRegistry,
    court: at.EvidenceCourt,
    authority: at.AccessManager,
    timing: { genesis, ...integers(durations) },
    minimumStakes: [inference, evaluator, gateway].map(baseUnits),
    slash: integers(params.slash),
  };
}

/** Delay, who announces and cancels, who executes (anybody, once it is due), and no admin but the timelock itself. */
function timelockArguments({ params, admin }: DeployConfig, deployer: string): readonly Argument[] {
  return [BigInt(params.administration.timelockDelay), [admin ?? deployer], [ZeroAddress], ZeroAddress];
}

function distributorConfig({ params, paramsHash, genesisTableRoot }: DeployConfig, { at }: Wiring): Argument {
  const { emissionPpm, roleSplitBps, maxShareBps, maxRewardPerUnit } = params.rewards;
  return {
    staking: at.NodeStaking,
    registry: at.ProofRegistry,
    court: at.EvidenceCourt,
    authority: at.AccessManager,
    rewardParams: {
      emissionPpm: BigInt(emissionPpm),
      roleSplitBps: roleSplitBps.map(BigInt),
      maxShareBps: BigInt(maxShareBps),
      maxRewardPerUnit: baseUnits(maxRewardPerUnit),
    },
    paramsHash,
    genesisTableRoot,
  };
}

function integers(values: Readonly<Record<string, number>>): Readonly<Record<string, bigint>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, BigInt(value)]));
}

function constructorInputs(name: ContractName): readonly ParamType[] {
  return new Interface(readArtifact(CONTRACT_PATHS[name]).abi).deploy.inputs;
}

function creationCode(name: ContractName, args: readonly Argument[]): string {
  const { bytecode } = readArtifact(CONTRACT_PATHS[name]);
  return concat([bytecode, AbiCoder.defaultAbiCoder().encode(constructorInputs(name), args)]);
}

/** Deploys, wires, funds the reserve and, where the parameters say so, activates. The result goes into the file. */
export async function deployAll(input: DeployInput): Promise<Deployment> {
  const { signer, config, log = () => {} } = input;
  const plan = await planDeployment(input);
  const receipts =
    config.pipelined === true ? await createAtOnce(plan, signer) : await createInOrder(plan, signer, log);
  const deployed = plan.creations.map(({ name, args }, index) => {
    const receipt = receipts[index];
    if (receipt?.contractAddress !== plan.addresses[name]) {
      throw new CommandError(`${name} is not at its predicted address: another transaction took the nonce`);
    }
    return [name, describeContract(name, args, receipt)] as const;
  });
  const deployment: Deployment = {
    version: 1,
    chainId: plan.chainId.toString(),
    commit: currentCommit(),
    deployer: plan.deployer,
    block: Math.min(...deployed.map(([, contract]) => contract.block)),
    contracts: Object.fromEntries(deployed) as Deployment['contracts'],
  };
  await settleIn(deployment, input, log);
  return deployment;
}

function describeContract(
  name: ContractName,
  args: readonly Argument[],
  receipt: TransactionReceipt,
): DeployedContract {
  return {
    path: CONTRACT_PATHS[name],
    address: receipt.contractAddress ?? '',
    constructorArguments: args.map(toJsonArgument),
    block: receipt.blockNumber,
    transaction: receipt.hash,
  };
}

function toJsonArgument(value: Argument): JsonArgument {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(toJsonArgument);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJsonArgument(item)]));
}

async function createInOrder(plan: DeployPlan, signer: Wallet, log: (line: string) => void) {
  const receipts: TransactionReceipt[] = [];
  for (const [index, { name, data }] of plan.creations.entries()) {
    receipts.push(await sendAndWait(signer, { data, nonce: plan.nonce + index }, `creating ${name}`));
    log(`${name} at ${plan.addresses[name]}`);
  }
  return receipts;
}

/** Later constructors read earlier contracts, so gas cannot be estimated: the limit is fixed and a failure asked about. */
async function createAtOnce(plan: DeployPlan, signer: Wallet): Promise<readonly TransactionReceipt[]> {
  const sent = [];
  for (const [index, { name, data }] of plan.creations.entries()) {
    const request = { data, nonce: plan.nonce + index, gasLimit: CREATION_GAS };
    sent.push({ name, hash: await sendOnly(signer, request, `creating ${name}`) });
  }
  return await Promise.all(sent.map(({ name, hash }) => mined(signer, hash, `creating ${name}`)));
}

/** The reserve, the start of payments, and the handover to the timelock: the deployer keeps no right of its own. */
async function settleIn(deployment: Deployment, { signer, config }: DeployInput, log: (line: string) => void) {
  const { token, distributor } = contractsOf(deployment, signer);
  const { AccessManager, TimelockController } = deployment.contracts;
  const manager = new Contract(AccessManager.address, readAbi('AccessManager'), signer);
  const reserve = baseUnits(config.params.rewards.reserve);
  const calls: readonly Call[] = [
    [token, 'approve', await distributor.getAddress(), reserve],
    [distributor, 'fund', reserve],
    ...(config.params.activate ? [[distributor, 'activate'] as const] : []),
    [manager, 'grantRole', ADMIN_ROLE, TimelockController.address, 0n],
    [manager, 'renounceRole', ADMIN_ROLE, signer.address],
  ];
  await (config.pipelined === true ? callAtOnce(signer, calls) : callInOrder(signer, calls));
  log(`reserve funded with ${config.params.rewards.reserve} DGAI`);
  log(`administration handed to the timelock at ${TimelockController.address}`);
}

type Call = readonly [contract: Contract, name: string, ...args: readonly unknown[]];

async function callInOrder(signer: Wallet, calls: readonly Call[]): Promise<void> {
  for (const [contract, name, ...args] of calls) {
    await sendAndWait(signer, await contract.getFunction(name).populateTransaction(...args), name);
  }
}

/** Each rests on the one before, so that none can be estimated: like the creations, with a fixed limit of gas. */
async function callAtOnce(signer: Wallet, calls: readonly Call[]): Promise<void> {
  const nonce = await signer.getNonce('pending');
  const sent = [];
  for (const [index, [contract, name, ...args]] of calls.entries()) {
    const request = await contract.getFunction(name).populateTransaction(...args);
    const hash = await sendOnly(signer, { ...request, nonce: nonce + index, gasLimit: CALL_GAS }, name);
    sent.push({ name, hash });
  }
  await Promise.all(sent.map(({ name, hash }) => mined(signer, hash, name)));
}

/** The commit that gives this bytecode; null when there is none, or when what decides the bytecode has changed since. */
function currentCommit(): string | null {
  const head = git(['rev-parse', 'HEAD']);
  const changed = git(['status', '--porcelain', '--', 'contracts', 'hardhat.config.ts', 'package-lock.json']);
  return head === undefined || changed !== '' ? null : head;
}

function git(args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
