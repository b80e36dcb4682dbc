import { weighFeatures } from '../../gateway/route/quality/predictor.ts';
import { BUCKETS, createFeatureReader } from '../../gateway/route/text/features.ts';
import type { TextFeatures } from '../../gateway/route/text/features.ts';
import { SURFACE_FEATURES } from '../../gateway/route/text/surface.ts';

/** Texts as the router reads them: their distinct buckets with counts, and their surface. */
export type Corpus = {
  readonly size: number;
  readonly starts: Int32Array;
  readonly buckets: Int32Array;
  readonly counts: Uint16Array;
  /** One row of surface features per text. */
  readonly surface: Float64Array;
};

export function readCorpus(texts: readonly string[]): Corpus {
  const reader = createFeatureReader();
  const starts = new Int32Array(texts.length + 1);
  const surface = new Float64Array(texts.length * SURFACE_FEATURES.length);
  const buckets: Int32Array[] = [];
  const counts: Uint16Array[] = [];
  texts.forEach((text, index) => {
    const features = reader.read(text);
    buckets.push(features.buckets.slice(0, features.size));
    counts.push(features.counts.slice(0, features.size));
    surface.set(features.surface, index * SURFACE_FEATURES.length);
    starts[index + 1] = (starts[index] ?? 0) + features.size;
  });
  const total = starts[texts.length] ?? 0;
  const all = { buckets: new Int32Array(total), counts: new Uint16Array(total) };
  buckets.forEach((part, index) => all.buckets.set(part, starts[index] ?? 0));
  counts.forEach((part, index) => all.counts.set(part, starts[index] ?? 0));
  return { size: texts.length, starts, surface, ...all };
}

/** One text of a corpus, in the form the router's own code takes. */
export function featuresAt(corpus: Corpus, index: number): TextFeatures {
  const [start, end] = [corpus.starts[index] ?? 0, corpus.starts[index + 1] ?? 0];
  const width = SURFACE_FEATURES.length;
  return {
    size: end - start,
    buckets: corpus.buckets.subarray(start, end),
    counts: corpus.counts.subarray(start, end),
    surface: corpus.surface.subarray(index * width, (index + 1) * width),
  };
}

/** A bucket that fewer texts have says nothing about the next one. */
const RAREST = 2;

export function inverseFrequencies(corpus: Corpus, rows: readonly number[]): Float32Array {
  const frequencies = new Int32Array(BUCKETS);
  for (const row of rows)
    for (let at = corpus.starts[row] ?? 0; at < (corpus.starts[row + 1] ?? 0); at += 1) {
      const bucket = corpus.buckets[at] ?? 0;
      frequencies[bucket] = (frequencies[bucket] ?? 0) + 1;
    }
  return Float32Array.from(frequencies, (count) =>
    count < RAREST ? 0 : 1 + Math.log((1 + rows.length) / (1 + count)),
  );
}

/** Sparse rows with weighed values: what the regressions are fitted on. */
export type Design = {
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float64Array;
};

export function designOf(corpus: Corpus, rows: readonly number[], idf: Float32Array): Design {
  const starts = new Int32Array(rows.length + 1);
  rows.forEach((row, index) => {
    starts[index + 1] = (starts[index] ?? 0) + featuresAt(corpus, row).size;
  });
  const total = starts[rows.length] ?? 0;
  const columns = new Int32Array(total);
  const values = new Float64Array(total);
  rows.forEach((row, index) => {
    const features = featuresAt(corpus, row);
    const start = starts[index] ?? 0;
    columns.set(features.buckets, start);
    weighFeatures(features, idf, values.subarray(start, start + features.size));
  });
  return { starts, columns, values };
}
