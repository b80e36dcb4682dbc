import { rmseOf, runAll } from './grid.ts';
import { mean } from './rules.ts';
import { START_UP } from './simulate.ts';
import type { GoldKnowledge, Outcome } from './simulate.ts';
import { textTable } from './text-table.ts';
import type { World } from './world.ts';

/** What is left when the hidden tasks are not hidden, when networks start, and when committees may grow. */
export type WorldsOf = (gateways: number) => readonly World[];

const round = (value: number): string => String(Math.round(value));
const over = (outcomes: readonly Outcome[], value: (outcome: Outcome) => number): number => mean(outcomes.map(value));

type GoldCase = { readonly title: string; readonly knows: GoldKnowledge; readonly gateways: number };

const CASES: readonly GoldCase[] = [
  { title: 'no gold is known', knows: 'none', gateways: 1 },
  { title: 'attackers recognise half of the golds', knows: 'suspicious', gateways: 1 },
  { title: 'the only gateway leaks its golds', knows: 'all', gateways: 1 },
  { title: 'one of two gateways leaks', knows: 'first-gateway', gateways: 2 },
  { title: 'one of three gateways leaks', knows: 'first-gateway', gateways: 3 },
];

export function goldReport(worldsOf: WorldsOf): string[] {
  const lines = [0.2, 0.4].flatMap((ratio) =>
    CASES.map(({ title, knows, gateways }) => {
      const outcomes = runAll(worldsOf(gateways), { attack: 'sabotage', ratio, committee: 5, knows });
      return [
        `${Math.round(100 * ratio)} %: ${title}`,
        ...(['poq', 'mean', 'median', 'oracle'] as const).map((rule) =>
          round(over(outcomes, (outcome) => rmseOf(outcome, rule))),
        ),
        round(over(outcomes, ({ trust }) => trust.attacker)),
        round(over(outcomes, ({ trust }) => trust.honest)),
        round(over(outcomes, ({ pay }) => pay.poq.attacker)),
        round(over(outcomes, ({ pay }) => pay.poq.honest)),
      ];
    }),
  );
  const head = [
    'attackers',
    'poq',
    'mean',
    'median',
    'oracle',
    'liars’ trust',
    'others’ trust',
    'liar’s pay',
    'other’s pay',
  ];
  return ['Golds that are not secret (sabotage, committee of 5)', ...textTable(head, lines)];
}

/** The epochs in which nobody has been told apart yet. */
export function startUpReport(worlds: readonly World[]): string[] {
  const rows = (['sabotage', 'collusion'] as const).map((attack) => {
    const outcomes = runAll(worlds, { attack, ratio: 0.4, committee: 5 });
    return [
      `${attack}, 40 %`,
      ...Array.from({ length: 5 }, (_, epoch) =>
        round(over(outcomes, (outcome) => rmseOf(outcome, 'poq', epoch, epoch + 1))),
      ),
      round(over(outcomes, (outcome) => rmseOf(outcome, 'median', 0, START_UP))),
      round(over(outcomes, (outcome) => rmseOf(outcome, 'oracle', 0, START_UP))),
    ];
  });
  const head = ['attack', 'epoch 0', '1', '2', '3', '4', 'median 0–1', 'oracle 0–1'];
  return [
    'Start of a network: the first table by golds is in force in epoch 2 (committee of 5)',
    ...textTable(head, rows),
  ];
}

/** Default parameters: five evaluators, nine when they disagree by more than 3,000. */
export function escalationReport(worlds: readonly World[]): string[] {
  const rows = (['noise', 'sabotage', 'collusion', 'copycat'] as const).flatMap((attack) =>
    [0.2, 0.4].map((ratio) => {
      const fixed = runAll(worlds, { attack, ratio, committee: 5 });
      const grown = runAll(worlds, { attack, ratio, committee: 5, escalates: true });
      const drawn = (outcome: Outcome): number => outcome.escalated.reduce((sum, count) => sum + count, 0);
      const receipts = worlds[0]?.options.receipts ?? 1;
      return [
        `${attack}, ${Math.round(100 * ratio)} %`,
        round(over(fixed, (outcome) => rmseOf(outcome, 'poq'))),
        round(over(grown, (outcome) => rmseOf(outcome, 'poq'))),
        round(over(grown, (outcome) => rmseOf(outcome, 'oracle'))),
        `${round(over(grown, (outcome) => (100 * drawn(outcome)) / (receipts * outcome.live.length)))} %`,
      ];
    }),
  );
  const head = ['attack', 'always 5', '5, then 9', 'oracle of those', 'larger committees'];
  return ['Escalation, as the default parameters have it', ...textTable(head, rows)];
}
