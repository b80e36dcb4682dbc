import { writeFileSync } from 'node:fs';

import { dataOf } from './eval/routing/predictions.ts';
import { readRows } from './eval/routing/rows.ts';
import type { Row } from './eval/routing/rows.ts';
import { Exit, UsageError, defineCommand, runMain } from './lib/command.ts';
import { mean } from './lib/statistics.ts';
import { fitQuality } from './train/quality.ts';
import { writeQualityModel } from './train/quality-file.ts';
import { fitTaskModel, readTaskCorpus } from './train/task-model.ts';
import type { TaskLabel } from './train/task-model.ts';
import { readTaskRows } from './train/task-rows.ts';
import { classOf, OWN_COMPLEXITY, ownTaskRows, TASK_CLASSES } from './train/tasks.ts';

const OUT = 'gateway/route/model/task-model.json';

export const trainRouting = defineCommand(
  {
    name: 'train-routing',
    summary: 'Trains what routing predicts from: the task model that the gateway carries, or a quality predictor.',
    options: {
      tasks: { type: 'string', value: 'FILE', help: 'rows {query, task_name} of public task sets' },
      scores: { type: 'string', value: 'FILE', help: 'rows {question, scores}: how well each model answered, 0..1' },
      out: { type: 'string', value: 'FILE', help: `where the task model goes (${OUT})` },
      quality: {
        type: 'string',
        value: 'FILE',
        help: 'train a quality predictor from --scores alone, and put it here',
      },
    },
    notes: [
      'The task model takes --tasks and --scores, and rows of our own from scripts/train/tasks.',
      'A gateway reads the quality predictor from the file that DGRID_ROUTING_MODEL names.',
      'The same rows always give the same weights.',
    ],
  },
  async ({ options: { tasks, scores, out, quality }, io }) => {
    if (scores === undefined) throw new UsageError('--scores is missing');
    if (quality !== undefined && (tasks !== undefined || out !== undefined))
      throw new UsageError('--quality goes with --scores alone');
    const rows = readRows(scores);
    if (quality !== undefined) {
      write(quality, writeQualityModel(trainQuality(rows)), io.stdout);
      return Exit.ok;
    }
    if (tasks === undefined) throw new UsageError('--tasks is missing');
    write(out ?? OUT, trainTasks(tasks, rows, io.stderr), io.stdout);
    return Exit.ok;
  },
);

function write(path: string, text: string, say: (line: string) => void): void {
  writeFileSync(path, text);
  say(`${path}: ${text.length} bytes`);
}

function trainQuality(rows: readonly Row[]) {
  const data = dataOf(rows, Object.keys(rows[0]?.scores ?? {}));
  return fitQuality(
    data,
    rows.map((_, index) => index),
  );
}

function trainTasks(tasks: string, scored: readonly Row[], say: (line: string) => void): string {
  const own = ownTaskRows();
  const rows = [...readTaskRows(tasks), ...own];
  const failures = new Map(scored.map((row) => [row.question, 1 - mean(Object.values(row.scores))]));
  const known = new Set(rows.map(({ text }) => text));
  const others = [...failures.keys()].filter((question) => !known.has(question));
  const texts = [...rows.map(({ text }) => text), ...others];
  const labels: TaskLabel[] = [
    ...rows.map((row) => ({
      class: classOf(row),
      complexity: failures.get(row.text) ?? (row.group.startsWith('own-') ? OWN_COMPLEXITY[row.family] : undefined),
    })),
    ...others.map((text) => ({ class: undefined, complexity: failures.get(text) })),
  ];
  say(`${texts.length} rows, ${own.length} of them our own, ${failures.size} with scores`);
  const order = texts.map((_, index) => index);
  return `${JSON.stringify(fitTaskModel(readTaskCorpus(texts), order, { classes: TASK_CLASSES, labels }))}\n`;
}

if (import.meta.main) await runMain(trainRouting);
