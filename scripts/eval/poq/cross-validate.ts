import { chance } from '../../../gateway/poq/dimensions/logistic.ts';
import type { LogisticModel } from '../../../gateway/poq/dimensions/logistic.ts';
import { auc, pearson } from '../../lib/statistics.ts';
import { fitLogistic } from './fit.ts';
import type { Sample, Signs } from './fit.ts';

const FOLDS = 5;

export type Figures = { readonly pearson: number; readonly auc: number };
export type Validation = {
  /** Fitted to all samples and measured on the same. */
  readonly inSample: Figures;
  /** Each question judged by weights that have not seen it. */
  readonly heldOutQuestions: Figures;
  /** Each answer judged by weights that have seen neither its question nor its system. */
  readonly heldOutSystems: Figures;
};

/** @param training what is fitted @param measured what is judged; both of the same questions */
export function crossValidate(training: readonly Sample[], measured: readonly Sample[], signs: Signs): Validation {
  const all = fitLogistic(training, signs);
  const systems = [...new Set(measured.map(({ system }) => system))];
  return {
    inSample: figures(measured, (sample) => chance(all, sample.features)),
    heldOutQuestions: figures(measured, heldOut(training, signs, [undefined])),
    heldOutSystems: figures(measured, heldOut(training, signs, systems)),
  };
}

/** A judge for every fold and every left-out system (undefined: none is). */
function heldOut(
  training: readonly Sample[],
  signs: Signs,
  systems: readonly (string | undefined)[],
): (sample: Sample) => number {
  const judges = new Map<string, LogisticModel>(
    Array.from({ length: FOLDS }, (_, fold) =>
      systems.map((system) => {
        const seen = training.filter((sample) => foldOf(sample) !== fold && sample.system !== system);
        return [`${fold} ${system}`, fitLogistic(seen, signs)] as const;
      }),
    ).flat(),
  );
  return (sample) => {
    const key = `${foldOf(sample)} ${systems.includes(undefined) ? undefined : sample.system}`;
    const judge = judges.get(key);
    return judge === undefined ? 0 : chance(judge, sample.features);
  };
}

const foldOf = ({ question }: Sample): number => question % FOLDS;

function figures(samples: readonly Sample[], judge: (sample: Sample) => number): Figures {
  const scores = samples.map(judge);
  const labels = samples.map(({ correct }) => correct);
  return { pearson: pearson(scores, labels), auc: auc(scores, labels) };
}
