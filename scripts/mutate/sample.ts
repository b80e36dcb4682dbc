import { createRandom } from '../demo/random.ts';
import type { Random } from '../demo/random.ts';
import type { MutableFunction } from './candidates.ts';
import { OPERATOR_WEIGHTS } from './mutation.ts';
import type { Candidate } from './mutation.ts';

function takeWeighted<T>(items: T[], weight: (item: T) => number, random: Random): T | undefined {
  const total = items.reduce((sum, item) => sum + weight(item), 0);
  let left = random() * total;
  const index = items.findIndex((item) => {
    left -= weight(item);
    return left < 0;
  });
  return items.splice(index < 0 ? items.length - 1 : index, 1)[0];
}

/** The candidates of one function in the order in which they would be drawn. */
function drawOrder({ scope, candidates }: MutableFunction, seed: number): readonly Candidate[] {
  const random = createRandom(seed, scope);
  const left = [...candidates];
  return candidates.flatMap(() => takeWeighted(left, ({ operator }) => OPERATOR_WEIGHTS[operator], random) ?? []);
}

/**
 * `count` candidates: one of every function first, the rest by weight × √(candidates), so that long functions get more
 * than short ones but do not crowd them out. The same seed and sources give the same sample.
 */
export function sample(functions: readonly MutableFunction[], count: number, seed: number): readonly Candidate[] {
  const random = createRandom(seed, 'functions');
  const queues = functions.map((one) => ({
    share: one.weight * Math.sqrt(one.candidates.length),
    weight: one.weight,
    left: [...drawOrder(one, seed)],
  }));
  const drawn: Candidate[] = [];
  const take = (queue: (typeof queues)[number]): void => {
    const next = queue.left.shift();
    if (next !== undefined && drawn.length < count) drawn.push(next);
  };
  for (const queue of [...queues].sort((a, b) => b.weight - a.weight)) take(queue);
  while (drawn.length < count) {
    const open = queues.filter(({ left }) => left.length > 0);
    const queue = takeWeighted(open, ({ share }) => share, random);
    if (queue === undefined) break;
    take(queue);
  }
  return drawn;
}
