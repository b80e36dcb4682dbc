/** One evaluator's score of a dimension (0…10,000) and the weight its word has. */
export type WeightedScore = { readonly score: number; readonly trust: number };

/**
 * Trust-weighted mean of scores clipped to the weighted quartiles: whoever holds less than a quarter of the trust can
 * move the result no further than to the clip. Rounded down. No scores: 0.
 *
 * All products stay far below 2^53 (9 evaluators × 65,535 × 65,535), so plain numbers are exact here; the library
 * `Consensus` in Solidity is held to the same vectors.
 */
export function consensus(scores: readonly WeightedScore[]): number {
  const given = scores.reduce((sum, { trust }) => sum + trust, 0);
  // Nobody is trusted: then everybody is, alike.
  const weighted = given > 0 ? scores : scores.map(({ score }) => ({ score, trust: 1 }));
  const total = given > 0 ? given : scores.length;
  if (total === 0) return 0;
  const ascending = weighted.toSorted((a, b) => a.score - b.score);
  const low = quartile(ascending, total);
  const high = quartile(ascending.toReversed(), total);
  const sum = ascending.reduce((acc, { score, trust }) => acc + trust * Math.min(Math.max(score, low), high), 0);
  return Math.floor(sum / total);
}

/** First score at which the running trust exceeds a quarter of the total. */
function quartile(ordered: readonly WeightedScore[], total: number): number {
  let running = 0;
  for (const { score, trust } of ordered) {
    running += trust;
    if (4 * running > total) return score;
  }
  return 0;
}
