import { plainToQuartile, squaredToMedian } from './former-trust.ts';
import { rmseOf, runAll } from './grid.ts';
import type { WorldsOf } from './report-golds.ts';
import { mean } from './rules.ts';
import type { Scenario } from './simulate.ts';
import { textTable } from './text-table.ts';

/** The rule for trust in force beside two that are not, in the cells that decide between them. */
type Case = { readonly title: string; readonly gateways?: number; readonly scenario: Scenario };

const RULES = [undefined, squaredToMedian, plainToQuartile] as const;

const CASES: readonly Case[] = [
  { title: 'nobody attacks', scenario: { attack: 'noise', ratio: 0, committee: 5 } },
  { title: 'nobody attacks', scenario: { attack: 'noise', ratio: 0, committee: 9 } },
  ...[0.4, 0.6].flatMap((ratio) =>
    (['noise', 'sabotage', 'collusion', 'copycat'] as const).flatMap((attack) =>
      [5, 9].map((committee) => ({ title: `${attack} ${100 * ratio} %`, scenario: { attack, ratio, committee } })),
    ),
  ),
  ...[0.2, 0.4].flatMap((ratio): Case[] => {
    const scenario = { attack: 'sabotage', ratio, committee: 5 } as const;
    const title = `sabotage ${100 * ratio} %`;
    return [
      { title: `${title}, half of the golds recognised`, scenario: { ...scenario, knows: 'suspicious' } },
      { title: `${title}, one of two gateways leaks`, gateways: 2, scenario: { ...scenario, knows: 'first-gateway' } },
      { title: `${title}, new accounts every 2 epochs`, scenario: { ...scenario, renewal: 2 } },
      { title: `${title}, new accounts every 4 epochs`, scenario: { ...scenario, renewal: 4 } },
    ];
  }),
];

export function trustReport(worldsOf: WorldsOf): string[] {
  const rows = CASES.map(({ title, gateways = 1, scenario }) => {
    const given = worldsOf(gateways);
    const figures = RULES.map((trustRule) => {
      const outcomes = runAll(given, trustRule === undefined ? scenario : { ...scenario, trustRule });
      const of = (rule: 'poq' | 'oracle'): number => mean(outcomes.map((one) => rmseOf(one, rule)));
      return (of('poq') / of('oracle')).toFixed(2);
    });
    return [`${title}, committee of ${scenario.committee}`, ...figures];
  });
  const head = ['error over the oracle’s', 'in force', 'squared to the median', 'plain to the quartile'];
  return ['The rule for trust beside two others (decision 0011)', ...textTable(head, rows)];
}
