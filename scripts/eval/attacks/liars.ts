import { clampBps } from './world.ts';
import type { WorldReceipt } from './world.ts';

/** What dishonest evaluators say. They see what an honest one sees, and what has been published; never the truth. */
export const ATTACKS = ['noise', 'boost', 'sabotage', 'intermittent', 'collusion', 'copycat', 'lazy'] as const;
/** `favour` is collusion that tells the truth about everybody else: looked at apart, over the size of the favour. */
export type Attack = (typeof ATTACKS)[number] | 'favour';

export type LiarView = {
  readonly receipt: WorldReceipt;
  readonly evaluator: number;
  /** Whether the answer comes from a node of the attackers. */
  readonly isOwnNode: boolean;
  /** The latest published consensus about this node, and the mean truth of the golds published so far. */
  readonly lastOfNode: number;
  readonly meanTruth: number;
  readonly push?: number | undefined;
};

const PUSH = 3_000;

const LIARS: Readonly<Record<Attack, (view: LiarView, honest: number) => number>> = {
  noise: ({ receipt, evaluator }) => receipt.random[evaluator] ?? 0,
  boost: (_, honest) => honest + PUSH,
  favour: ({ isOwnNode, push = PUSH }, honest) => (isOwnNode ? honest + push : honest),
  sabotage: (_, honest) => honest - PUSH,
  intermittent: ({ receipt, evaluator }, honest) => ((receipt.coin[evaluator] ?? 0) < 0.3 ? honest - 5_000 : honest),
  collusion: ({ isOwnNode }, honest) => (isOwnNode ? 10_000 : honest - 2_000),
  copycat: ({ lastOfNode }) => lastOfNode,
  // the best constant there is: what the right answers of published golds have been worth on average
  lazy: ({ meanTruth }) => meanTruth,
};

export function lie(attack: Attack, view: LiarView): number {
  return clampBps(LIARS[attack](view, view.receipt.honest[view.evaluator] ?? 0));
}
