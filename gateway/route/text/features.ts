import { withoutCourtesy } from './courtesy.ts';
import { bounded, WINDOW } from './window.ts';
import { createSurfaceCounter, SURFACE_FEATURES } from './surface.ts';
import { Char, classOf } from './characters.ts';

/**
 * A text as sparse hashed n-grams (words, pairs of words, runs of four characters within words) and a few dense
 * counts, in one pass over a bounded window. Buffers are reused: a view is valid until the next call of `read`.
 */
export type TextFeatures = {
  /** Number of distinct buckets. */
  size: number;
  readonly buckets: Int32Array;
  /** How often each occurred, parallel to `buckets`. */
  readonly counts: Uint16Array;
  readonly surface: Float64Array;
};

export type FeatureReader = { readonly read: (text: string) => TextFeatures };

export const BUCKET_BITS = 15;
export const BUCKETS = 2 ** BUCKET_BITS;

/** Per character: a word or symbol, a pair, and an n-gram that starts here. */
const MOST_FEATURES = 3 * (WINDOW + 2);
const MOST_BUCKETS = Math.min(MOST_FEATURES, BUCKETS);
const GRAM = 4;
/** Longer runs of letters are data, not language: their n-grams say nothing new. */
const LONGEST_WORD = 24;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const WORD_SEED = 0x9e3779b9;
const PAIR_SEED = 0x85ebca6b;
const EDGE = 0x5f;

const step = (hash: number, code: number): number => Math.imul(hash ^ code, FNV_PRIME);

/** FNV alone mixes its high bits badly (Austin Appleby's finaliser of MurmurHash3, shortened). */
function bucketOf(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> (32 - BUCKET_BITS);
}

/** Where the buckets of a text are collected; cleared in time proportional to what the last text had. */
type Collector = {
  readonly features: TextFeatures;
  readonly reset: () => void;
  /** A word or symbol by its hash, and the pair that it makes with the one before it. */
  readonly addToken: (hash: number) => void;
  /** A word with its n-grams. @param word an edge mark, `length` letters, an edge mark. */
  readonly addWord: (word: Uint16Array, length: number) => void;
};

function createCollector(): Collector {
  const buckets = new Int32Array(MOST_BUCKETS);
  // No bucket is met more often than there are features in a window, which is less than these numbers hold.
  const counts = new Uint16Array(MOST_BUCKETS);
  const features: TextFeatures = { size: 0, buckets, counts, surface: new Float64Array(SURFACE_FEATURES.length) };
  /** Where in `buckets` a bucket stands, plus one. Small, so that it stays near. */
  const places = new Uint16Array(BUCKETS);
  let size = 0;
  let previous = FNV_OFFSET;

  const add = (hash: number): void => {
    const bucket = bucketOf(hash);
    const place = places[bucket] ?? 0;
    if (place > 0) {
      counts[place - 1] = (counts[place - 1] ?? 0) + 1;
      return;
    }
    buckets[size] = bucket;
    counts[size] = 1;
    size += 1;
    places[bucket] = size;
  };
  const addToken = (hash: number): void => {
    add(hash ^ WORD_SEED);
    add(step(previous, hash & 0xffff) ^ (hash >>> 16) ^ PAIR_SEED);
    previous = hash;
    features.size = size;
  };
  const addGrams = (word: Uint16Array, end: number): void => {
    for (let start = 0; start + GRAM <= end; start += 1) {
      const half = step(step(FNV_OFFSET, word[start] ?? 0), word[start + 1] ?? 0);
      add(step(step(half, word[start + 2] ?? 0), word[start + 3] ?? 0));
    }
  };
  const addWord = (word: Uint16Array, length: number): void => {
    let whole = FNV_OFFSET;
    for (let index = 1; index <= length; index += 1) whole = step(whole, word[index] ?? 0);
    addToken(whole);
    addGrams(word, length + 2);
    features.size = size;
  };
  const reset = (): void => {
    for (let index = 0; index < size; index += 1) places[buckets[index] ?? 0] = 0;
    size = 0;
    features.size = 0;
    previous = FNV_OFFSET;
  };
  return { features, reset, addToken, addWord };
}

/** A number counts by its length: which one it is says little. */
const NUMBERS = Int32Array.from({ length: 5 }, (_, digits) => {
  let hash = FNV_OFFSET;
  for (let digit = 0; digit < digits; digit += 1) hash = step(hash, 0x30);
  return hash;
});

export function createFeatureReader(): FeatureReader {
  const collector = createCollector();
  const { features } = collector;
  const surface = createSurfaceCounter();
  const word = new Uint16Array(LONGEST_WORD + 2).fill(EDGE);

  /** @returns where the run ends. */
  const readWord = (text: string, start: number): number => {
    let [at, letters] = [start, 0];
    for (let code = text.charCodeAt(at); classOf(code) === Char.letter; code = text.charCodeAt(at)) {
      if (letters < LONGEST_WORD) word[(letters += 1)] = code;
      at += 1;
    }
    word[letters + 1] = EDGE;
    collector.addWord(word, letters);
    return at;
  };
  const readNumber = (text: string, start: number): number => {
    let at = start;
    while (classOf(text.charCodeAt(at)) === Char.digit) at += 1;
    collector.addToken(NUMBERS[Math.min(4, at - start)] ?? FNV_OFFSET);
    return at;
  };
  const readTokens = (text: string): void => {
    for (let at = 0; at < text.length;) {
      const code = text.charCodeAt(at);
      const kind = classOf(code);
      if (kind === Char.letter) at = readWord(text, at);
      else if (kind === Char.digit) at = readNumber(text, at);
      else {
        if (kind !== Char.space) collector.addToken(step(FNV_OFFSET, code));
        at += 1;
      }
    }
  };

  const read = (whole: string): TextFeatures => {
    collector.reset();
    const text = withoutCourtesy(bounded(whole));
    readTokens(text.toLowerCase());
    surface.count(text, whole.length, features.surface);
    return features;
  };
  return { read };
}
