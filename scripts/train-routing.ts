import { writeFileSync } from 'node:fs';

import { FAMILIES } from '../gateway/protocol/constants.ts';
import { readRows } from './eval/routing/rows.ts';
import { readTaskRows } from './eval/routing/families.ts';
import { Exit, UsageError, defineCommand, runMain } from './lib/command.ts';
import { mean } from './lib/statistics.ts';
import { fitTaskModel, readTaskCorpus } from './train/task-model.ts';
import type { TaskLabel } from './train/task-model.ts';
import { OWN_COMPLEXITY, ownTaskRows } from './train/tasks.ts';

const OUT = 'gateway/route/model/task-model.json';

export const trainRouting = defineCommand(
  {
    name: 'train-routing',
    summary: 'Trains the task model (family and complexity of a prompt) that the gateway carries.',
    options: {
      tasks: { type: 'string', value: 'FILE', help: 'rows {query, task_name} of public task sets' },
      scores: { type: 'string', value: 'FILE', help: 'rows {question, scores}: complexity is what models fail at' },
      out: { type: 'string', value: 'FILE', help: `where the weights go (${OUT})` },
    },
    notes: ['Rows of our own come from scripts/train/tasks. The same rows always give the same weights.'],
  },
  async ({ options: { tasks, scores, out = OUT }, io }) => {
    if (tasks === undefined || scores === undefined) throw new UsageError('--tasks and --scores are needed');
    const own = ownTaskRows();
    const rows = [...readTaskRows(tasks), ...own];
    const failures = new Map(readRows(scores).map((row) => [row.question, 1 - mean(Object.values(row.scores))]));
    const known = new Set(rows.map(({ text }) => text));
    const scored = [...failures.keys()].filter((question) => !known.has(question));
    const texts = [...rows.map(({ text }) => text), ...scored];
    const labels: TaskLabel[] = [
      ...rows.map(({ text, family, group }) => ({
        family: FAMILIES.indexOf(family),
        complexity: failures.get(text) ?? (group.startsWith('own-') ? OWN_COMPLEXITY[family] : undefined),
      })),
      ...scored.map((text) => ({ family: undefined, complexity: failures.get(text) })),
    ];
    io.stderr(`${texts.length} rows, ${own.length} of them our own, ${failures.size} with scores`);
    const file = fitTaskModel(
      readTaskCorpus(texts),
      texts.map((_, index) => index),
      labels,
    );
    const json = `${JSON.stringify(file)}\n`;
    writeFileSync(out, json);
    io.stdout(`${out}: ${json.length} bytes`);
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(trainRouting);
