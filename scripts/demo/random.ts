import { createHash } from 'node:crypto';

/** A stream of uniform numbers in [0, 1). The demo draws from nothing else, so `--seed` decides every choice it makes. */
export type Random = () => number;

/** SHA-256 in counter mode: slow beside a shift register and good enough to key independent streams by name. */
export function createRandom(...key: readonly (string | number)[]): Random {
  const prefix = JSON.stringify(key);
  let block: Buffer = Buffer.alloc(0);
  let offset = 0;
  let counter = 0;
  return () => {
    if (offset >= block.length) {
      block = createHash('sha256').update(`${prefix}:${counter}`).digest();
      counter += 1;
      offset = 0;
    }
    const value = block.readUInt32BE(offset);
    offset += 4;
    return value / 2 ** 32;
  };
}

/** Integer in [0, bound). */
export function below(random: Random, bound: number): number {
  return Math.floor(random() * bound);
}

/** @throws RangeError when there is nothing to pick from. */
export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[below(random, items.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

/** Fisher–Yates on a copy. */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index -= 1) {
    const other = below(random, index + 1);
    const [a, b] = [result[index], result[other]];
    if (a !== undefined && b !== undefined) [result[index], result[other]] = [b, a];
  }
  return result;
}
