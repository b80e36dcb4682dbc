import { parentPort } from 'node:worker_threads';

import type { Constraint } from '../../poq/dimensions/constraint.ts';
import { formatScore } from '../../poq/dimensions/format.ts';
import { createSchemaCheck } from '../../poq/dimensions/schema-check.ts';

/** Thread in which callers' own schemas and expressions run: whoever waits may end it. */
export type FormatJob = { readonly id: number; readonly answer: string; readonly constraints: readonly Constraint[] };
export type FormatReply = { readonly id: number; readonly score: number };

const check = createSchemaCheck();

parentPort?.on('message', ({ id, answer, constraints }: FormatJob) => {
  parentPort?.postMessage({ id, score: formatScore(answer, constraints, check) } satisfies FormatReply);
});
parentPort?.postMessage('ready');
