import { readFileSync } from 'node:fs';

import { consistencyScore } from '../gateway/poq/dimensions/consistency.ts';
import { textAccuracy } from '../gateway/poq/dimensions/reference.ts';
import { readTask } from '../gateway/poq/dimensions/task.ts';
import { recall, tokens, trigrams } from '../gateway/poq/dimensions/text.ts';
import { CommandError, Exit, UsageError, defineCommand, runMain, toJson } from './lib/command.ts';
import { JSON_OPTION } from './lib/session.ts';
import { auc, mean, pearson } from './lib/statistics.ts';

/** One question with its reference answers (`a/b`) and what each system said, judged by people. */
type Row = {
  readonly question: string;
  readonly golden: string;
  readonly answers: Readonly<Record<string, { readonly text: string; readonly correct: boolean }>>;
};
type Judged = {
  readonly system: string;
  readonly correct: number;
  readonly length: number;
  readonly scores: readonly number[];
};
type Scorer = { readonly id: string; readonly score: (row: Row, system: string) => number };

const CONSISTENCY_WEIGHT = 0.1;

const references = (row: Row): string[] => row.golden.split('/').filter((text) => text.trim() !== '');
const answerOf = (row: Row, system: string): string => row.answers[system]?.text ?? '';
const best = (row: Row, score: (reference: string) => number): number =>
  10_000 * Math.max(0, ...references(row).map(score));

function agreementWithOthers(row: Row, system: string): number {
  const others = Object.entries(row.answers).filter(([name]) => name !== system);
  const peers = others.map(([name, { text }]) => ({ account: name, family: name, text }));
  const task = readTask({ prompt: row.question, responseFormat: undefined });
  return consistencyScore(answerOf(row, system), peers, task);
}

const accuracy = (row: Row, system: string): number =>
  textAccuracy(row.question, answerOf(row, system), references(row));

const SCORERS: readonly Scorer[] = [
  {
    id: 'token-recall',
    score: (row, system) => {
      const given = new Set(tokens(answerOf(row, system)));
      return best(row, (reference) => recall(new Set(tokens(reference)), given));
    },
  },
  {
    id: 'char-3-gram-recall',
    score: (row, system) => {
      const given = trigrams(tokens(answerOf(row, system)));
      return best(row, (reference) => recall(trigrams(tokens(reference)), given));
    },
  },
  { id: 'accuracy', score: accuracy },
  { id: 'consistency', score: agreementWithOthers },
  {
    id: 'composite',
    score: (row, system) =>
      (1 - CONSISTENCY_WEIGHT) * accuracy(row, system) + CONSISTENCY_WEIGHT * agreementWithOthers(row, system),
  },
];

function judge(rows: readonly Row[]): Judged[] {
  return rows.flatMap((row) =>
    Object.entries(row.answers).map(([system, { text, correct }]) => ({
      system,
      correct: correct ? 1 : 0,
      length: text.length,
      scores: SCORERS.map(({ score }) => score(row, system)),
    })),
  );
}

type Figures = { readonly pearson: number; readonly auc: number };

function figures(judged: readonly Judged[], scorer: number): Figures {
  const scores = judged.map(({ scores: all }) => all[scorer] ?? 0);
  const labels = judged.map(({ correct }) => correct);
  return { pearson: round(pearson(scores, labels)), auc: round(auc(scores, labels)) };
}

const round = (value: number): number => Math.round(value * 10_000) / 10_000;

function report(rows: readonly Row[]) {
  const judged = judge(rows);
  const systems = [...new Set(judged.map(({ system }) => system))];
  const of = (system: string): Judged[] => judged.filter((item) => item.system === system);
  const scorers = SCORERS.map(({ id }, index) => ({
    id,
    ...figures(judged, index),
    perSystem: Object.fromEntries(systems.map((system) => [system, figures(of(system), index)])),
  }));
  const composite = SCORERS.findIndex(({ id }) => id === 'composite');
  const agreement = SCORERS.findIndex(({ id }) => id === 'consistency');
  const ranked = (value: (item: Judged) => number): string[] =>
    systems.toSorted((a, b) => mean(of(b).map(value)) - mean(of(a).map(value)));
  return {
    rows: rows.length,
    scorers,
    composite: scorers[composite],
    agreementOnly: figures(judged, agreement),
    ranking: { human: ranked(({ correct }) => correct), poq: ranked(({ scores }) => scores[composite] ?? 0) },
    verbosityGapBps: verbosityGap(judged, composite),
  };
}

/** Mean score of the correct answers in the longest third less that in the shortest: 0 is fair to both. */
function verbosityGap(judged: readonly Judged[], scorer: number): number {
  const right = judged.filter(({ correct }) => correct === 1).toSorted((a, b) => a.length - b.length);
  const third = Math.floor(right.length / 3);
  const scoreOf = (items: readonly Judged[]): number => mean(items.map(({ scores }) => scores[scorer] ?? 0));
  return Math.round(scoreOf(right.slice(-third)) - scoreOf(right.slice(0, third)));
}

function lines(result: ReturnType<typeof report>): string[] {
  const scorers = result.scorers.map(({ id, pearson: r, auc: area, perSystem }) => {
    const each = Object.entries(perSystem).map(([name, { pearson: own }]) => `${name} ${own.toFixed(3)}`);
    return `${id.padEnd(20)} r ${r.toFixed(4)}  AUC ${area.toFixed(4)}  (${each.join(', ')})`;
  });
  return [
    `${result.rows} questions`,
    ...scorers,
    `ranking by people: ${result.ranking.human.join(' > ')}`,
    `ranking by PoQ:    ${result.ranking.poq.join(' > ')}`,
    `long less short among correct answers: ${result.verbosityGapBps} bps`,
  ];
}

function readRows(file: string): Row[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new UsageError(`cannot read ${file}`);
  }
  const rows = text.split('\n').filter((line) => line.trim() !== '');
  if (rows.length === 0) throw new CommandError(`${file} holds no rows`);
  return rows.map((line) => JSON.parse(line) as Row);
}

export const evalPoq = defineCommand(
  {
    name: 'eval-poq',
    summary: 'How well the scorers without a model agree with people.',
    options: {
      data: { type: 'string', value: 'FILE', help: 'JSON lines with questions and judged answers (required)' },
      ...JSON_OPTION,
    },
    notes: ['One line of FILE: {"question", "golden": "a/b", "answers": {SYSTEM: {"text", "correct"}}}'],
  },
  async ({ options, io }) => {
    if (options.data === undefined) throw new UsageError('--data FILE is missing');
    const result = report(readRows(options.data));
    if (options.json) io.stdout(toJson(result));
    else lines(result).forEach(io.stdout);
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(evalPoq);
