import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Ajv2020 } from 'ajv/dist/2020.js';
import { Contract } from 'ethers';
import type { ContractRunner, InterfaceAbi } from 'ethers';

import { ROOT } from './artifacts.ts';
import type { ContractName } from './artifacts.ts';
import { UsageError } from './command.ts';

/** Values as they stand in a deployment file: integers as decimal strings, structs as objects by field name. */
export type JsonArgument = string | boolean | readonly JsonArgument[] | { readonly [name: string]: JsonArgument };

export type DeployedContract = {
  /** Source and contract, e.g. `contracts/NodeStaking.sol:NodeStaking`. */
  readonly path: string;
  readonly address: string;
  readonly constructorArguments: readonly JsonArgument[];
  readonly block: number;
  readonly transaction: string;
};

/** deployments/<chainId>.json; the shape is fixed by deployments/deployment.schema.json. */
export type Deployment = {
  readonly version: 1;
  readonly chainId: string;
  /** Commit of this repository that gives the same bytecode; null when no commit does. */
  readonly commit: string | null;
  readonly deployer: string;
  /** First block that holds anything of this deployment: where readers of events start. */
  readonly block: number;
  readonly contracts: Readonly<Record<ContractName, DeployedContract>>;
};

const SCHEMA = join(ROOT, 'deployments/deployment.schema.json');

/** @throws UsageError that says what is wrong with the file, and where. */
export function parseDeployment(source: string, text: string): Deployment {
  const validate = new Ajv2020({ allErrors: false }).compile<Deployment>(
    JSON.parse(readFileSync(SCHEMA, 'utf8')) as Record<string, unknown>,
  );
  const value = parseJson(source, text);
  if (validate(value)) return value;
  const [error] = validate.errors ?? [];
  throw new UsageError(`${source} is not a deployment file: ${error?.instancePath || '/'} ${error?.message ?? ''}`);
}

function parseJson(source: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${source} is not JSON`);
  }
}

/** Reads a deployment file: the given one, or that of the chain. */
export function readDeployment(chainId: bigint, file?: string): Deployment {
  const path = file ?? join(ROOT, 'deployments', `${chainId}.json`);
  const text = readText(
    path,
    file === undefined ? `there is no deployment for chain ${chainId}` : `cannot read ${path}`,
  );
  const deployment = parseDeployment(path, text);
  if (BigInt(deployment.chainId) !== chainId) {
    throw new UsageError(`${path} is for chain ${deployment.chainId}, but the RPC serves chain ${chainId}`);
  }
  return deployment;
}

function readText(path: string, failure: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new UsageError(`${failure} (--deployment names another file)`);
  }
}

export type Contracts = {
  readonly token: Contract;
  readonly staking: Contract;
  readonly registry: Contract;
  readonly distributor: Contract;
  readonly court: Contract;
};

/** Committed signatures of a contract (deployments/abi). */
export function readAbi(name: ContractName): InterfaceAbi {
  return JSON.parse(readFileSync(join(ROOT, 'deployments/abi', `${name}.json`), 'utf8')) as string[];
}

export function contractsOf(deployment: Deployment, runner: ContractRunner): Contracts {
  const connect = (name: ContractName) => new Contract(deployment.contracts[name].address, readAbi(name), runner);
  return {
    token: connect('DGAIToken'),
    staking: connect('NodeStaking'),
    registry: connect('ProofRegistry'),
    distributor: connect('RewardDistributor'),
    court: connect('EvidenceCourt'),
  };
}
