import { TASTES } from '../../../gateway/route/score.ts';
import type { Taste } from '../../../gateway/route/score.ts';

/** What a caller wants, as a body would say it, and what an answer is then worth. */
export type Wish = {
  readonly name: string;
  readonly preset: keyof typeof TASTES;
  readonly taste: Taste;
};

/** A perfect answer is worth a cent. */
const PAY_MICRO_USD = 10_000;

export const WISHES: readonly Wish[] = [
  ...(['balanced', 'quality', 'cheap', 'fast'] as const).map((preset) => ({
    name: preset,
    preset,
    taste: TASTES[preset],
  })),
  // Price in proportion and not by ratio: what `willingness_to_pay` asks for.
  { name: 'pay', preset: 'balanced', taste: { ...TASTES.balanced, payMicroUsd: PAY_MICRO_USD } },
];

export type Got = { readonly quality: number; readonly costMicroUsd: number; readonly latencyMs: number };

/**
 * What an answer was worth in quality (0…1), by what the preset promises: true quality, less the price and the time that
 * were really taken. A request that nobody answered has quality 0, the price of whom it was last tried with, and its time.
 */
export function utilityOf({ taste }: Wish, { quality, costMicroUsd, latencyMs }: Got): number {
  const price =
    taste.payMicroUsd === undefined ? taste.price * Math.log(costMicroUsd + 0.01) : costMicroUsd / taste.payMicroUsd;
  return quality - price - taste.latency * Math.log(latencyMs + 1);
}
