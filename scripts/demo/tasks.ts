import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { parseGoldStore } from '../../gateway/gold/store.ts';
import { FAMILIES } from '../../gateway/protocol/constants.ts';
import type { FamilyName } from '../../gateway/protocol/constants.ts';
import { UsageError } from '../lib/command.ts';

/** A piece of work for the network: what to ask, what kind of work it is, and answers that would be right. */
export type DemoTask = {
  readonly prompt: string;
  readonly family: FamilyName;
  readonly references: readonly string[];
  /** JSON Schema that the answer must satisfy; sent as `response_format`. */
  readonly schema?: Readonly<Record<string, unknown>>;
};

export const OWN_TASKS = fileURLToPath(new URL('tasks/tasks.jsonl', import.meta.url));

const KEYS = ['prompt', 'family', 'references', 'schema'];
const MAX_PROMPT_LENGTH = 100_000;
/** Every fifth task goes into the gateway's private gold store instead of the traffic. */
const GOLD_TURN = 5;
const MIN_TASKS_FOR_GOLD = 10;

/** @throws UsageError naming file and line of the first row that is not a task. */
export function readTasks(file: string): DemoTask[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--tasks: cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseTasks(text, file);
}

export function parseTasks(text: string, source: string): DemoTask[] {
  const tasks = text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const row = parseRow(line);
    if (typeof row === 'string') throw new UsageError(`${source}:${index + 1}: ${row}`);
    return [row];
  });
  if (tasks.length === 0) throw new UsageError(`${source}: there is no task in it`);
  return tasks;
}

/** The task, or what is wrong with the row. */
function parseRow(line: string): DemoTask | string {
  const row = parseObject(line);
  if (row === undefined) return 'not a JSON object';
  const unknown = Object.keys(row).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) return `unknown field "${unknown}" (there are ${KEYS.join(', ')})`;
  const { prompt, family, references, schema } = row;
  if (typeof prompt !== 'string' || prompt.trim() === '') return 'prompt must be a text that is not empty';
  if (prompt.length > MAX_PROMPT_LENGTH) return `prompt is longer than ${MAX_PROMPT_LENGTH} characters`;
  if (!isFamily(family)) return `family must be one of ${FAMILIES.join(', ')}`;
  if (!isTextList(references)) return 'references must be a list of texts';
  if (schema === undefined) return { prompt, family, references };
  if (!isObject(schema)) return 'schema must be a JSON Schema object';
  return { prompt, family, references, schema };
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFamily(value: unknown): value is FamilyName {
  return (FAMILIES as readonly unknown[]).includes(value);
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && item.trim() !== '');
}

/** The tasks that are sent, and those that the gateway keeps to itself. Few tasks are all sent. */
export function splitTasks(tasks: readonly DemoTask[]): {
  readonly tasks: readonly DemoTask[];
  readonly golds: readonly DemoTask[];
} {
  if (tasks.length < MIN_TASKS_FOR_GOLD) return { tasks, golds: [] };
  const isGold = (task: DemoTask, index: number): boolean => index % GOLD_TURN === GOLD_TURN - 1 && canBeGold(task);
  return {
    tasks: tasks.filter((task, index) => !isGold(task, index)),
    golds: tasks.filter(isGold),
  };
}

/** The gateway's own reader decides: a reference in words beside a schema, say, is work but no gold. */
function canBeGold(task: DemoTask): boolean {
  try {
    return parseGoldStore(goldLine(task), 'task').length === 1;
  } catch {
    return false;
  }
}

/** A task as a line of the gateway's gold file. */
export function goldLine(task: DemoTask): string {
  return `${JSON.stringify(task)}\n`;
}

/** The chat request of a task; `stream` is the caller's business. */
export function taskBody(task: DemoTask): Readonly<Record<string, unknown>> {
  const base = { model: 'auto', messages: [{ role: 'user', content: task.prompt }], max_tokens: 400 };
  if (task.schema === undefined) return base;
  const format = { type: 'json_schema', json_schema: { name: 'answer', schema: task.schema } };
  return { ...base, response_format: format };
}
