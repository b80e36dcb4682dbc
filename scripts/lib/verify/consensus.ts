/** The network's robust mean, written from its definition: weights are trust, the outer quarters are clipped. */
export type WeightedScore = { readonly score: bigint; readonly trust: bigint };

/** ⌊Σ w·min(max(s, lo), hi) / W⌋ with the weighted quartiles lo and hi; without any trust everybody counts the same. */
export function consensusOf(scores: readonly WeightedScore[]): bigint {
  if (scores.length === 0) throw new RangeError('no scores');
  const trusted = scores.reduce((sum, { trust }) => sum + trust, 0n) > 0n;
  const items = scores.map(({ score, trust }) => ({ score, weight: trusted ? trust : 1n }));
  const total = items.reduce((sum, { weight }) => sum + weight, 0n);
  const below = (limit: bigint) => sumWhere(items, (score) => score <= limit);
  const above = (limit: bigint) => sumWhere(items, (score) => score >= limit);
  const candidates = items.map(({ score }) => score).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const low = candidates.find((score) => 4n * below(score) > total) ?? 0n;
  const high = candidates.findLast((score) => 4n * above(score) > total) ?? 0n;
  const clipped = (score: bigint) => (score < low ? low : score > high ? high : score);
  return items.reduce((sum, { score, weight }) => sum + weight * clipped(score), 0n) / total;
}

type Item = { readonly score: bigint; readonly weight: bigint };

function sumWhere(items: readonly Item[], keep: (score: bigint) => boolean): bigint {
  return items.reduce((sum, { score, weight }) => (keep(score) ? sum + weight : sum), 0n);
}
