/** Words of varied length, by a small seeded generator: texts that no cache has seen and every run repeats. */
const SYLLABLES = 'ka lo mi ren ta su vor el an quin pa dor she lam ti gre no bel ur fa zin wo'.split(' ');

export function createTexts(seed: number): (bytes: number) => string {
  let state = seed >>> 0 || 1;
  const next = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const word = (): string =>
    Array.from({ length: 1 + next(3) }, () => SYLLABLES[next(SYLLABLES.length)] ?? '').join('');
  return (bytes) => {
    const words: string[] = [];
    for (let size = 0; size < bytes;) {
      const made = words.length % 12 === 11 ? `${word()}.` : word();
      words.push(made);
      size += made.length + 1;
    }
    return words.join(' ').slice(0, bytes);
  };
}
