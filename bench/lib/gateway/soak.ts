export type Sample = { readonly minute: number; readonly rssMb: number; readonly heapMb: number };

/** Slope of the least-squares line through the samples; 0 for fewer than two. */
export function slopePerMinute(samples: readonly Sample[], figure: 'rssMb' | 'heapMb'): number {
  const mean = (of: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / Math.max(1, samples.length);
  const minute = mean((sample) => sample.minute);
  const level = mean((sample) => sample[figure]);
  const spread = samples.reduce((sum, sample) => sum + (sample.minute - minute) ** 2, 0);
  const rise = samples.reduce((sum, sample) => sum + (sample.minute - minute) * (sample[figure] - level), 0);
  return spread === 0 ? 0 : rise / spread;
}

/** How many there are of each kind. */
export function tally(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
