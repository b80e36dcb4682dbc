import { createDefaultScorer } from '../gateway/agents/evaluator/scorers/default.ts';
import type { Scores } from '../gateway/agents/evaluator/scorers/scorer.ts';
import { textAccuracy } from '../gateway/poq/dimensions/reference.ts';
import { DEFAULT_PARAMS } from '../gateway/poq/params.ts';
import { quality } from '../gateway/poq/quality.ts';
import { goldQuality } from '../gateway/poq/score.ts';
import { recall, tokens, trigrams } from '../gateway/poq/dimensions/text.ts';
import { canonicalJson } from '../gateway/protocol/canonical-json.ts';
import { Dimension } from '../gateway/protocol/constants.ts';
import { ZERO_HASH } from '../gateway/protocol/types.ts';
import { readRows, referencesOf } from './eval/poq/rows.ts';
import type { Row } from './eval/poq/rows.ts';
import { Exit, UsageError, defineCommand, runMain, toJson } from './lib/command.ts';
import { JSON_OPTION } from './lib/session.ts';
import { auc, mean, pearson } from './lib/statistics.ts';

type Judged = {
  readonly system: string;
  readonly correct: number;
  readonly length: number;
  readonly scores: readonly number[];
};
type Answered = { readonly row: Row; readonly system: string; readonly text: string; readonly found: Scores };
type Measure = { readonly id: string; readonly score: (answered: Answered) => number };

/** What the engine makes of the dimensions: of an ordinary receipt, and of a gold. */
const ALL = Dimension.accuracy | Dimension.consistency;
const KNOWLEDGE = DEFAULT_PARAMS.families.knowledge.weights;

const best = (row: Row, score: (reference: string) => number): number =>
  10_000 * Math.max(0, ...referencesOf(row).map(score));
const accuracy = ({ row, text }: Answered): number => textAccuracy(row.question, text, referencesOf(row));

const MEASURES: readonly Measure[] = [
  {
    id: 'token-recall',
    score: ({ row, text }) => {
      const given = new Set(tokens(text));
      return best(row, (reference) => recall(new Set(tokens(reference)), given));
    },
  },
  {
    id: 'char-3-gram-recall',
    score: ({ row, text }) => {
      const given = trigrams(tokens(text));
      return best(row, (reference) => recall(trigrams(tokens(reference)), given));
    },
  },
  { id: 'accuracy', score: accuracy },
  { id: 'accuracy-without-reference', score: ({ found }) => found.accuracy },
  { id: 'consistency', score: ({ found }) => found.consistency },
  {
    id: 'composite-without-reference',
    score: ({ found }) => quality(found, ALL, KNOWLEDGE) ?? 0,
  },
  {
    id: 'composite',
    score: (answered) => goldQuality({ ...answered.found, accuracy: accuracy(answered) }, ALL, KNOWLEDGE) ?? 0,
  },
];

/** Without schemas or expressions of a caller's there is nothing that would need a thread. */
const scorer = createDefaultScorer({ score: async () => 10_000, close: async () => undefined });

/** What an evaluator says of an answer, shown to it as a gateway does: other systems are other operators, nothing is a reference. */
function evaluated(row: Row, system: string): Promise<Scores> {
  const response = (text: string): string =>
    canonicalJson({ choices: [{ message: { role: 'assistant', content: text } }] });
  const others = Object.entries(row.answers).filter(([name]) => name !== system);
  return scorer.score({
    receiptLeaf: ZERO_HASH,
    seed: ZERO_HASH,
    request: canonicalJson({ messages: [{ role: 'user', content: row.question }] }),
    response: response(row.answers[system]?.text ?? ''),
    peers: others.map(([name, { text }]) => ({ account: name, family: name, response: response(text) })),
  });
}

async function judge(rows: readonly Row[]): Promise<Judged[]> {
  const judged: Judged[] = [];
  for (const row of rows) {
    for (const [system, { text, correct }] of Object.entries(row.answers)) {
      const answered = { row, system, text, found: await evaluated(row, system) };
      const scores = MEASURES.map(({ score }) => score(answered));
      judged.push({ system, correct: correct ? 1 : 0, length: text.length, scores });
    }
  }
  return judged;
}

type Figures = { readonly pearson: number; readonly auc: number };

function figures(judged: readonly Judged[], scorer: number): Figures {
  const scores = judged.map(({ scores: all }) => all[scorer] ?? 0);
  const labels = judged.map(({ correct }) => correct);
  return { pearson: round(pearson(scores, labels)), auc: round(auc(scores, labels)) };
}

const round = (value: number): number => Math.round(value * 10_000) / 10_000;

async function report(rows: readonly Row[]) {
  const judged = await judge(rows);
  const systems = [...new Set(judged.map(({ system }) => system))];
  const of = (system: string): Judged[] => judged.filter((item) => item.system === system);
  const scorers = MEASURES.map(({ id }, index) => ({
    id,
    ...figures(judged, index),
    perSystem: Object.fromEntries(systems.map((system) => [system, figures(of(system), index)])),
  }));
  const composite = MEASURES.findIndex(({ id }) => id === 'composite');
  const agreement = MEASURES.findIndex(({ id }) => id === 'consistency');
  const ranked = (value: (item: Judged) => number): string[] =>
    systems.toSorted((a, b) => mean(of(b).map(value)) - mean(of(a).map(value)));
  return {
    rows: rows.length,
    /** Of the evaluator's default scorer, which gave accuracy-without-reference and consistency. */
    scorerId: scorer.id,
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

function lines(result: Awaited<ReturnType<typeof report>>): string[] {
  const scorers = result.scorers.map(({ id, pearson: r, auc: area, perSystem }) => {
    const each = Object.entries(perSystem).map(([name, { pearson: own }]) => `${name} ${own.toFixed(3)}`);
    return `${id.padEnd(28)}r ${r.toFixed(4)}  AUC ${area.toFixed(4)}  (${each.join(', ')})`;
  });
  return [
    `${result.rows} questions; default scorer ${result.scorerId}`,
    ...scorers,
    `ranking by people: ${result.ranking.human.join(' > ')}`,
    `ranking by PoQ:    ${result.ranking.poq.join(' > ')}`,
    `long less short among correct answers: ${result.verbosityGapBps} bps`,
  ];
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
    const result = await report(readRows(options.data));
    if (options.json) io.stdout(toJson(result));
    else lines(result).forEach(io.stdout);
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(evalPoq);
