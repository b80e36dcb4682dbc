export type Sample = { readonly minute: number; readonly rssMb: number; readonly heapMb: number };

export type Slope = {
  readonly perMinute: number;
  /** Standard error of it: what noise alone could make. */ readonly error: number;
};

/** Slope of the least-squares line through the samples; 0 for fewer than three. */
export function slopeOf(samples: readonly Sample[], figure: 'rssMb' | 'heapMb'): Slope {
  const mean = (of: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / Math.max(1, samples.length);
  const minute = mean((sample) => sample.minute);
  const level = mean((sample) => sample[figure]);
  const spread = samples.reduce((sum, sample) => sum + (sample.minute - minute) ** 2, 0);
  const rise = samples.reduce((sum, sample) => sum + (sample.minute - minute) * (sample[figure] - level), 0);
  if (samples.length < 3 || spread === 0) return { perMinute: 0, error: 0 };
  const perMinute = rise / spread;
  const residual = samples.reduce(
    (sum, sample) => sum + (sample[figure] - level - perMinute * (sample.minute - minute)) ** 2,
    0,
  );
  return { perMinute, error: Math.sqrt(residual / (samples.length - 2) / spread) };
}

/** How many there are of each kind. */
export function tally(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
