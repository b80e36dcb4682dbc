/** Figures that evaluations quote. */

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Pearson's correlation; 0 when one side does not vary. */
export function pearson(x: readonly number[], y: readonly number[]): number {
  const [mx, my] = [mean(x), mean(y)];
  let covariance = 0;
  let varianceX = 0;
  let varianceY = 0;
  x.forEach((value, index) => {
    const [dx, dy] = [value - mx, (y[index] ?? 0) - my];
    covariance += dx * dy;
    varianceX += dx * dx;
    varianceY += dy * dy;
  });
  return varianceX === 0 || varianceY === 0 ? 0 : covariance / Math.sqrt(varianceX * varianceY);
}

/** Chance that a positive is scored above a negative, ties counted half; 0.5 when there are only one kind. */
export function auc(scores: readonly number[], labels: readonly number[]): number {
  const sorted = scores.map((score, index) => ({ score, label: labels[index] ?? 0 })).sort((a, b) => a.score - b.score);
  const positives = sorted.filter(({ label }) => label === 1).length;
  const negatives = sorted.length - positives;
  if (positives === 0 || negatives === 0) return 0.5;
  let ranks = 0;
  for (let start = 0; start < sorted.length;) {
    let end = start;
    while (end < sorted.length && sorted[end]?.score === sorted[start]?.score) end += 1;
    const middle = (start + 1 + end) / 2;
    ranks += middle * sorted.slice(start, end).filter(({ label }) => label === 1).length;
    start = end;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}
