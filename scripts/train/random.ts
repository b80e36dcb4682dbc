/** A seeded stream of uniform numbers in 0…1 (mulberry32): training gives the same weights on every machine. */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fisher–Yates; the argument stays as it is. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const mixed = [...items];
  for (let index = mixed.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    const [a, b] = [mixed[index], mixed[other]];
    if (a !== undefined && b !== undefined) [mixed[index], mixed[other]] = [b, a];
  }
  return mixed;
}

/** Indices 0…count−1 in `folds` parts of nearly equal size, by chance. */
export function foldsOf(count: number, folds: number, random: Random): number[][] {
  const order = shuffled(
    Array.from({ length: count }, (_, index) => index),
    random,
  );
  return Array.from({ length: folds }, (_, fold) => order.filter((_index, at) => at % folds === fold));
}
