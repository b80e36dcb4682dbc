/** A figure of several runs. */
export type Spread = { readonly median: number; readonly min: number; readonly max: number };

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) throw new RangeError('no runs');
  const high = sorted[Math.floor(sorted.length / 2)] ?? max;
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? min;
  return { median: (low + high) / 2, min, max };
}

/** @param digits after the point. */
export const shown = ({ median, min, max }: Spread, digits: number): string =>
  `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
