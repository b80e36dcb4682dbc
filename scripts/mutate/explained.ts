/** A change that no test can see, and why. Looked up by what was changed into what, so that it outlives moved lines. */
export type Explained = {
  readonly scope: string;
  readonly original: string;
  readonly replacement: string;
  readonly why: string;
};

export const EXPLAINED: readonly Explained[] = [
  {
    scope: 'Consensus.aggregate',
    original: 'score < low',
    replacement: 'score <= low',
    why: 'A score equal to the bound is replaced by itself.',
  },
  ...['_stake', 'cancelUnbond'].map((name) => ({
    scope: `NodeStaking.${name}`,
    original: '_stakeChanged(node, msg.sender, role, before, staked);',
    replacement: '_stakeChanged(node, msg.sender, role, staked, before);',
    why: 'Only whether both stand on one side of the minimum is asked, which has no order.',
  })),
];
