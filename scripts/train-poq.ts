import { writeFileSync } from 'node:fs';

import { CORROBORATION_FEATURES } from '../gateway/poq/dimensions/corroboration.ts';
import type { LogisticModel } from '../gateway/poq/dimensions/logistic.ts';
import { REFERENCE_FEATURES } from '../gateway/poq/dimensions/reference-features.ts';
import { crossValidate } from './eval/poq/cross-validate.ts';
import type { Figures, Validation } from './eval/poq/cross-validate.ts';
import { fitLogistic } from './eval/poq/fit.ts';
import { readRows } from './eval/poq/rows.ts';
import { corroborationSamples, referenceSamples } from './eval/poq/samples.ts';
import { Exit, UsageError, defineCommand, runMain, toJson } from './lib/command.ts';
import { JSON_OPTION } from './lib/session.ts';

type Trained = { readonly file: string; readonly samples: number; readonly model: LogisticModel } & Validation;

export const trainPoq = defineCommand(
  {
    name: 'train-poq',
    summary: 'Fits the weights of the scorers without a model to judged answers and says how well they carry over.',
    options: {
      data: { type: 'string', value: 'FILE', help: 'JSON lines of the form that eval-poq reads (required)' },
      write: { type: 'boolean', help: 'replace the weights in gateway/poq/dimensions/' },
      ...JSON_OPTION,
    },
    notes: ['Run eval-poq afterwards: other weights make other scores, and evaluators another scorer id.'],
  },
  async ({ options, io }) => {
    if (options.data === undefined) throw new UsageError('--data FILE is missing');
    const rows = readRows(options.data);
    const reference = referenceSamples(rows);
    const [training, measured] = [corroborationSamples(rows, 'every'), corroborationSamples(rows, 'all')];
    const trained: Trained[] = [
      {
        file: 'reference-model.json',
        samples: reference.length,
        model: fitLogistic(reference, REFERENCE_FEATURES),
        ...crossValidate(reference, reference, REFERENCE_FEATURES),
      },
      {
        file: 'corroboration-model.json',
        samples: training.length,
        model: fitLogistic(training, CORROBORATION_FEATURES),
        ...crossValidate(training, measured, CORROBORATION_FEATURES),
      },
    ];
    if (options.write) trained.forEach(write);
    if (options.json) io.stdout(toJson({ rows: rows.length, trained }));
    else trained.flatMap(lines).forEach(io.stdout);
    return Exit.ok;
  },
);

function write({ file, model }: Trained): void {
  const place = new URL(`../gateway/poq/dimensions/${file}`, import.meta.url);
  writeFileSync(place, `${JSON.stringify(model, undefined, 2)}\n`);
}

function lines({ file, samples, model, inSample, heldOutQuestions, heldOutSystems }: Trained): string[] {
  const show = ({ pearson, auc }: Figures): string => `r ${pearson.toFixed(4)}  AUC ${auc.toFixed(4)}`;
  return [
    `${file}: ${Object.keys(model.weights).length} weights from ${samples} samples`,
    `  same answers              ${show(inSample)}`,
    `  questions held out        ${show(heldOutQuestions)}`,
    `  and systems held out      ${show(heldOutSystems)}`,
    ...Object.entries(model.weights).map(([name, weight]) => `  ${name.padEnd(18)} ${weight}`),
  ];
}

if (import.meta.main) await runMain(trainPoq);
