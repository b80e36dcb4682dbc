import type { JsonObject } from '../protocol/content.ts';
import type { Hex } from '../protocol/types.ts';
import { arithmetic } from './generators/arithmetic.ts';
import { classification } from './generators/classification.ts';
import { taskOf } from './generators/draft.ts';
import type { Generator } from './generators/draft.ts';
import { extraction } from './generators/extraction.ts';
import { formatted } from './generators/formatted.ts';
import { reading } from './generators/reading.ts';
import { pickOne } from './random.ts';
import type { RandomInt } from './random.ts';
import { goldKey, goldTaskJson } from './task.ts';
import type { GoldTask } from './task.ts';

/** Where an epoch's golds come from: an operator's own store first, each task once, and endless generated ones. */
export type GoldSource = { readonly take: (count: number) => JsonObject[] };

export type GoldSourceOptions = {
  readonly random: RandomInt;
  readonly stored?: readonly GoldTask[];
  /** Keys (`goldKey`) of tasks that were used before this process started. */
  readonly retired?: ReadonlySet<Hex>;
};

const GENERATORS: readonly Generator[] = [arithmetic, extraction, reading, classification, formatted];
/** Every second gold is generated while the store lasts: a store is small, and what is used once is public soon. */
const STORE_TURN = 2;

export function createGoldSource({ random, stored = [], retired = new Set() }: GoldSourceOptions): GoldSource {
  const used = new Set(retired);
  const waiting = stored.filter((task) => !used.has(goldKey(task)));

  function next(index: number): GoldTask {
    const own = index % STORE_TURN === 0 ? takeStored() : undefined;
    return own ?? generateGold(random, used);
  }

  function takeStored(): GoldTask | undefined {
    if (waiting.length === 0) return undefined;
    const [task] = waiting.splice(random(waiting.length), 1);
    if (task === undefined) return undefined;
    used.add(goldKey(task));
    return { ...task, body: { ...task.body, stream: random(2) === 0 } };
  }

  return { take: (count) => Array.from({ length: count }, (_, index) => goldTaskJson(next(index))) };
}

const MAX_TRIES = 100;

/** A generated task that was not used before. */
export function generateGold(random: RandomInt, used: Set<Hex> = new Set()): GoldTask {
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const task = taskOf(pickOne(random, GENERATORS)(random), random);
    const key = goldKey(task);
    if (used.has(key)) continue;
    used.add(key);
    return task;
  }
  throw new Error(`${MAX_TRIES} generated golds in a row had been used before: the random source repeats itself`);
}
