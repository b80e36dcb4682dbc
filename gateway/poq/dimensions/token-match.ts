import { stem, tokens, trigrams } from './text.ts';

/** A text prepared for many lookups: where each word stands, and what it resembles. */
export type IndexedText = {
  readonly words: readonly string[];
  readonly grams: ReadonlySet<number>;
  /** Positions of the words that match `word`, with the strength of the match (0…1], strongest form first. */
  readonly find: (word: string) => readonly Match[];
};

export type Match = { readonly position: number; readonly strength: number };

const MAX_WORDS = 3_000;
/** Places of one word that are looked at: a word repeated without end would otherwise cost its square. */
const MAX_PLACES = 48;
const SAME_STEM = 0.95;
const SAME_START = 0.8;
const LEAST_SIMILARITY = 0.5;

export function indexText(text: string): IndexedText {
  const words = tokens(text).slice(0, MAX_WORDS);
  const positions = new Map<string, number[]>();
  words.forEach((word, position) => {
    const list = positions.get(word);
    if (list === undefined) positions.set(word, [position]);
    else list.push(position);
  });
  const byInitial = new Map<string, string[]>();
  for (const word of positions.keys()) {
    const initial = word.slice(0, 1);
    const list = byInitial.get(initial);
    if (list === undefined) byInitial.set(initial, [word]);
    else list.push(word);
  }
  const known = new Map<string, readonly Match[]>();
  const find = (word: string): readonly Match[] => {
    const cached = known.get(word);
    if (cached !== undefined) return cached;
    // the surest forms first, so that the limit never cuts off an exact match for a resemblance
    const forms = (byInitial.get(word.slice(0, 1)) ?? [])
      .map((other) => ({ other, strength: similarity(word, other) }))
      .filter(({ strength }) => strength > 0)
      .sort((a, b) => b.strength - a.strength);
    const found = forms.flatMap(({ other, strength }) =>
      (positions.get(other) ?? []).map((position) => ({ position, strength })),
    );
    const kept = found.slice(0, MAX_PLACES);
    known.set(word, kept);
    return kept;
  };
  return { words, grams: trigrams(words), find };
}

/** How surely two words are the same one: equal, same stem, same beginning, or most of their 3-grams in common. */
export function similarity(a: string, b: string): number {
  if (a === b) return 1;
  if (/^\d/.test(a) || /^\d/.test(b)) return 0;
  const [stemA, stemB] = [stem(a), stem(b)];
  if (stemA === stemB) return SAME_STEM;
  if (Math.min(stemA.length, stemB.length) < 4) return 0;
  if (stemA.startsWith(stemB) || stemB.startsWith(stemA)) return SAME_START;
  const shared = dice(trigrams([a]), trigrams([b]));
  return shared > LEAST_SIMILARITY ? shared : 0;
}

function dice<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): number {
  let common = 0;
  for (const gram of a) if (b.has(gram)) common += 1;
  return (2 * common) / (a.size + b.size);
}
