import { FAMILIES } from '../../../gateway/protocol/constants.ts';
import type { FamilyName } from '../../../gateway/protocol/constants.ts';
import { createTaskModel } from '../../../gateway/route/task-model.ts';
import type { TaskGuess } from '../../../gateway/route/task-model.ts';
import { complexityOfText, profileTask } from '../../../gateway/route/task-profile.ts';
import { textTable } from '../attacks/text-table.ts';
import { foldsOf, seededRandom } from '../../train/random.ts';
import { fitTaskModel, readTaskCorpus } from '../../train/task-model.ts';
import { rankCorrelation } from './rank.ts';
import { classOf, heldOutRows, ownTaskRows, TASK_CLASSES } from '../../train/tasks.ts';
import type { TaskRow } from '../../train/tasks.ts';

export type FamilyResult = { readonly row: TaskRow; readonly guess: FamilyName; readonly complexity: number };

/** Share of models that fail at a text, where that is known. */
export type Failures = ReadonlyMap<string, number>;

export type CrossOptions = {
  readonly folds: number;
  readonly seed: number;
  readonly failures: Failures;
  readonly onFold: () => void;
};

/** Every row judged by a model that saw neither it nor any row of its group. */
export function crossValidate(
  rows: readonly TaskRow[],
  { folds, seed, failures, onFold }: CrossOptions,
): FamilyResult[] {
  const corpus = readTaskCorpus(rows.map(({ text }) => text));
  const labels = rows.map((row) => ({ class: classOf(row), complexity: failures.get(row.text) }));
  const groups = [...new Set(rows.map(({ group }) => group))];
  return foldsOf(groups.length, folds, seededRandom(seed)).flatMap((part) => {
    onFold();
    const held = new Set(part.map((index) => groups[index]));
    const train = rows.flatMap(({ group }, index) => (held.has(group) ? [] : [index]));
    const model = createTaskModel(fitTaskModel(corpus, train, { classes: TASK_CLASSES, labels }));
    return rows.filter(({ group }) => held.has(group)).map((row) => resultOf(row, model(row.text)));
  });
}

function resultOf(row: TaskRow, { logits, complexity }: Pick<TaskGuess, 'logits' | 'complexity'>): FamilyResult {
  const guess = guessed(logits);
  return { row, guess, complexity: complexityOfText(complexity, FAMILIES.indexOf(guess)) };
}

export const guessed = (logits: Float64Array): FamilyName =>
  FAMILIES[logits.reduce((best, value, at) => (value > (logits[best] ?? 0) ? at : best), 0)] ?? 'other';

/** What the weights that the gateway carries make of rows written after they were trained. */
export const judgeHeldOut = (): FamilyResult[] =>
  heldOutRows().map((row) => {
    const { family, complexity } = profileTask({ messages: [{ role: 'user', content: row.text }] });
    return { row, guess: FAMILIES[family] ?? 'other', complexity };
  });

export const withOwnRows = (rows: readonly TaskRow[]): TaskRow[] => [...rows, ...ownTaskRows()];

export const isOwn = ({ group }: TaskRow): boolean => group.startsWith('own-');

export const accuracyOf = (results: readonly FamilyResult[]): number =>
  results.filter(({ row, guess }) => row.family === guess).length / Math.max(1, results.length);

/** The families that no public set here has: they are learnt from rows of our own alone. */
const OWN_FAMILIES: readonly FamilyName[] = [
  'summary',
  'extraction',
  'translation',
  'classification',
  'chat',
  'creative',
];

const part = (results: readonly FamilyResult[]) => ({
  rows: results.length,
  accuracy: accuracyOf(results),
  confusion: counts(results),
});

export function familySummary(results: readonly FamilyResult[], heldOut: readonly FamilyResult[], failures: Failures) {
  const tried = results.filter(({ row }) => failures.has(row.text));
  const own = results.filter(({ row }) => isOwn(row));
  const shared = results.filter(({ row }) => !isOwn(row));
  const alone = own.filter(({ row }) => OWN_FAMILIES.includes(row.family));
  return {
    publicRows: part(shared),
    ownRows: part(own),
    ownFamilies: { rows: alone.length, accuracy: accuracyOf(alone) },
    heldOut: part(heldOut),
    complexity: {
      rows: tried.length,
      rankCorrelation: rankCorrelation(
        tried.map(({ complexity }) => complexity),
        tried.map(({ row }) => failures.get(row.text) ?? 0),
      ),
    },
  };
}

/** Rows: what it is; columns: what it was taken for. */
const counts = (results: readonly FamilyResult[]): number[][] =>
  FAMILIES.map((family) =>
    FAMILIES.map((guess) => results.filter((result) => result.row.family === family && result.guess === guess).length),
  );

export function familyLines(summary: ReturnType<typeof familySummary>): string[] {
  const { publicRows, ownRows, ownFamilies, heldOut, complexity } = summary;
  const table = (title: string, { rows, accuracy, confusion }: typeof ownRows): string[] => [
    `${title}: ${percent(accuracy)} of ${rows}`,
    ...textTable(['is \\ taken for', ...FAMILIES.map((name) => name.slice(0, 7)), 'right'], confusionRows(confusion)),
    '',
  ];
  return [
    ...table('public rows', publicRows),
    ...table('our own rows, templates held out', ownRows),
    `our own rows of ${OWN_FAMILIES.join(', ')}: ${percent(ownFamilies.accuracy)} of ${ownFamilies.rows}`,
    '',
    ...table('rows that were never trained on, by the committed weights', heldOut),
    ...(complexity.rows === 0
      ? []
      : [
          `complexity of ${complexity.rows} rows against the share of models that fail at them: rank correlation ${complexity.rankCorrelation.toFixed(3)}`,
        ]),
  ];
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function confusionRows(confusion: readonly (readonly number[])[]): string[][] {
  return confusion.flatMap((row, index) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    if (total === 0) return [];
    const right = percent((row[index] ?? 0) / total);
    return [[FAMILIES[index] ?? '', ...row.map((count) => (count === 0 ? '·' : String(count))), right]];
  });
}
