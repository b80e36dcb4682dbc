import { readFileSync } from 'node:fs';

import { CommandError, describeError } from '../../lib/command.ts';

/** A question and how well each model answered it, 0…1. */
export type Row = { readonly question: string; readonly scores: Readonly<Record<string, number>> };

export function readText(path: string): string {
  try {
    // A byte order mark is no part of the first row.
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new CommandError(`cannot read ${path}: ${describeError(error)}`);
  }
}

/** One JSON object per line; blank lines are skipped. @throws CommandError with file and line of the first broken row. */
export function readJsonLines<T>(path: string, check: (value: unknown) => T | string): T[] {
  const rows: T[] = [];
  readText(path)
    .split('\n')
    .forEach((line, index) => {
      if (line.trim() === '') return;
      const row = parseLine(line, check);
      if (typeof row === 'string') throw new CommandError(`${path}:${index + 1}: ${row}`);
      rows.push(row.value);
    });
  if (rows.length === 0) throw new CommandError(`${path} has no rows`);
  return rows;
}

function parseLine<T>(line: string, check: (value: unknown) => T | string): { value: T } | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return `not JSON (${describeError(error)})`;
  }
  const checked = check(value);
  return typeof checked === 'string' ? checked : { value: checked };
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function readRows(path: string): Row[] {
  const rows = readJsonLines(path, checkRow);
  const models = Object.keys(rows[0]?.scores ?? {});
  rows.forEach(({ scores }, index) => {
    const missing = models.find((model) => !(model in scores));
    const extra = Object.keys(scores).find((model) => !models.includes(model));
    const what = missing === undefined ? extra : missing;
    if (what !== undefined)
      throw new CommandError(
        `${path}, row ${index + 1}: ${missing === undefined ? 'has a' : 'has no'} score for "${what}", unlike row 1`,
      );
  });
  return rows;
}

function checkRow(value: unknown): Row | string {
  if (!isObject(value)) return 'a row is an object {question, scores}';
  const { question, scores } = value;
  if (typeof question !== 'string') return 'question is not a text';
  if (!isObject(scores)) return 'scores is not an object of model to number';
  const entries = Object.entries(scores);
  if (entries.length < 2) return `scores needs two models at least, found ${entries.length}`;
  for (const [model, score] of entries)
    if (typeof score !== 'number' || !(score >= 0 && score <= 1))
      return `the score of "${model}" is ${JSON.stringify(score)}, not a number from 0 to 1`;
  return { question, scores: scores as Readonly<Record<string, number>> };
}

/** @throws CommandError where the test rows lack a model that was trained on, or have another. */
export function sameModels(train: readonly Row[], test: readonly Row[]): readonly string[] {
  const models = Object.keys(train[0]?.scores ?? {});
  const tested = Object.keys(test[0]?.scores ?? {});
  const missing = models.filter((model) => !tested.includes(model));
  const extra = tested.filter((model) => !models.includes(model));
  if (missing.length + extra.length > 0)
    throw new CommandError(
      `training and test rows differ in their models: ${[
        ...missing.map((model) => `"${model}" is not in the test rows`),
        ...extra.map((model) => `"${model}" is not in the training rows`),
      ].join(', ')}`,
    );
  return models;
}
