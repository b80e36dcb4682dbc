import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Value } from 'typebox/value';

import type { Address } from '../protocol/types.ts';

/** The part of a deployments file (`deployments/<chainId>.json`) that the gateway needs. */
const Deployed = Type.Object({ address: Type.String({ pattern: '^0x[0-9a-fA-F]{40}$' }) });

export const DeploymentFile = Type.Object({
  chainId: Type.String({ pattern: '^[1-9][0-9]{0,18}$' }),
  contracts: Type.Object({
    DGAIToken: Deployed,
    NodeStaking: Deployed,
    ProofRegistry: Deployed,
    RewardDistributor: Deployed,
  }),
});

export type Contracts = {
  readonly chainId: bigint;
  readonly token: Address;
  readonly staking: Address;
  readonly registry: Address;
  readonly distributor: Address;
};

/** @throws TypeError naming the first field that is missing or malformed. */
export function parseDeployment(json: unknown): Contracts {
  if (!Value.Check(DeploymentFile, json)) {
    const [first] = Value.Errors(DeploymentFile, json);
    throw new TypeError(`deployments file: ${first?.instancePath ?? ''} ${first?.message ?? 'is malformed'}`);
  }
  const file: Static<typeof DeploymentFile> = json;
  const address = (name: keyof typeof file.contracts): Address => file.contracts[name].address.toLowerCase() as Address;
  return {
    chainId: BigInt(file.chainId),
    token: address('DGAIToken'),
    staking: address('NodeStaking'),
    registry: address('ProofRegistry'),
    distributor: address('RewardDistributor'),
  };
}
