/** Integer arithmetic that every implementation of the protocol must reproduce to the last digit. */

/** Largest integer whose square is not above `value`. */
export function isqrt(value: bigint): bigint {
  if (value < 0n) throw new RangeError(`no square root of ${value}`);
  if (value < 2n) return value;
  // Newton from above: starting at a power of two that is not below the root, the sequence falls until it is there.
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** Quotient rounded down, also for negative numerators (bigint division rounds toward zero). */
export function floorDiv(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  return quotient * denominator !== numerator && numerator < 0n !== denominator < 0n ? quotient - 1n : quotient;
}

export function clampInt(value: bigint, low: number, high: number): number {
  if (value < BigInt(low)) return low;
  return value > BigInt(high) ? high : Number(value);
}

/** The middle of the sorted list; of two middles the lower one. Undefined for an empty list. */
export function lowerMedian(values: readonly bigint[]): bigint | undefined {
  return ascending(values)[(values.length - 1) >> 1];
}

/** The value below which a quarter of the sorted list lies, the lower one between two. Undefined for an empty list. */
export function lowerQuartile(values: readonly bigint[]): bigint | undefined {
  return ascending(values)[(values.length - 1) >> 2];
}

function ascending(values: readonly bigint[]): bigint[] {
  return values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
