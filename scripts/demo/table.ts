import { formatUnits } from 'ethers';

import type { Check } from './invariants.ts';
import type { OperatorResult } from './results.ts';

/** The end of the demo as text: who did what and got what, and what was checked. */
type Column = { readonly title: string; readonly of: (result: OperatorResult) => string; readonly left?: boolean };

const name: Column = {
  title: '',
  of: (result) => (result.note === '' ? result.name : `${result.name} (${result.note})`),
  left: true,
};
const money: readonly Column[] = [
  { title: 'weight', of: ({ shareBps }) => percent(shareBps) },
  { title: 'earned DGAI', of: ({ earned }) => amount(earned) },
  { title: 'cap took', of: ({ capped }) => (capped === 0n ? '–' : amount(capped)) },
  { title: 'claimed DGAI', of: ({ claimed }) => amount(claimed) },
];

const NODE_COLUMNS: readonly Column[] = [
  name,
  { title: 'requests', of: ({ requests }) => String(requests) },
  { title: 'right', of: ({ accuracyBps }) => percent(accuracyBps) },
  { title: 'examined', of: ({ examined }) => String(examined) },
  { title: 'score', of: ({ scoreBps }) => share(scoreBps) },
  { title: 'volume', of: ({ volume }) => volume.toLocaleString('en') },
  { title: 'difficulty', of: ({ difficultyBps }) => share(difficultyBps) },
  ...money,
];

const EVALUATOR_COLUMNS: readonly Column[] = [
  name,
  { title: 'examined', of: ({ examined }) => String(examined) },
  { title: 'score', of: ({ scoreBps }) => share(scoreBps) },
  { title: 'trust', of: ({ trust }) => (trust === undefined ? '–' : (trust / 1_000).toFixed(2)) },
  { title: 'DGAI by epoch', of: ({ perEpoch }) => perEpoch.map(short).join(' → ') },
  ...money,
];

const GATEWAY_COLUMNS: readonly Column[] = [
  name,
  { title: 'receipts', of: ({ requests }) => String(requests) },
  { title: 'examined', of: ({ examined }) => String(examined) },
  { title: 'score', of: ({ scoreBps }) => share(scoreBps) },
  { title: 'volume', of: ({ volume }) => volume.toLocaleString('en') },
  ...money,
];

export function resultLines(results: readonly OperatorResult[], checks: readonly Check[]): string[] {
  const of = (role: number): OperatorResult[] => results.filter((result) => result.role === role);
  return [
    '',
    ...tableLines('INFERENCE NODES', NODE_COLUMNS, of(0)),
    '',
    ...tableLines('EVALUATORS', EVALUATOR_COLUMNS, of(1)),
    '',
    ...tableLines('GATEWAY', GATEWAY_COLUMNS, of(2)),
    '',
    '  right: measured by the demo against its references. examined: receipts that a committee scored. score: what is paid on,',
    '  0 to 1, after cost (of an evaluator: how much its golds say). volume: work units, of an evaluator scored receipts.',
    '  Evaluators use a model of their own, which works by other methods than any node and stands behind none.',
    '  weight = score × volume × difficulty × feedback, as a part of its role, mean of the epochs.',
    '',
    'CHECKED',
    ...checks.map((check) => `  ${check.ok ? 'ok  ' : 'FAIL'} ${check.name}: ${check.detail}`),
    '',
  ];
}

function tableLines(title: string, columns: readonly Column[], rows: readonly OperatorResult[]): string[] {
  const cells = [
    columns.map((column, index) => (index === 0 ? title : column.title)),
    ...rows.map((row) => columns.map((column) => column.of(row))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => (row[index] ?? '').length)));
  return cells.map((row) =>
    row
      .map((cell, index) =>
        columns[index]?.left === true ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

function percent(bps: number | undefined): string {
  return bps === undefined ? '–' : `${(bps / 100).toFixed(0)} %`;
}

function share(bps: number | undefined): string {
  return bps === undefined ? '–' : (bps / 10_000).toFixed(2);
}

function amount(value: bigint): string {
  return Number(formatUnits(value, 18)).toFixed(3);
}

function short(value: bigint): string {
  return Number(formatUnits(value, 18)).toFixed(2);
}
