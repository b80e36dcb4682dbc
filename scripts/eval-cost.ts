import { textTable } from './eval/attacks/text-table.ts';
import { evaluationMs, honestEscalation } from './eval/cost/measure.ts';
import { priceOf } from './eval/cost/price.ts';
import type { Assumptions, Price } from './eval/cost/price.ts';
import { Exit, UsageError, defineCommand, runMain, toJson } from './lib/command.ts';
import { JSON_OPTION } from './lib/session.ts';

const RECEIPTS = [100, 1_000, 10_000, 100_000] as const;
/** Goals for the sum, by receipts per node and epoch. */
const GOALS: Readonly<Record<number, number>> = { 1_000: 0.15, 100_000: 0.05 };
const JUDGES = [0, 0.05, 0.25] as const;

/** An allowance, not a measurement: two signatures made and four recovered at about 0.2 ms each. */
const SIGNATURES_MS = 1;

export const evalCost = defineCommand(
  {
    name: 'eval-cost',
    summary: 'The price of Proof of Quality: golds, replays and committees as a share of the inference work.',
    options: {
      nodes: { type: 'string', value: 'N', help: 'inference nodes that share a gateway’s golds (default 5)' },
      golds: { type: 'string', value: 'N', help: 'golds per gateway and epoch (default 64)' },
      evaluators: { type: 'string', value: 'N', help: 'evaluators that could be drawn (default 20)' },
      'inference-ms': { type: 'string', value: 'MS', help: 'machine time of one answer (default 1000)' },
      ...JSON_OPTION,
    },
  },
  async ({ options, io }) => {
    const base: Omit<Assumptions, 'judgeShare'> = {
      nodes: wholeNumber('nodes', options.nodes, 5),
      goldsPerEpoch: wholeNumber('golds', options.golds, 64),
      evaluators: wholeNumber('evaluators', options.evaluators, 20),
      inferenceMs: wholeNumber('inference-ms', options['inference-ms'], 1_000),
      escalatedShare: honestEscalation(),
      evaluationMs: evaluationMs() + SIGNATURES_MS,
    };
    const tables = JUDGES.map((judgeShare) => ({
      judgeShare,
      rows: RECEIPTS.map((receipts) => priceOf(receipts, { ...base, judgeShare })),
    }));
    if (options.json) io.stdout(toJson({ assumptions: base, goals: GOALS, tables }));
    else report(base, tables).forEach(io.stdout);
    return Exit.ok;
  },
);

type Table = { readonly judgeShare: number; readonly rows: readonly Price[] };

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

function report(base: Omit<Assumptions, 'judgeShare'>, tables: readonly Table[]): string[] {
  return [
    'Assumptions',
    `  ${base.goldsPerEpoch} golds per gateway and epoch, shared by ${base.nodes} nodes; a gold costs what any request costs`,
    `  sampling, replay and committee rates of params.default.json; ${base.evaluators} evaluators`,
    `  ${percent(base.escalatedShare)} of the committees escalate although everybody is honest (measured on the engine)`,
    `  one answer takes ${base.inferenceMs} ms of its machine, one evaluation ${base.evaluationMs.toFixed(2)} ms (measured here, with an allowance of ${SIGNATURES_MS} ms for signatures)`,
    '  anchoring, storage and network are left out: they are not inference',
    ...tables.flatMap((table) => ['', ...priceTable(table)]),
  ];
}

function priceTable({ judgeShare, rows }: Table): string[] {
  const title =
    judgeShare === 0
      ? 'Evaluators without a model (the default scorer)'
      : `Every evaluator asks a model of its own at ${percent(judgeShare)} of the price of the judged one`;
  const lines = rows.map(({ receipts, rateBps, golds, replays, committees, total }) => {
    const goal = GOALS[receipts];
    const reached = goal === undefined ? '' : `${total <= goal ? 'reached' : 'MISSED'} (${percent(goal)})`;
    return [String(receipts), percent(rateBps / 10_000), ...[golds, replays, committees, total].map(percent), reached];
  });
  return [title, ...textTable(['receipts', 'drawn', 'golds', 'replays', 'committees', 'total', 'goal'], lines)];
}

function wholeNumber(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new UsageError(`--${name} must be a whole number above zero, got "${text}"`);
  return Number(text);
}

if (import.meta.main) await runMain(evalCost);
