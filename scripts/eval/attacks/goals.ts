import type { Cell } from './grid.ts';
import type { Rule } from './rules.ts';

/** What the engine is asked to reach up to 40 % attackers, and the cells in which it does not. */
export const ORACLE_LIMIT = 1.25;
export const HIGHEST_RATIO = 0.4;

export type Verdict = {
  readonly cell: Cell;
  /** Error over that of the oracle. */
  readonly toOracle: number;
  /** The best of the rules that do not know who lies. */
  readonly bestOther: { readonly rule: Rule; readonly rmse: number };
  readonly isWithinOracle: boolean;
  readonly isBest: boolean;
  /** An attacker is paid less than it was paid before it attacked, and less than the honest ones beside it. */
  readonly isUnpaid: boolean;
};

const OTHERS = ['mean', 'median', 'trimmed', 'adaptive'] as const;

export function verdicts(cells: readonly Cell[]): Verdict[] {
  const find = (like: Cell, rule: Rule): Cell => {
    const found = cells.find(
      (cell) =>
        cell.rule === rule &&
        cell.attack === like.attack &&
        cell.ratio === like.ratio &&
        cell.committee === like.committee,
    );
    if (found === undefined) throw new RangeError(`no cell of ${rule} for ${like.attack}`);
    return found;
  };
  return cells
    .filter(({ rule }) => rule === 'poq')
    .map((cell) => {
      const toOracle = cell.rmse / find(cell, 'oracle').rmse;
      const others = OTHERS.map((rule) => ({ rule, rmse: find(cell, rule).rmse }));
      const bestOther = others.reduce((best, other) => (other.rmse < best.rmse ? other : best));
      const { attackerPay, honestPay } = cell;
      return {
        cell,
        toOracle,
        bestOther,
        isWithinOracle: toOracle <= ORACLE_LIMIT,
        isBest: cell.rmse < bestOther.rmse,
        isUnpaid: attackerPay === null || attackerPay < Math.min(honestPay, 10_000),
      };
    });
}
