import { readFileSync } from 'node:fs';

import { readDataset } from '../../../scripts/audit/read-dataset.ts';
import type { ReadDataset } from '../../../scripts/audit/read-dataset.ts';
import { textLines } from '../../../scripts/audit/text-lines.ts';

/** The dataset of a real epoch. */
export const EPOCH_TEXT = readFileSync(new URL('../../vectors/audit/epoch.jsonl', import.meta.url), 'utf8');

/** Reads a dataset whose epoch works with the default table. */
export const readWhole = (text: string): Promise<ReadDataset> =>
  readDataset(textLines(text), { mode: 'audit', oneKeyEach: true, table: () => [], onLines: () => undefined });
