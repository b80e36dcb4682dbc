import { corroborationFeatures } from '../../../gateway/poq/dimensions/corroboration.ts';
import { referenceFeatures } from '../../../gateway/poq/dimensions/reference-features.ts';
import { statementOf } from '../../../gateway/poq/dimensions/statement.ts';
import { readTask } from '../../../gateway/poq/dimensions/task.ts';
import type { Sample } from './fit.ts';
import { referencesOf } from './rows.ts';
import type { Row } from './rows.ts';

/** Every answer with what it shows of its references. */
export function referenceSamples(rows: readonly Row[]): Sample[] {
  return rows.flatMap((row, question) =>
    Object.entries(row.answers).flatMap(([system, { text, correct }]) => {
      const shown = referenceFeatures(row.question, text, referencesOf(row));
      return shown === undefined ? [] : [{ question, system, correct: correct ? 1 : 0, features: shown.features }];
    }),
  );
}

/**
 * Every answer beside all the others, and beside every run of fewer of them down to two: a replay asks few nodes, and the
 * weights must serve there too.
 */
export function corroborationSamples(rows: readonly Row[], sizes: 'all' | 'every'): Sample[] {
  return rows.flatMap((row, question) => {
    const known = readTask({ prompt: row.question, responseFormat: undefined }).instructionStems;
    const entries = Object.entries(row.answers).map(([system, { text, correct }]) => {
      return { system, correct: correct ? 1 : 0, statement: statementOf(text, known) };
    });
    return entries.flatMap(({ system, correct, statement }, index) => {
      const voices = [...entries.slice(index + 1), ...entries.slice(0, index)].map((other) => [other.statement]);
      if (voices.length < 2 || statement.keys.size === 0) return [];
      const counts = sizes === 'all' ? [voices.length] : Array.from({ length: voices.length - 1 }, (_, at) => at + 2);
      return counts.map((count) => {
        const features = corroborationFeatures(statement, voices.slice(0, count));
        return { question, system, correct, features };
      });
    });
  });
}
