import { Role } from '../protocol/constants.ts';
import type { EpochClock } from '../protocol/epoch.ts';
import type { Address } from '../protocol/types.ts';
import { nodeStakingAbi } from './abi/node-staking.ts';
import type { ChainClient } from './clients.ts';

/** What NodeStaking fixed at deployment. */
export type StakingFacts = {
  readonly clock: EpochClock;
  /** Seconds a batch has for its records. */
  readonly recordWindow: bigint;
  /** Least stake of an inference node, base units. */
  readonly minimumStake: bigint;
};

export async function readStaking(client: ChainClient, staking: Address): Promise<StakingFacts> {
  const contract = { address: staking, abi: nodeStakingAbi } as const;
  const [timing, minimumStake] = await Promise.all([
    client.readContract({ ...contract, functionName: 'timing' }),
    client.readContract({ ...contract, functionName: 'minimumStake', args: [Role.inference] }),
  ]);
  const { genesis, epochDuration, recordWindow } = timing;
  return { clock: { genesis, epochDuration }, recordWindow, minimumStake };
}
