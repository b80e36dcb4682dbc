const PRIOR_GOLDS = 5n;

/**
 * 10,000 less the squared error as a share of the best constant's (the variance of the truth), with five golds' worth
 * of that constant mixed in: whoever always says the same earns exactly nothing.
 */
export function evaluatorQuality(golds: readonly { readonly accuracy: bigint; readonly truth: bigint }[]): number {
  if (golds.length === 0) return 0;
  const n = BigInt(golds.length);
  const sum = golds.reduce((acc, { truth }) => acc + truth, 0n);
  const squares = golds.reduce((acc, { truth }) => acc + truth * truth, 0n);
  const constant = (n * squares - sum * sum) / (n * n);
  if (constant === 0n) return 0;
  const error = golds.reduce((acc, { accuracy, truth }) => acc + (accuracy - truth) * (accuracy - truth), 0n);
  const shrunk = (error + PRIOR_GOLDS * constant) / (n + PRIOR_GOLDS);
  const lost = (10_000n * shrunk) / constant;
  return lost >= 10_000n ? 0 : Number(10_000n - lost);
}
