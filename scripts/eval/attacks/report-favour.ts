import { runAll } from './grid.ts';
import { mean } from './rules.ts';
import { START_UP } from './simulate.ts';
import type { Outcome } from './simulate.ts';
import { textTable } from './text-table.ts';
import type { World } from './world.ts';

/** Pools of inference nodes and evaluators, in hundredths of an epoch's pot. */
const POOLS = { inference: 0.7, evaluator: 0.2 } as const;

export type Favour = {
  readonly ratio: number;
  readonly push: number;
  /** Pay of one attacker as an evaluator, and what its nodes get of their pool, in bps. */
  readonly evaluatorPay: number;
  readonly nodeShare: number;
  /** Income from both pools over that of the same operator telling the truth. */
  readonly income: number;
};

/**
 * The lie that is hardest to see: evaluators who are honest about everybody but add a little to the nodes of their own
 * operator. They hold the same share of evaluators and of nodes.
 */
export function favours(worlds: readonly World[], ratio: number, pushes: readonly number[]): Favour[] {
  const incomes = [0, ...pushes].map((push) => {
    const outcomes = runAll(worlds, { attack: 'favour', ratio, committee: 5, push });
    const evaluatorPay = mean(outcomes.map(({ pay }) => pay.poq.attacker));
    const nodeShare = mean(outcomes.map(steadyShare));
    return {
      push,
      evaluatorPay,
      nodeShare,
      total: POOLS.evaluator * ratio * evaluatorPay + POOLS.inference * nodeShare,
    };
  });
  const honest = incomes[0]?.total ?? 1;
  return incomes.map(({ total, ...rest }) => ({ ratio, ...rest, income: total / honest }));
}

function steadyShare({ ownNodes }: Outcome): number {
  return mean(ownNodes.paid.slice(START_UP));
}

export function favourReport(worlds: readonly World[]): string[] {
  const rows = [0.2, 0.4].flatMap((ratio) =>
    favours(worlds, ratio, [250, 500, 1_000, 1_500, 2_000, 3_000, 5_000]).map((one) => [
      `${Math.round(100 * ratio)} % of evaluators and nodes, +${one.push}`,
      String(Math.round(one.evaluatorPay)),
      String(Math.round(one.nodeShare)),
      `${one.income >= 1 ? '+' : ''}${(100 * (one.income - 1)).toFixed(1)} %`,
    ]),
  );
  const head = ['operator, favour to its own nodes', 'evaluator pay', 'nodes’ bps of pool', 'income'];
  return [
    'Quiet favours: honest about others, a little more for one’s own nodes (committee of 5)',
    ...textTable(head, rows),
  ];
}
