import { DIMENSION_NAMES } from './scorers/scorer.ts';
import type { Fault } from './scorers/fallback.ts';

/** Counts what scorers failed to score, by dimension, for whoever watches the evaluator. */
export type ScorerFaults = {
  readonly add: (fault: Fault) => void;
  /** In the text format of Prometheus. */
  readonly text: () => string;
};

const NAME = 'dgrid_evaluator_scorer_faults_total';

export function createScorerFaults(): ScorerFaults {
  const counts = new Map(DIMENSION_NAMES.map((name) => [name, 0]));
  return {
    add({ dimensions }) {
      for (const name of dimensions) counts.set(name, (counts.get(name) ?? 0) + 1);
    },
    text() {
      const lines = [...counts].map(([name, count]) => `${NAME}{dimension="${name}"} ${count}`);
      return [
        `# HELP ${NAME} Dimensions that the scorer failed to score.`,
        `# TYPE ${NAME} counter`,
        ...lines,
        '',
      ].join('\n');
    },
  };
}
