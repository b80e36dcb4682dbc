/** A change that no test can see, and why. Looked up by what was changed into what, so that it outlives moved lines. */
export type Explained = {
  readonly scope: string;
  readonly original: string;
  readonly replacement: string;
  readonly why: string;
};

export const EXPLAINED: readonly Explained[] = [
  {
    scope: 'NodeStaking.isEligible',
    original: 'node.stake >= minimumStake(role) && node.jailedUntilEpoch == 0 && _isMember(node)',
    replacement: '_isMember(node)',
    why: '_syncMembership ends a membership whenever stake falls below the minimum or the node is jailed; asking again is a second line of defence.',
  },
  {
    scope: 'RewardDistributor.verifyReward',
    original: 'total != 0 && SumTree.commitment(root, total) == pool.commitment',
    replacement: 'SumTree.commitment(root, total) == pool.commitment',
    why: 'propose commits to no total of zero and a commitment is a hash, never zero; the condition guards against a future caller.',
  },
  {
    scope: 'Consensus.aggregate',
    original: 'score < low',
    replacement: 'score <= low',
    why: 'A score equal to the bound is replaced by itself.',
  },
];
