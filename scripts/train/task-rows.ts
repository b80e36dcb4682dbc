import { isObject, readJsonLines } from '../eval/routing/rows.ts';
import { FAMILY_OF_TASK, setOf } from './tasks.ts';
import type { TaskRow } from './tasks.ts';

/** Rows `{query, task_name}` of task sets that have a family; others are left out. */
export function readTaskRows(path: string): TaskRow[] {
  const rows = readJsonLines(path, (value) => {
    if (!isObject(value)) return 'a row is an object {query, task_name}';
    const { query, task_name: task } = value;
    if (typeof query !== 'string') return 'query is not a text';
    return typeof task === 'string' ? { query, task } : 'task_name is not a text';
  });
  return rows.flatMap(({ query, task }, index) => {
    const family = Object.hasOwn(FAMILY_OF_TASK, task) ? FAMILY_OF_TASK[task] : undefined;
    return family === undefined ? [] : [{ text: query, family, group: `row-${index}`, set: setOf(task) }];
  });
}
