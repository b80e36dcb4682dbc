import { mean } from '../../lib/statistics.ts';
import { seededRandom } from '../../train/random.ts';

/** Mean of paired differences with its 95 % percentile interval (Efron). */
export function bootstrapMean(
  differences: readonly number[],
  resamples: number,
  seed: number,
): { readonly difference: number; readonly low: number; readonly high: number } {
  const random = seededRandom(seed);
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let draw = 0; draw < differences.length; draw += 1)
      sum += differences[Math.floor(random() * differences.length)] ?? 0;
    return sum / Math.max(1, differences.length);
  }).sort();
  const quantile = (share: number): number => means[Math.min(resamples - 1, Math.floor(share * resamples))] ?? 0;
  return { difference: mean(differences), low: quantile(0.025), high: quantile(0.975) };
}
