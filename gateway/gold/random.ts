import { createHash } from 'node:crypto';

/** Integer in [0, bound), bound ≥ 1. The generators draw from nothing else: `crypto.randomInt` in a real gateway. */
export type RandomInt = (bound: number) => number;

/** A repeatable source for tests and demos: SHA-256 in counter mode. Whoever knows the seed knows the golds. */
export function createSeededRandomInt(seed: string): RandomInt {
  let block: Buffer = Buffer.alloc(0);
  let counter = 0;
  return (bound) => {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 31) throw new RangeError(`no integer below ${bound}`);
    if (block.length < 6) block = createHash('sha256').update(`${counter++}:${seed}`).digest();
    const value = block.readUIntBE(0, 6); // 48 bits: the bias of the remainder stays below 2⁻¹⁷
    block = block.subarray(6);
    return value % bound;
  };
}

/** @throws RangeError when there is nothing to pick from. */
export function pickOne<T>(random: RandomInt, items: readonly T[]): T {
  const item = items[items.length === 0 ? 0 : random(items.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

/** `count` different items in random order. */
export function pickSome<T>(random: RandomInt, items: readonly T[], count: number): T[] {
  const rest = [...items];
  return Array.from({ length: Math.min(count, items.length) }, () => rest.splice(random(rest.length), 1)).flat();
}

/** Integer in [low, high]. */
export function between(random: RandomInt, low: number, high: number): number {
  return low + random(high - low + 1);
}
