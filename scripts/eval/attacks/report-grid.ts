import { HIGHEST_RATIO, verdicts } from './goals.ts';
import type { Verdict } from './goals.ts';
import type { Cell } from './grid.ts';
import { RULES } from './rules.ts';
import { textTable } from './text-table.ts';

/** The grid as people read it: one table per committee and share of attackers, then where the goals are missed. */
export function gridReport(cells: readonly Cell[]): string[] {
  const found = verdicts(cells);
  const groups = new Map<string, Verdict[]>();
  for (const verdict of found) {
    const { committee, ratio } = verdict.cell;
    const key = `committee of ${committee}, ${Math.round(100 * ratio)} % attackers`;
    groups.set(key, [...(groups.get(key) ?? []), verdict]);
  }
  const tables = [...groups].flatMap(([title, group]) => ['', title, ...groupTable(cells, group)]);
  return [
    'Error against the true accuracy (RMSE in basis points of the scale, ± half of the 95 % interval over the seeds).',
    'Pay: 10,000 is an equal part of the evaluators’ pool.',
    ...tables,
    '',
    ...goalLines(found),
  ];
}

function groupTable(cells: readonly Cell[], group: readonly Verdict[]): string[] {
  const isNone = group[0]?.cell.ratio === 0;
  const rows = (isNone ? group.slice(0, 1) : group).map(({ cell, toOracle, isBest, isWithinOracle }) => [
    isNone ? '(none)' : cell.attack,
    ...RULES.map((rule) => {
      const other = cells.find(
        (one) =>
          one.rule === rule &&
          one.attack === cell.attack &&
          one.ratio === cell.ratio &&
          one.committee === cell.committee,
      );
      return other === undefined ? '' : `${Math.round(other.rmse)} ±${Math.round(other.ci95)}`;
    }),
    `${toOracle.toFixed(2)}${isWithinOracle ? '' : ' !'}`,
    isBest ? 'yes' : 'no',
    cell.attackerPay === null ? '' : String(cell.attackerPay),
    String(cell.honestPay),
  ]);
  return textTable(['attack', ...RULES, '/oracle', 'best', 'attacker pay', 'honest pay'], rows);
}

function goalLines(found: readonly Verdict[]): string[] {
  const attacked = found.filter(({ cell }) => cell.ratio > 0);
  const upTo = attacked.filter(({ cell }) => cell.ratio <= HIGHEST_RATIO);
  const name = ({ cell }: Verdict): string => `${cell.attack} ${Math.round(100 * cell.ratio)} % of ${cell.committee}`;
  const count = (
    list: readonly Verdict[],
    holds: (verdict: Verdict) => boolean,
    say: (one: Verdict) => string,
  ): string => {
    const missed = list.filter((one) => !holds(one));
    return `${list.length - missed.length} of ${list.length}${missed.length === 0 ? '' : `; not: ${missed.map(say).join(', ')}`}`;
  };
  const beyond = (one: Verdict): string => `${name(one)} (${one.toOracle.toFixed(2)})`;
  return [
    'Goals',
    `  up to 40 %: at most 1.25 × the oracle    ${count(upTo, (one) => one.isWithinOracle, beyond)}`,
    `  up to 40 %: below every other rule       ${count(upTo, (one) => one.isBest, name)}`,
    `  any share: no attack raises its own pay  ${count(attacked, (one) => one.isUnpaid, name)}`,
    `  beyond the goals, 60 %: within 1.25      ${count(
      attacked.filter(({ cell }) => cell.ratio > HIGHEST_RATIO),
      (one) => one.isWithinOracle,
      beyond,
    )}`,
  ];
}
