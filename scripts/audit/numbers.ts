/** Integer arithmetic of the protocol's formulas. */

export function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

export function clamp(value: bigint, low: bigint, high: bigint): bigint {
  return value < low ? low : value > high ? high : value;
}

/** The largest whole number whose square is not above `value`, bit by bit from the top. */
export function isqrt(value: bigint): bigint {
  let root = 0n;
  for (let bit = 1n << BigInt(value.toString(2).length >> 1); bit > 0n; bit >>= 1n) {
    if ((root + bit) ** 2n <= value) root += bit;
  }
  return root;
}

/** The middle value, of an even number the lower one; undefined of none. */
export function lowerMedian(values: readonly bigint[]): bigint | undefined {
  return valueAt(values, 2);
}

/** The value with a quarter of the others below it, between two the lower one; undefined of none. */
export function lowerQuartile(values: readonly bigint[]): bigint | undefined {
  return valueAt(values, 4);
}

/** The value at ⌊(n − 1) / parts⌋ of the sorted ones. */
function valueAt(values: readonly bigint[], parts: number): bigint | undefined {
  return values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))[Math.floor((values.length - 1) / parts)];
}
