import { ATTACKS } from './liars.ts';
import type { Attack } from './liars.ts';
import { RULES, mean } from './rules.ts';
import type { Rule } from './rules.ts';
import { START_UP, simulate } from './simulate.ts';
import type { Outcome, Scenario } from './simulate.ts';
import type { World } from './world.ts';

/** Every attack at every strength, for every rule on the same committees. */
export const RATIOS = [0, 0.2, 0.4, 0.6] as const;
export const COMMITTEES = [3, 5, 7, 9] as const;

export type Cell = {
  readonly attack: Attack;
  readonly ratio: number;
  readonly committee: number;
  readonly rule: Rule;
  /** Error against the true accuracy of live receipts, in basis points: mean over the seeds, and half its 95 % interval. */
  readonly rmse: number;
  readonly ci95: number;
  /** Pay of one attacker and of one honest evaluator; 10,000 is an equal part of the pool. Nobody attacks: null. */
  readonly attackerPay: number | null;
  readonly honestPay: number;
};

export type GridOptions = { readonly worlds: readonly World[]; readonly committees: readonly number[] };

export function runGrid({ worlds, committees }: GridOptions): Cell[] {
  return committees.flatMap((committee) =>
    RATIOS.flatMap((ratio) => {
      // Without attackers all attacks are the same run.
      const known = ratio === 0 ? runAll(worlds, { attack: 'noise', ratio, committee }) : undefined;
      return ATTACKS.flatMap((attack) => {
        const outcomes = known ?? runAll(worlds, { attack, ratio, committee });
        return RULES.map((rule) => cellOf({ attack, ratio, committee }, rule, outcomes));
      });
    }),
  );
}

export function runAll(worlds: readonly World[], scenario: Scenario): Outcome[] {
  return worlds.map((world) => simulate(world, scenario));
}

function cellOf({ attack, ratio, committee }: Scenario, rule: Rule, outcomes: readonly Outcome[]): Cell {
  const errors = outcomes.map((outcome) => rmseOf(outcome, rule));
  const round = (value: number): number => Math.round(value * 10) / 10;
  return {
    attack,
    ratio,
    committee,
    rule,
    rmse: round(mean(errors)),
    ci95: round(halfInterval(errors)),
    attackerPay: ratio === 0 ? null : Math.round(mean(outcomes.map(({ pay }) => pay[rule].attacker))),
    honestPay: Math.round(mean(outcomes.map(({ pay }) => pay[rule].honest))),
  };
}

/** Root mean squared error in the epochs from `from` up to `to`. */
export function rmseOf(outcome: Outcome, rule: Rule, from = START_UP, to = outcome.live.length): number {
  const total = (values: readonly number[]): number => values.slice(from, to).reduce((sum, value) => sum + value, 0);
  return Math.sqrt(total(outcome.squares[rule]) / Math.max(1, total(outcome.live)));
}

/** Half of the 95 % interval of the mean, by the normal approximation. */
export function halfInterval(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
  return 1.96 * Math.sqrt(variance / values.length);
}
