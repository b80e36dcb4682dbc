import type { Address } from '../protocol/types.ts';

/** The part of a deployment file that a server needs: where leaves and signatures belong. */
export type DeploymentAddresses = {
  readonly chainId: bigint;
  readonly block: bigint;
  readonly nodeStaking: Address;
  readonly proofRegistry: Address;
  readonly rewardDistributor: Address;
};

/** @throws TypeError that names what is wrong. */
export function parseDeployment(text: string): DeploymentAddresses {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    throw new TypeError('the deployment file is not JSON');
  }
  const chainId = field(file, 'chainId');
  if (!/^[1-9]\d{0,19}$/.test(String(chainId))) throw new TypeError('the deployment file has no chainId');
  const block = field(file, 'block');
  const contracts = field(file, 'contracts');
  const address = (name: string): Address => {
    const value = field(field(contracts, name), 'address');
    if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(value))
      throw new TypeError(`the deployment file has no address of ${name}`);
    return value.toLowerCase() as Address;
  };
  return {
    chainId: BigInt(String(chainId)),
    block: typeof block === 'number' && Number.isSafeInteger(block) ? BigInt(block) : 0n,
    nodeStaking: address('NodeStaking'),
    proofRegistry: address('ProofRegistry'),
    rewardDistributor: address('RewardDistributor'),
  };
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
