import { readFileSync } from 'node:fs';

import { CommandError, UsageError } from '../../lib/command.ts';

/** One question with its reference answers (`a/b`) and what each system said, judged by people. */
export type Row = {
  readonly question: string;
  readonly golden: string;
  readonly answers: Readonly<Record<string, { readonly text: string; readonly correct: boolean }>>;
};

export function readRows(file: string): Row[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new UsageError(`cannot read ${file}`);
  }
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) throw new CommandError(`${file} holds no rows`);
  return lines.map((line, index) => parseRow(line, `${file}:${index + 1}`));
}

function parseRow(line: string, place: string): Row {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    throw new CommandError(`${place} is not JSON`);
  }
  if (!isRow(row)) throw new CommandError(`${place} lacks question, golden or answers of {text, correct}`);
  return row;
}

function isRow(value: unknown): value is Row {
  if (typeof value !== 'object' || value === null) return false;
  const { question, golden, answers } = value as Readonly<Record<string, unknown>>;
  if (typeof question !== 'string' || typeof golden !== 'string') return false;
  return (
    typeof answers === 'object' && answers !== null && !Array.isArray(answers) && Object.values(answers).every(isAnswer)
  );
}

function isAnswer(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { text, correct } = value as Readonly<Record<string, unknown>>;
  return typeof text === 'string' && typeof correct === 'boolean';
}

/** The acceptable answers; one that only separators are left of is the whole text. */
export function referencesOf({ golden }: Row): string[] {
  const parts = golden.split('/').filter((text) => text.trim() !== '');
  return parts.length === 0 ? [golden] : parts;
}
