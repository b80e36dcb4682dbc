/** What a transaction pays for gas, in wei for each unit: since EIP-1559 by a limit and a tip, before by a price. */
export type Fees =
  | { readonly kind: 'eip1559'; readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint }
  | { readonly kind: 'legacy'; readonly gasPrice: bigint };

/** Clients take a replacement that pays 10 % more, in both parts; some ask for an eighth. */
const raise = (value: bigint): bigint => (value * 9n + 7n) / 8n + 1n;
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Room for the base fee to double: six full blocks in a row. */
export function marketFees(baseFee: bigint, tip: bigint): Fees {
  return { kind: 'eip1559', maxFeePerGas: 2n * baseFee + tip, maxPriorityFeePerGas: tip };
}

export function capped(fees: Fees, most: bigint): Fees {
  if (fees.kind === 'legacy') return { kind: 'legacy', gasPrice: smaller(fees.gasPrice, most) };
  const maxFeePerGas = smaller(fees.maxFeePerGas, most);
  return { kind: 'eip1559', maxFeePerGas, maxPriorityFeePerGas: smaller(fees.maxPriorityFeePerGas, maxFeePerGas) };
}

/** Fees that replace `last` and are not below the market's; undefined when that would cost more than `most`. */
export function raised(last: Fees, market: Fees, most: bigint): Fees | undefined {
  if (last.kind === 'legacy') {
    const gasPrice = larger(raise(last.gasPrice), market.kind === 'legacy' ? market.gasPrice : market.maxFeePerGas);
    return gasPrice > most ? undefined : { kind: 'legacy', gasPrice };
  }
  const now = market.kind === 'eip1559' ? market : undefined;
  const maxFeePerGas = larger(raise(last.maxFeePerGas), now?.maxFeePerGas ?? 0n);
  const maxPriorityFeePerGas = larger(raise(last.maxPriorityFeePerGas), now?.maxPriorityFeePerGas ?? 0n);
  return maxFeePerGas > most ? undefined : { kind: 'eip1559', maxFeePerGas, maxPriorityFeePerGas };
}
